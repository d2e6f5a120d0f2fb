//! The days after the first: deltas, syncs, and two writers at once.

use earthcatalog_testkit::s3::{S3Options, S3Server};

use crate::harness::{Answer, Bench};

/// Writes items `<stem>-<number>` and an inventory of them, written on that day of 2024; its path.
fn day(bench: &Bench, name: &str, numbers: std::ops::Range<usize>, day: u32) -> String {
    let mut csv = "bucket,key,size,last_modified_date\n".to_owned();
    for mut item in earthcatalog_testkit::items::items("g", numbers.end).into_iter().skip(numbers.start) {
        let key = format!("{}.stac.json", item["id"].as_str().unwrap());
        item["properties"]["day"] = day.into();
        let text = item.to_string();
        bench.write(&format!("items/{name}/{key}"), &text);
        csv.push_str(&format!("bench,{name}/{key},{},2024-01-{day:02}T00:00:00Z\n", text.len()));
    }
    bench.write(&format!("{name}.csv"), &csv)
}

fn ingest<'a>(inventory: &'a str, mode: &'a str, map: &'a str) -> Vec<&'a str> {
    vec!["ingest", inventory, "--mode", mode, "--map-bucket", map]
}

fn days_of(bench: &Bench, ids: std::ops::Range<usize>) -> Vec<u64> {
    let day = |n| bench.json(0, &["get", &format!("g-{n:04}")])["properties"]["day"].as_u64().unwrap();
    ids.map(day).collect()
}

#[test]
fn a_delta_fetches_what_is_new_and_replaces_what_has_changed() {
    let bench = Bench::local();
    let map = bench.items_map();
    let (first, second) = (day(&bench, "a", 0..6, 1), day(&bench, "b", 4..9, 2));
    bench.run(&ingest(&first, "auto", &map)).ended(0);
    let report = bench.json(0, &ingest(&second, "auto", &map));
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(report["mode"], "delta");
    assert_eq!((number("listed"), number("ingested"), number("updated"), number("known")), (5, 5, 2, 0));
    assert_eq!(bench.json(0, &["count"])["unique_items"], 9);
    assert_eq!(days_of(&bench, 0..9), [1, 1, 1, 1, 2, 2, 2, 2, 2]);
    let before = bench.content();
    // The older inventory lists objects that were superseded: they are known, and not fetched again.
    for inventory in [&first, &second] {
        let again = bench.run(&ingest(inventory, "delta", &map));
        again.ended(0).says(&[]);
        assert!(again.stdout.contains("no snapshot was needed"), "{again:?}");
    }
    assert_eq!(bench.content(), before);
}

#[test]
fn a_sync_deletes_what_is_gone_but_not_too_much() {
    let bench = Bench::local();
    let map = bench.items_map();
    let fewer = bench.path("fewer.csv").display().to_string();
    std::fs::rename(day(&bench, "a", 0..8, 1), &fewer).unwrap();
    let all = day(&bench, "a", 0..10, 1);
    bench.run(&ingest(&all, "full", &map)).ended(0);
    let refused = bench.run(&ingest(&fewer, "sync", &map));
    refused.ended(4).says(&["2 of the catalog's 10 items", "--max-delete", "--dry-run"]);
    assert_eq!(bench.json(0, &["count"])["unique_items"], 10);
    let dry = bench.json(0, &[&ingest(&fewer, "sync", &map)[..], &["--dry-run"]].concat());
    assert_eq!((dry["deleted"].as_u64(), dry["dry_run"].as_bool()), (Some(2), Some(true)));
    assert_eq!(bench.json(0, &["count"])["unique_items"], 10);
    let report = bench.json(0, &[&ingest(&fewer, "sync", &map)[..], &["--max-delete", "20%"]].concat());
    assert_eq!((report["deleted"].as_u64(), report["known"].as_u64()), (Some(2), Some(8)));
    assert_eq!(bench.json(0, &["count"])["unique_items"], 8);
    bench.run(&["get", "g-0009"]).ended(1);
    let limited = bench.run(&[&ingest(&fewer, "sync", &map)[..], &["--limit", "3"]].concat());
    limited.ended(2).says(&["--limit hides objects"]);
}

