//! The lock that writers take.

use crate::harness::Bench;

const LOCK: &str =
    r#"{"owner":"another","pid":1,"hostname":"elsewhere","acquired":"2999-01-01T00:00:00Z","ttl_hours":12}"#;

#[test]
fn a_locked_catalog_is_exit_code_4() {
    let bench = Bench::local();
    let csv = bench.write_items("g", 2);
    let map = bench.items_map();
    bench.write("catalog/.lock", LOCK);
    bench.run(&["ingest", &csv, "--map-bucket", &map]).ended(4).says(&["another", "elsewhere", "lock break"]);
    let status = bench.run(&["lock", "status"]).ended(0).stdout.clone();
    assert!(status.contains("locked by another"), "{status}");
    assert_eq!(bench.json(0, &["lock", "break"])["broken"], true);
    assert_eq!(bench.run(&["lock", "status"]).ended(0).stdout, "not locked\n");
    bench.run(&["ingest", &csv, "--map-bucket", &map]).ended(0);
}

#[test]
fn without_the_lock() {
    let bench = Bench::local();
    let csv = bench.write_items("g", 2);
    let map = bench.items_map();
    bench.write("catalog/.lock", LOCK);
    bench.run(&["ingest", &csv, "--map-bucket", &map, "--no-lock"]).ended(0);
    assert_eq!(bench.json(0, &["lock", "status"])["owner"], "another");
}
