//! What a run says while it runs.

use serde_json::Value;

use crate::fixtures::expected;
use crate::harness::{Answer, Bench, fixtures_map, inventory};

/// How many objects of the inventory are rejected.
fn rejections() -> Option<usize> {
    usize::try_from(expected("inventory-all")["rejected"].as_u64()?).ok()
}

fn run(args: &[&str]) -> Answer {
    let (inventory, map) = (inventory("inventory-all.csv"), fixtures_map());
    let answer = Bench::local().run(&[&["ingest", &inventory, "--map-bucket", &map], args].concat());
    answer.ended(3);
    answer
}

#[test]
fn json_lines_are_events() {
    let answer = run(&["--progress", "json", "--json"]);
    let events: Vec<Value> = answer.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"started"));
    assert_eq!(names.last(), Some(&"finished"));
    assert_eq!(Some(names.iter().filter(|name| **name == "rejected").count()), rejections());
    assert!(names.contains(&"committing") && names.contains(&"progress"), "{names:?}");
    assert!(events.iter().all(|event| event["time"].is_string()));
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(events.last().unwrap()["run_id"], report["run_id"]);
    assert_eq!(events.last().unwrap()["ingested"], report["ingested"]);
}

#[test]
fn lines_where_there_is_no_terminal() {
    for args in [&[][..], &["--progress", "lines"], &["--progress", "bars"]] {
        let answer = run(args);
        assert!(answer.stderr.starts_with("run "), "{answer:#?}");
        assert!(answer.stderr.contains("committing "), "{answer:#?}");
        assert!(!answer.stderr.contains('\u{1b}'), "{answer:#?}");
    }
}

#[test]
fn silence() {
    for args in [&["--quiet"][..], &["--progress", "none"]] {
        assert_eq!(run(args).stderr, "");
    }
}

#[test]
fn the_log_tells_of_single_objects() {
    let answer = run(&["--progress", "none", "-v", "--log-format", "json"]);
    let rejected = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["fields"]["message"] == "rejected" && event["fields"]["reason"].is_string()
    };
    assert_eq!(
        Some(answer.stderr.lines().filter(|line| rejected(line)).count()),
        rejections(),
        "{answer:#?}"
    );
}
