//! Bulk runs by the program's own driver: what comes out is what `ingest` makes.

use std::collections::BTreeMap;

use earthcatalog_testkit::items::{csv_inventory, items, put_items};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use serde_json::Value;

use crate::fixtures::expected;
use crate::harness::{Bench, fixtures_map, inventory};
use crate::rows::{Rows, leftovers, rows};

/// What both reports have to agree on; names, bytes and times are each run's own.
const SAME: [&str; 13] = [
    "listed",
    "filtered",
    "known",
    "superseded",
    "rejected",
    "pending",
    "ingested",
    "updated",
    "deleted",
    "rows",
    "partitions",
    "mode",
    "rejected_by_reason",
];

fn same(report: &Value, other: &Value) {
    for key in SAME {
        assert_eq!(report[key], other[key], "{key} of {report:#} and {other:#}");
    }
}

/// Runs an inventory by `ingest` or by `bulk run`; the report and the rows.
fn made(bench: &Bench, code: i32, command: &[&str], args: &[&str]) -> (Value, Rows) {
    let report = bench.json(code, &[command, args].concat());
    (report, rows(bench, None))
}

#[test]
fn workers_make_what_ingest_makes() {
    let (list, map) = (inventory("inventory-all.parquet"), fixtures_map());
    let args = [list.as_str(), "--map-bucket", &map, "--mode", "full"];
    let (report, rows) = made(&Bench::local(), 3, &["ingest"], &args);
    for workers in ["1", "2"] {
        let bench = Bench::local();
        let command = ["bulk", "run", "--workers", workers, "--chunk-size", "25", "--compact-rows", "40"];
        let (bulk, bulk_rows) = made(&bench, 3, &command, &args);
        same(&report, &bulk);
        assert_eq!(bulk["rejected_by_reason"], expected("inventory-all")["rejected_by_reason"]);
        assert_eq!(rows, bulk_rows, "{workers} workers");
        assert_eq!(leftovers(&bench, None), ["rejected.parquet", "report.json"]);
        bench.run(&["verify"]).ended(0);
    }
}

