//! The main job on the bundled fixtures, on a local folder: the ledger, and the questions that a catalog answers.

use serde_json::Value;

use crate::harness::{Bench, fixtures, fixtures_map, inventory};

/// What the fixtures say about a full run over an inventory.
pub(crate) fn expected(inventory: &str) -> Value {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all[inventory].clone()
}

/// Ingests an inventory of the fixtures and checks the report against what the fixtures say.
pub(crate) fn ingest(bench: &Bench, name: &str, extension: &str, more: &[&str]) -> Value {
    let expected = expected(name);
    let code = i32::try_from(expected["exit_code"].as_i64().unwrap()).unwrap();
    let (inventory, map) = (inventory(&format!("{name}.{extension}")), fixtures_map());
    let report = bench.json(code, &[&["ingest", &inventory, "--map-bucket", &map], more].concat());
    for (key, value) in expected.as_object().unwrap().iter().filter(|(key, _)| *key != "exit_code") {
        assert_eq!(&report[key], value, "{name}: {key} of {report:#}");
    }
    for key in ["run_id", "mode", "updated", "deleted", "rows", "files", "bytes", "snapshot_id", "seconds"] {
        assert!(!report[key].is_null(), "{key} is not in {report:#}");
    }
    report
}

/// Checks that what the catalog answers is what the report said.
pub(crate) fn check_answers(bench: &Bench, report: &Value) {
    let count = bench.json(0, &["count"]);
    assert_eq!((&count["unique_items"], &count["rows"]), (&report["ingested"], &report["rows"]));
    let stats = bench.json(0, &["stats"]);
    let sum = |key: &str| stats.as_array().unwrap().iter().map(|p| p[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(Value::from(sum("row_count")), report["rows"]);
    assert_eq!(Value::from(sum("file_count")), report["files"]);
    assert_eq!(Value::from(sum("total_bytes")), report["bytes"]);
    let files = bench.json(0, &["files"]);
    assert_eq!(Value::from(files.as_array().unwrap().len()), report["files"]);
    let info = bench.json(0, &["info"]);
    assert_eq!(info["snapshot"]["snapshot_id"], report["snapshot_id"]);
    assert_eq!(info["table"]["rows"], report["rows"]);
    assert_eq!(info["hash_index"]["unique_items"], report["ingested"]);
    assert_eq!(info["grid"]["spec"], report["grid"]);
}

fn check(name: &str, extension: &str, more: &[&str]) {
    let bench = Bench::local();
    let report = ingest(&bench, name, extension, more);
    check_answers(&bench, &report);
    let reports = bench.path("catalog/runs").join(report["run_id"].as_str().unwrap());
    assert!(reports.join("report.json").is_file());
    assert_eq!(reports.join("rejected.parquet").is_file(), report["rejected"] != 0);
    assert!(!bench.path("catalog/.lock").exists(), "the lock was left behind");
}

#[test]
fn parquet_and_csv_give_the_same_ledger() {
    check("inventory", "parquet", &["--mode", "full"]);
    check("inventory", "csv", &["--mode", "auto"]);
}

#[test]
fn bad_objects_are_rejections_and_exit_code_3() {
    check("inventory-all", "parquet", &[]);
    check("inventory-all", "csv", &[]);
}

#[test]
fn h3_and_assets_as_json() {
    check("inventory-dated", "parquet", &["--grid", "h3:1", "--assets", "json"]);
}

#[test]
fn little_memory_and_few_requests_change_nothing() {
    check("inventory", "parquet", &["--memory", "64MiB", "--concurrency", "2", "--threads", "1"]);
}

#[test]
fn the_summary_shows_the_sum_and_the_reasons() {
    let bench = Bench::local();
    let (inventory, map) = (inventory("inventory-all.csv"), fixtures_map());
    let answer = bench.run(&["ingest", &inventory, "--map-bucket", &map]);
    answer.ended(3).says(&["run "]);
    let expected = expected("inventory-all");
    let terms = ["filtered", "known", "superseded", "rejected", "pending", "ingested"];
    let terms = terms.map(|word| format!("{} {word}", expected[word]));
    let mut parts =
        vec![format!("{} listed = {}", expected["listed"], terms.join(" + ")), "rejected: ".to_owned()];
    let reasons = expected["rejected_by_reason"].as_object().unwrap();
    parts.extend(reasons.iter().map(|(reason, n)| format!("{n} {reason}")));
    parts.push("/rejected.parquet".to_owned());
    for part in parts {
        assert!(answer.stdout.contains(&part), "{part:?} is not in {answer:#?}");
    }
}

#[test]
fn a_full_run_replaces_and_auto_adds() {
    let bench = Bench::local();
    ingest(&bench, "inventory", "csv", &[]);
    let (csv, map) = (inventory("inventory-dated.parquet"), fixtures_map());
    let again = bench.json(0, &["ingest", &csv, "--map-bucket", &map]);
    assert_eq!((again["mode"].as_str(), again["snapshot_id"].as_i64()), (Some("delta"), None));
    assert_eq!(again["ingested"], 0);
    let report = ingest(&bench, "inventory-dated", "parquet", &["--mode", "full"]);
    check_answers(&bench, &report);
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let bench = Bench::local();
    let (inventory, map) = (inventory("inventory.csv"), fixtures_map());
    let report = bench.json(0, &["ingest", &inventory, "--map-bucket", &map, "--dry-run"]);
    assert_eq!(report["ingested"], expected("inventory")["ingested"]);
    assert!(!bench.path("catalog/earthcatalog.db").exists());
    assert!(bench.content().is_none());
}

#[test]
fn limits_count_what_passes_the_filters() {
    let bench = Bench::local();
    let (inventory, map) = (inventory("inventory.csv"), fixtures_map());
    let report =
        bench.json(0, &["ingest", &inventory, "--map-bucket", &map, "--limit", "7", "--prefix", "landsat/"]);
    let number = |key: &str| report[key].as_u64().unwrap();
    assert_eq!(number("ingested"), 7);
    assert_eq!(number("listed"), number("filtered") + 7);
}

#[test]
fn files_are_pruned_by_place_and_time() {
    let bench = Bench::local();
    ingest(&bench, "inventory", "parquet", &[]);
    let paths = |args: &[&str]| bench.run(&[&["files"], args].concat()).ended(0).stdout.lines().count();
    let all = paths(&[]);
    let greenland = paths(&["--bbox", "-60,60,-20,85"]);
    assert!(0 < greenland && greenland < all, "{greenland} of {all}");
    assert_eq!(greenland, paths(&["--intersects", "POLYGON((-60 60,-20 60,-20 85,-60 85,-60 60))"]));
    assert!(paths(&["--bbox=-60,60,-20,85", "--datetime", "2020/.."]) <= greenland);
    // What has no time of any kind cannot be ruled out.
    let ancient = bench.run(&["files", "--datetime", "1890"]).ended(0).stdout.clone();
    assert!(ancient.lines().all(|path| path.contains("year=__HIVE_DEFAULT_PARTITION__")), "{ancient}");
    assert!(paths(&["--bbox", "170,-90,-170,90"]) > 0);
    for path in bench.run(&["files"]).stdout.lines() {
        assert!(std::path::Path::new(path).is_file(), "{path}");
    }
}
