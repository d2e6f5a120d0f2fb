//! `history`, `--at`, `compact`, `expire` and `gc`, from a first ingest to a tidy catalog.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Bench, fixtures_map, inventory};

/// A catalog with the snapshots of two full ingests; the number of rows of each.
fn two_ingests(bench: &Bench) -> [u64; 2] {
    [("old", 6), ("new", 4)].map(|(stem, n)| {
        let inventory = bench.write_items(stem, n);
        let map = bench.items_map();
        let args = ["ingest", &inventory, "--mode", "full", "--map-bucket", &map];
        bench.json(0, &args)["rows"].as_u64().unwrap()
    })
}

fn ids(history: &Value) -> Vec<String> {
    history.as_array().unwrap().iter().map(|entry| entry["snapshot_id"].to_string()).collect()
}

#[test]
fn the_past_can_be_looked_at() {
    let bench = Bench::local();
    let [old, new] = two_ingests(&bench);
    let history = bench.json(0, &["history"]);
    assert_eq!([&history[0]["rows"], &history[1]["rows"]].map(|n| n.as_u64()), [Some(old), Some(new)]);
    assert_eq!(history[1]["removed_rows"].as_u64(), Some(old));
    let [first, last] = ids(&history).try_into().unwrap();
    let rows = |at: &str| bench.json(0, &["count", "--at", at])["rows"].as_u64().unwrap();
    assert_eq!([rows(&first), rows(&last), rows("2999-01-01")], [old, new, new]);
    let stats = |at: &str| bench.json(0, &["stats", "--at", at]).as_array().unwrap().len();
    let files = |at: &str| bench.json(0, &["files", "--at", at]).as_array().unwrap().len();
    assert_eq!([stats(&first), stats(&last)], [files(&first), files(&last)]);
    assert_ne!(stats(&first), stats(&last));
    let text = bench.run(&["history"]).ended(0).stdout.clone();
    assert!(text.contains(&format!("{last}  ")) && text.contains("overwrite"), "{text}");
    let counted = bench.run(&["count", "--at", &first]).ended(0).stdout.clone();
    assert!(counted.contains("the hash index is the current snapshot's"), "{counted}");
    let unknown = bench.run(&["count", "--at", "7"]);
    unknown.ended(2).says(&["has no snapshot 7", &first, &last, "hint: `earthcatalog history`"]);
    bench.run(&["stats", "--at", "2001-01-01"]).ended(2).says(&["at 2001-01-01T00:00:00Z", &first]);
    bench.run(&["files", "--at", "soon"]).ended(2).says(&["neither a snapshot's id nor a time"]);
}

#[test]
fn snapshots_expire_and_their_files_go() {
    let bench = Bench::local();
    two_ingests(&bench);
    let content = bench.content();
    let [first, last] = ids(&bench.json(0, &["history"])).try_into().unwrap();
    bench.run(&["expire", "--older-than", "soon"]).ended(2).says(&["30d"]);
    let kept = bench.run(&["expire"]).ended(0).stdout.clone();
    assert_eq!(kept, "no snapshot is old enough, 2 kept\n");
    let planned = bench.json(0, &["expire", "--keep-last", "1", "--dry-run"]);
    assert_eq!(ids(&planned["expired"]), std::slice::from_ref(&first));
    assert_eq!(bench.json(0, &["expire", "--keep-last", "1", "--older-than", "1d"])["kept"], 2);
    let expired = bench.run(&["expire", "--keep-last", "1"]).ended(0).stdout.clone();
    assert!(expired.contains(&first) && expired.contains("1 snapshot expired"), "{expired}");
    assert_eq!(ids(&bench.json(0, &["history"])), [last]);

    let young = bench.json(0, &["gc"]);
    assert_eq!((&young["deleted"], &young["garbage"]), (&0.into(), &Value::Array(Vec::new())));
    let dry = bench.json(0, &["gc", "--grace", "1ms", "--dry-run"]);
    let garbage = dry["garbage"].as_array().unwrap();
    let exists = |garbage: &Value| std::path::Path::new(garbage["path"].as_str().unwrap()).exists();
    assert!(garbage.len() > 3 && garbage.iter().all(exists), "{dry}");
    let listed = bench.run(&["gc", "--grace", "1ms", "--dry-run"]).ended(0).stdout.clone();
    assert!(garbage.iter().all(|g| listed.contains(g["path"].as_str().unwrap())), "{listed}");
    let done = bench.json(0, &["gc", "--grace", "1ms"]);
    assert_eq!((done["deleted"].as_u64(), &done["garbage"]), (Some(garbage.len() as u64), &dry["garbage"]));
    assert!(!garbage.iter().any(exists));
    assert_eq!(bench.content(), content);
    bench.run(&["get", "new-0001"]).ended(0);
}