#[test]
fn a_delta_makes_what_ingest_makes() {
    let (ingest, bulk) = (Bench::local(), Bench::local());
    let day = |bench: &Bench, day: u32, n: usize| {
        let mut csv = "bucket,key,size,last_modified_date\n".to_owned();
        for mut item in items("g", n).into_iter().skip(day as usize * 5) {
            item["properties"]["day"] = day.into();
            let (id, text) = (item["id"].as_str().unwrap().to_owned(), item.to_string());
            bench.write(&format!("items/{day}/{id}.stac.json"), &text);
            csv.push_str(&format!(
                "bench,{day}/{id}.stac.json,{},2024-01-0{}T00:00:00Z\n",
                text.len(),
                day + 1
            ));
        }
        bench.write(&format!("{day}.csv"), &csv)
    };
    let mut reports = Vec::new();
    for (bench, command) in [(&ingest, &["ingest"][..]), (&bulk, &["bulk", "run", "--workers", "2"])] {
        let map = bench.items_map();
        let sizes = if command.len() > 1 { &["--chunk-size", "4"][..] } else { &[] };
        for (number, n) in [(0, 20), (1, 30)] {
            let list = day(bench, number, n);
            let args = [command, &[&list, "--map-bucket", &map], sizes].concat();
            reports.push(bench.json(0, &args));
        }
        let again = bench.path("1.csv").display().to_string();
        let known = bench.json(0, &[command, &[&again, "--map-bucket", &map]].concat());
        assert_eq!((known["known"].as_u64(), known["snapshot_id"].as_i64()), (Some(25), None), "{known:#}");
    }
    same(&reports[0], &reports[2]);
    same(&reports[1], &reports[3]);
    assert_eq!(reports[3]["updated"], 15);
    assert_eq!(rows(&ingest, None), rows(&bulk, None));
    for n in [0, 4, 5, 19, 20, 29] {
        let get = |bench: &Bench| bench.json(0, &["get", &format!("g-{n:04}")]);
        assert_eq!(get(&ingest), get(&bulk));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_s3() {
    let server = S3Server::start(S3Options::default());
    let objects = put_items(&*server.store("bench-items"), "a b/ü", &items("g", 150)).await.unwrap();
    let bench = |name: &str| Bench::at(&format!("s3://bench-catalog/{name}"), server.env());
    let (ingest, bulk) = (bench("ingest"), bench("bulk"));
    let list = ingest.write("i.csv", &csv_inventory("bench-items", &objects));
    bulk.write("i.csv", &csv_inventory("bench-items", &objects));
    let report = ingest.json(0, &["ingest", &list]);
    // A relative path, and staging beside the runs.
    let args = ["bulk", "run", "i.csv", "--workers", "2", "--chunk-size", "20", "--staging-prefix", "tmp/s"];
    let other = bulk.json(0, &args);
    same(&report, &other);
    assert_eq!(rows(&ingest, Some(&server)), rows(&bulk, Some(&server)));
    assert_eq!(leftovers(&bulk, Some(&server)), ["report.json"]);
    assert!(!server.folder().join("bench-catalog/bulk/tmp").join("s").read_dir().is_ok_and(has_files));
}

fn has_files(folder: std::fs::ReadDir) -> bool {
    folder.flatten().any(|entry| match entry.path().read_dir() {
        Ok(folder) => has_files(folder),
        Err(_) => true,
    })
}

/// An object that cannot be had for now: a link that leads to itself.
fn unreachable(bench: &Bench, key: &str) -> Vec<u8> {
    let path = bench.path("items").join(key);
    let content = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    content
}

#[test]
fn pending_objects_are_tried_again_or_rejected() {
    let bench = Bench::local();
    let (list, map) = (bench.write_items("g", 30), bench.items_map());
    let run = ["bulk", "run", &list, "--workers", "2", "--chunk-size", "8", "--map-bucket", &map];
    let keys = ["g/g-0003.stac.json", "g/g-0027.stac.json"];
    let contents = keys.map(|key| unreachable(&bench, key));
    let ended = bench.run(&run);
    ended.ended(1).says(&[
        "2 objects of the bulk run",
        "could not be fetched",
        "--retry-pending",
        "--accept-rejected",
    ]);
    assert!(bench.content().is_none());
    let status = bench.json(0, &["bulk", "status"]);
    let (open, stage) = (&status[0], &status[0]["stage"]);
    assert_eq!((&open["pending"], &open["items"], &open["next"]), (&2.into(), &28.into(), &"resolve".into()));
    assert_eq!((&stage["tasks"], &stage["done"]), (&4.into(), &4.into()));

    // One of them is there again.
    let path = bench.path("items").join(keys[0]);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &contents[0]).unwrap();
    let again = bench.run(&[&run[..], &["--retry-pending"]].concat());
    again.ended(1).says(&["it goes on from where it was", "1 objects of the bulk run"]);
    let report = bench.json(3, &[&run[..], &["--accept-rejected"]].concat());
    let counts = ["ingested", "rejected", "pending"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(counts, [29, 1, 0]);
    assert_eq!(leftovers(&bench, None), ["rejected.parquet", "report.json"]);
    assert_eq!(bench.json(0, &["bulk", "status"]), Value::Array(Vec::new()));
    assert_eq!(bench.run(&["bulk", "status"]).ended(0).stdout, "no bulk run is open\n");
}

#[test]
fn what_is_asked_for_in_vain() {
    let bench = Bench::local();
    let list = bench.write_items("g", 3);
    let run = ["bulk", "run", &list, "--map-bucket", &bench.items_map()].map(str::to_owned);
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    let ended = |args: &[&str], code: i32, parts: &[&str]| {
        bench.run(&[&run[..], args].concat()).ended(code).says(parts);
    };
    ended(&["--mode", "sync"], 2, &["full or delta", "--mode sync"]);
    ended(&["--workers", "0"], 2, &["no whole number of at least 1"]);
    ended(&["--workers", "100"], 2, &["100 workers cannot share 1GiB", "fewer --workers"]);
    ended(&["--chunk-size", "0"], 2, &["leads nowhere"]);
    ended(&["--staging-prefix", "../x"], 2, &["no folder of the catalog's base"]);
    ended(&["--suffix", ".nope"], 2, &["no key of", "--suffix"]);
    bench.run(&["bulk", "worker"]).ended(0);
    bench.run(&["bulk", "resolve"]).ended(2).says(&["no bulk run is open", "bulk plan"]);
    bench.run(&["bulk", "status", "../../etc"]).ended(2).says(&["no run"]);
    bench.run(&["bulk", "clean", "0123456789abcdef"]).ended(2).says(&["no open bulk run 0123456789abcdef"]);
}

#[test]
fn a_locked_catalog_is_exit_code_4_and_no_work_is_lost() {
    let bench = Bench::local();
    let (list, map) = (bench.write_items("g", 10), bench.items_map());
    let lock = r#"{"owner":"another","pid":1,"hostname":"elsewhere","acquired":"2999-01-01T00:00:00Z","ttl_hours":12}"#;
    bench.write("catalog/.lock", lock);
    let run = ["bulk", "run", &list, "--workers", "1", "--chunk-size", "5", "--map-bucket", &map];
    bench.run(&run).ended(4).says(&["another", "elsewhere"]);
    assert_eq!(bench.json(0, &["bulk", "status"])[0]["next"], "register");
    // The items are gone, and are not needed any more.
    std::fs::remove_dir_all(bench.path("items")).unwrap();
    assert_eq!(bench.json(0, &[&run[..], &["--no-lock"]].concat())["ingested"], 10);
}

#[test]
fn progress_and_messages() {
    let bench = Bench::local();
    let (list, map) = (inventory("inventory-all.csv"), fixtures_map());
    let run = ["bulk", "run", &list, "--workers", "2", "--chunk-size", "40", "--map-bucket", &map];
    let answer = bench.run(&[&run[..], &["--progress", "json", "--json"]].concat());
    let events: Vec<Value> =
        answer.ended(3).stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    events.iter().for_each(|event| *counts.entry(event["event"].as_str().unwrap()).or_default() += 1);
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "finished");
    assert_eq!(Some(counts["rejected"]), expected("inventory-all")["rejected"].as_u64());
    let last = |phase: &str| events.iter().rfind(|e| e["event"] == "tasks" && e["phase"] == phase).unwrap();
    let stage = last("stage");
    assert_eq!((&stage["done"], &stage["fetched"]), (&stage["tasks"], &stage["objects"]));
    assert_eq!(last("write")["done"], last("write")["tasks"]);
    let again = Bench::local().run(&run);
    again.ended(3).says(&["run ", "stage: ", " objects, ", " rejected", "write: ", "committing "]);
    assert_eq!(Bench::local().run(&[&run[..], &["--quiet"]].concat()).ended(3).stderr, "");
}

#[test]
fn no_secret_is_seen() {
    let bench = Bench::local();
    let (list, map) = (bench.write_items("g", 4), "bench=http://me:hunter2@127.0.0.1:1/x?sig=hunter2");
    let answer = bench.run(&["bulk", "run", &list, "--map-bucket", map, "-vv", "--timeout", "1s", "--json"]);
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:#?}");
    answer.says(&["error: "]);
}