#[test]
fn what_was_rejected_is_not_fetched_every_day() {
    let bench = Bench::local();
    let map = bench.items_map();
    let list = day(&bench, "a", 0..3, 1);
    let bad = bench.path("items/a/g-0001.stac.json");
    let good = std::fs::read(&bad).unwrap();
    std::fs::write(&bad, "{").unwrap();
    bench.run(&ingest(&list, "auto", &map)).ended(3);
    let report = bench.json(0, &ingest(&list, "auto", &map));
    assert_eq!((report["known"].as_u64(), report["rejected"].as_u64()), (Some(3), Some(0)));
    std::fs::write(&bad, good).unwrap();
    let report = bench.json(0, &[&ingest(&list, "auto", &map)[..], &["--retry-rejected"]].concat());
    assert_eq!((report["known"].as_u64(), report["ingested"].as_u64()), (Some(2), Some(1)));
    assert_eq!(bench.json(0, &["count"])["unique_items"], 3);
}

#[test]
fn without_an_index_the_next_delta_makes_it() {
    let bench = Bench::local();
    let map = bench.items_map();
    let (first, second) = (day(&bench, "a", 0..5, 1), day(&bench, "b", 3..7, 2));
    bench.run(&[&ingest(&first, "auto", &map)[..], &["--update-hash-index=false"]].concat()).ended(0);
    let answer = bench.run(&ingest(&second, "delta", &map));
    answer.ended(0).says(&["made from the table"]);
    assert_eq!(bench.json(0, &["count"])["unique_items"], 7);
    assert_eq!(days_of(&bench, 0..7), [1, 1, 1, 2, 2, 2, 2]);
    let known = bench.json(0, &ingest(&first, "delta", &map));
    assert_eq!(
        known["ingested"].as_u64().unwrap()
            + known["known"].as_u64().unwrap()
            + known["superseded"].as_u64().unwrap(),
        5
    );
    assert_eq!(days_of(&bench, 0..7), [1, 1, 1, 2, 2, 2, 2]);
}

#[test]
fn another_grid_needs_a_full_run() {
    let bench = Bench::local();
    let map = bench.items_map();
    let list = day(&bench, "a", 0..2, 1);
    bench.run(&ingest(&list, "auto", &map)).ended(0);
    let answer = bench.run(&[&ingest(&list, "delta", &map)[..], &["--grid", "h3:1"]].concat());
    answer.ended(2).says(&["the catalog's grid is s2:4", "--mode full"]);
}

/// As many as the variable says: `cargo xtask soak writers` asks for more than a test run.
fn rounds() -> usize {
    std::env::var("EARTHCATALOG_TEST_RACES").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Two processes ingest deltas that overlap in half their ids, without the lock, and a third one compacts: both commits
/// are there, and the compaction is, or has given way.
fn race(bench: &Bench, rounds: usize) {
    let map = bench.items_map();
    for round in 0..rounds {
        let begin = 8 * round;
        let ours = day(bench, &format!("ours{round}"), begin..begin + 6, 1);
        let theirs = day(bench, &format!("theirs{round}"), begin + 3..begin + 9, 2);
        let start = |list| bench.start(&[&ingest(list, "auto", &map)[..], &["--no-lock"]].concat());
        let children = [start(&ours), start(&theirs)];
        if round > 0 {
            let compaction = bench.run(&["compact", "--min-files", "2", "--no-lock"]);
            assert!(matches!(compaction.code, Some(0 | 4)), "{compaction:?}");
        }
        for child in children {
            Answer::await_(child).ended(0);
        }
        let count = bench.json(0, &["count"]);
        assert_eq!(count["unique_items"], begin + 9);
        assert_eq!(days_of(bench, begin..begin + 9)[3..], [2, 2, 2, 2, 2, 2]);
        let rows: u64 = bench
            .json(0, &["stats"])
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["row_count"].as_u64().unwrap())
            .sum();
        assert_eq!(count["rows"], rows);
    }
}

#[test]
fn two_writers_on_a_local_folder() {
    let bench = Bench::local();
    race(&bench, rounds());
    bench.run(&["verify", "--full"]).ended(0);
}

#[test]
fn two_writers_on_s3() {
    let server = S3Server::start(S3Options::default());
    let bench = Bench::at("s3://bench-delta/catalog", server.env());
    race(&bench, rounds());
    bench.run(&["verify", "--full"]).ended(0);
}