#[test]
fn small_files_are_merged() {
    let bench = Bench::local();
    let (inventory, map) = (inventory("inventory.parquet"), fixtures_map());
    // So little memory that some partitions are written in parts.
    bench.json(0, &["ingest", &inventory, "--mode", "full", "--map-bucket", &map, "--memory", "1MB"]);
    let content = bench.content();
    let files = || -> BTreeMap<String, u64> {
        let stats = bench.json(0, &["stats"]);
        let key = |p: &Value| format!("{} {}", p["grid_partition"], p["year"]);
        stats.as_array().unwrap().iter().map(|p| (key(p), p["file_count"].as_u64().unwrap())).collect()
    };
    let before = files();
    let several = before.values().filter(|files| **files > 1).count() as u64;
    assert!(several > 0, "{before:?}");
    let item = bench.run(&["get", "odd-around-south-pole"]).ended(0).stdout.clone();
    let planned = bench.run(&["compact", "--min-files", "2", "--dry-run"]).ended(0).stdout.clone();
    assert!(planned.starts_with("would merge ") && planned.contains(" a dry run"), "{planned}");
    let done = bench.json(0, &["compact", "--min-files", "2"]);
    assert_eq!((done["partitions"].as_u64(), done["files_after"].as_u64()), (Some(several), Some(several)));
    assert_eq!((done["duplicates"].as_u64(), done["given_way"].as_u64()), (Some(0), Some(0)));
    assert!(files().values().all(|files| *files == 1));
    assert_eq!(bench.content(), content);
    let history = bench.run(&["history"]).ended(0).stdout.clone();
    assert!(history.trim_end().ends_with("compact, current"), "{history}");
    bench.json(0, &["expire", "--keep-last", "1"]);
    let gone = bench.json(0, &["gc", "--grace", "1ms"]);
    assert!(gone["deleted"].as_u64() > done["files_before"].as_u64(), "{gone}");
    assert_eq!(bench.content(), content);
    assert_eq!(bench.run(&["get", "odd-around-south-pole"]).ended(0).stdout, item);
}

#[test]
fn a_tidy_catalog_has_nothing_to_merge() {
    let bench = Bench::local();
    two_ingests(&bench);
    let answer = bench.run(&["compact", "--min-files", "2"]).ended(0).stdout.clone();
    assert_eq!(answer, "nothing to merge: no partition has enough small files\n");
    let planned = bench.json(0, &["compact", "--dry-run", "--target-size", "1MiB", "--memory", "64MB"]);
    assert_eq!((&planned["files_before"], &planned["files_after"]), (&0.into(), &Value::Null));
    bench.run(&["compact", "--min-files", "1"]).ended(2).says(&["--min-files"]);
    for command in ["compact", "expire", "gc", "history"] {
        let empty = Bench::local();
        empty.run(&[command]).ended(1).says(&["there is no catalog", "hint"]);
    }
}

#[test]
fn who_finds_the_lock_taken_gives_way() {
    let bench = Bench::local();
    two_ingests(&bench);
    let holder = r#"{"owner": "another", "pid": 1, "hostname": "elsewhere", "acquired": "2999-01-01T00:00:00Z", "ttl_hours": 12}"#;
    bench.write("catalog/.lock", holder);
    bench.run(&["compact"]).ended(4).says(&["another"]);
    bench.run(&["gc"]).ended(4).says(&["another"]);
    bench.run(&["compact", "--no-lock"]).ended(0);
    bench.run(&["gc", "--no-lock"]).ended(0);
}
