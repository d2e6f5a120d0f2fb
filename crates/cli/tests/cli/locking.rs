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

#[test]
fn another_programs_lock_is_honoured_by_all_that_write() {
    let bench = Bench::local();
    let csv = bench.write_items("g", 2);
    let map = bench.items_map();
    let ingest = ["ingest", &csv, "--map-bucket", &map, "--update-hash-index=false"];
    bench.run(&ingest).ended(0);
    let other = bench.write("store/.lock", LOCK);
    let writers: [&[&str]; 6] =
        [&ingest, &["compact"], &["regrid"], &["expire"], &["gc"], &["verify", "--fix-index"]];
    for writer in writers {
        let answer = bench.run(&[writer, &["--lock-path", &other]].concat());
        answer.ended(4).says(&["another", "elsewhere", &other]);
        assert_eq!(std::fs::read_to_string(&other).unwrap(), LOCK, "{writer:?}");
        assert!(!bench.path("catalog/.lock").exists(), "{writer:?} gives its own back");
    }
    bench.run(&["stats", "--lock-path", &other]).ended(0);

    // It has outlived its time: the next writer takes it over and gives it back.
    bench.write("store/.lock", &LOCK.replace("2999", "1999"));
    for writer in writers {
        bench.run(&[writer, &["--lock-path", &other]].concat()).ended(0);
        assert!(!bench.path("store/.lock").exists(), "{writer:?}");
    }
}

#[test]
fn both_locks_are_shown_and_broken() {
    let bench = Bench::local().with("EARTHCATALOG_LOCK_PATH", "store/.lock");
    bench.write("store/.lock", LOCK);
    let status = bench.json(0, &["lock", "status"]);
    assert_eq!((&status["locked"], &status["owner"]), (&false.into(), &serde_json::Value::Null));
    assert_eq!((&status["other"]["locked"], &status["other"]["owner"]), (&true.into(), &"another".into()));
    assert!(status["other"]["path"].as_str().unwrap().ends_with("/store/.lock"));
    let text = bench.run(&["lock", "status"]).ended(0).stdout.clone();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("/catalog/.lock: not locked"), "{text}");
    assert!(lines[1].contains("/store/.lock: locked by another (process 1 on elsewhere)"), "{text}");
    let broken = bench.json(0, &["lock", "break"]);
    assert_eq!((&broken["broken"], &broken["other"]["broken"]), (&false.into(), &true.into()));
    assert!(!bench.path("store/.lock").exists());
}

#[test]
fn a_lock_that_cannot_be_is_refused_at_once() {
    let bench = Bench::local();
    for wrong in ["s3://bucket", "folder/", "ftp://x/.lock"] {
        bench.run(&["info", "--lock-path", wrong]).ended(2).says(&[wrong]);
    }
}
