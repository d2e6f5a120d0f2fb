//! Live listings: `list:URL` as an inventory.

use earthcatalog_testkit::items::{items, put_items};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use serde_json::json;

use crate::fixtures::{check_answers, expected};
use crate::harness::{Bench, fixtures};

#[test]
fn a_local_folder_is_ingested_as_it_is() {
    let bench = Bench::local();
    let list = format!("list:{}", fixtures().join("items").display());
    let report = bench.json(3, &["ingest", &list]);
    let inventory = expected("inventory-all");
    assert_eq!(report["ingested"], inventory["ingested"], "{report:#}");
    // One object of the inventory is not there, which a listing of what is there cannot know.
    let rejected = |report: &serde_json::Value| report["rejected"].as_u64().unwrap();
    assert_eq!(rejected(&report) + 1, rejected(&inventory), "{report:#}");
    check_answers(&bench, &report);
    let again = bench.json(0, &["ingest", &list]);
    assert_eq!(
        (again["mode"].as_str(), &again["known"], &again["ingested"]),
        (Some("delta"), &report["listed"], &json!(0))
    );
}

#[test]
fn several_folders_are_one_inventory() {
    let bench = Bench::local();
    for name in ["a b/1", "a b/2/x", "c,d/3", "e/4"] {
        bench.write(&format!("in/{name}.json"), "{}");
    }
    let at = |name: &str| bench.path("in").canonicalize().unwrap().join(name).display().to_string();
    let source = format!("list:{} list:{}/", at("c,d"), at("a b"));
    let answer = bench.run(&["inventory", "cat", &source, "--format", "ndjson"]);
    let keys: Vec<String> = answer
        .ended(0)
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["key"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(keys, [at("c,d/3.json"), at("a b/1.json"), at("a b/2/x.json")]);
    bench.run(&["inventory", "cat", "list:in", "--out", "old.parquet"]).ended(0);
    bench.write("in/e/5.json", "{}");
    std::fs::remove_file(bench.path("in/e/4.json")).unwrap();
    let counts = bench.json(0, &["inventory", "diff", "old.parquet", "list:in"]);
    let expected = json!({"old": 4, "new": 4, "added": 1, "changed": 0, "removed": 1, "unchanged": 3});
    assert_eq!(counts, expected);
    bench
        .run(&["inventory", "cat", "list:in/nowhere"])
        .ended(1)
        .says(&["nothing is below in/nowhere: check the name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_listed_and_its_changes_found() {
    let server = S3Server::start(S3Options::default());
    let bench = Bench::at("s3://bench-catalog/live", server.env());
    let store = server.store("bench-live");
    put_items(&*store, "a b/ü", &items("g", 30)).await.unwrap();
    put_items(&*store, "c", &items("h", 5)).await.unwrap();
    let list = "list:s3://bench-live/a b/ list:s3://bench-live/c";
    let report = bench.json(0, &["ingest", list]);
    assert_eq!((&report["ingested"], &report["mode"]), (&json!(35), &json!("full")));
    let mut changed = items("g", 31).split_off(29);
    changed[0]["properties"]["day"] = 2.into();
    put_items(&*store, "a b/ü", &changed).await.unwrap();
    let report = bench.json(0, &["ingest", list]);
    assert_eq!(
        (&report["known"], &report["ingested"], &report["updated"]),
        (&json!(34), &json!(2), &json!(1))
    );
    let fewer = "list:s3://bench-live/a b";
    let report = bench.json(0, &["ingest", fewer, "--mode", "sync", "--max-delete", "20%"]);
    assert_eq!((&report["deleted"], &report["known"]), (&json!(5), &json!(31)));
    let mapped = bench.run(&[
        "inventory",
        "cat",
        "list:s3://elsewhere/a b/ü",
        "--map-bucket",
        "elsewhere=s3://bench-live",
        "--limit",
        "1",
    ]);
    assert!(mapped.ended(0).stdout.contains("\nelsewhere,a b/ü/"), "{mapped:?}");
}
