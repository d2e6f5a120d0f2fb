//! Files of items, and catalogs of links, as inventories: `items:FILE` and `stac:URL`.

use std::collections::BTreeMap;
use std::path::Path;

use earthcatalog::model::Json;
use serde_json::{Value, json};

use crate::harness::{Bench, fixtures};

/// The valid items of the fixtures on a line each, by id; of two with one id the newer.
fn items() -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    let mut folders = vec![fixtures().join("items")];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            match () {
                () if path.is_dir() && !path.ends_with("bad") => folders.push(path),
                () if path.is_dir() || path.ends_with("older.stac.json") => {}
                () => {
                    let text = std::fs::read(path).unwrap();
                    let item = Json::parse(&text).unwrap();
                    items.insert(item.get("id").unwrap().as_str().unwrap().to_owned(), item.to_string());
                }
            }
        }
    }
    items
}

fn check_items(bench: &Bench, items: &BTreeMap<String, String>) {
    assert_eq!(bench.json(0, &["count"])["unique_items"], items.len());
    for (id, item) in items.iter().step_by(9) {
        let found = bench.run(&["get", id]).ended(0).stdout.clone();
        let (found, item) = (Json::parse(found.as_bytes()).unwrap(), Json::parse(item.as_bytes()).unwrap());
        assert!(found.same(&item), "{found} is not {item}");
    }
}

#[test]
fn ndjson_and_collections_go_in_as_they_are() {
    let items = items();
    let values: Vec<&str> = items.values().map(String::as_str).collect();
    let lines = values.join("\n");
    let collection =
        format!("{{\n\"type\": \"FeatureCollection\",\n\"features\": [\n{}\n]\n}}\n", values.join(",\n"));
    for (name, text) in [("items.ndjson", lines), ("collection.json", collection)] {
        let bench = Bench::local();
        bench.write(name, &text);
        let source = format!("items:{name}");
        let report = bench.json(0, &["ingest", &source]);
        assert_eq!((&report["listed"], &report["ingested"]), (&json!(items.len()), &json!(items.len())));
        check_items(&bench, &items);
        let again = bench.json(0, &["ingest", &source]);
        assert_eq!((&again["known"], &again["ingested"]), (&json!(items.len()), &json!(0)), "{again:#}");
    }
}

#[test]
fn what_has_changed_is_replaced() {
    let bench = Bench::local();
    let item = |n: usize, day: u64| {
        let mut item = earthcatalog_testkit::items::items("g", n + 1).remove(n);
        item["properties"]["day"] = day.into();
        format!("{item}\n")
    };
    bench.write("a.ndjson", &(0..5).map(|n| item(n, 1)).collect::<String>());
    bench.run(&["ingest", "items:a.ndjson"]).ended(0);
    bench.write("a.ndjson", &(0..7).map(|n| item(n, if n == 3 { 2 } else { 1 })).collect::<String>());
    let report = bench.json(0, &["ingest", "items:a.ndjson"]);
    let counts = ["mode", "known", "ingested", "updated"].map(|name| report[name].clone());
    assert_eq!(counts, [json!("delta"), json!(4), json!(3), json!(1)], "{report:#}");
    assert_eq!(bench.json(0, &["get", "g-0003"])["properties"]["day"], 2);
    bench.write("a.ndjson", &(1..7).map(|n| item(n, if n == 3 { 2 } else { 1 })).collect::<String>());
    let report = bench.json(0, &["ingest", "items:a.ndjson", "--mode", "sync", "--max-delete", "20%"]);
    assert_eq!((&report["known"], &report["deleted"]), (&json!(6), &json!(1)), "{report:#}");
}

/// Every file of a catalog; what it holds came from somewhere, and is known as that.
#[test]
fn a_catalogs_own_files_are_files_of_items() {
    let bench = Bench::local();
    let inventory = bench.write_items("g", 12);
    bench.run(&["ingest", &inventory, "--map-bucket", &bench.items_map()]).ended(0);
    for file in bench.run(&["files"]).ended(0).stdout.lines() {
        let again = bench.json(0, &["ingest", &format!("items:{file}")]);
        assert_eq!((&again["ingested"], &again["known"]), (&json!(0), &again["listed"]), "{again:#}");
    }
    let file = bench.run(&["files"]).stdout.lines().next().unwrap().to_owned();
    let other = bench.path("other").display().to_string();
    let report = bench.json(0, &["ingest", &format!("items:{file}"), "--catalog", &other]);
    assert_eq!(report["ingested"], report["listed"], "{report:#}");
    let listed = bench.run(&["inventory", "cat", &format!("items:{file}")]);
    assert!(listed.ended(0).stdout.contains("\nbench,g/g-"), "{listed:?}");
}

#[test]
fn a_bad_line_is_a_rejection_of_that_line() {
    let bench = Bench::local();
    let good = earthcatalog_testkit::items::items("g", 2);
    bench.write("a.ndjson", &format!("{}\n{{\"id\":\n{}\n{{\"id\":\"x\"}}\n", good[0], good[1]));
    let report = bench.json(3, &["ingest", "items:a.ndjson"]);
    assert_eq!((&report["ingested"], &report["rejected"]), (&json!(2), &json!(2)));
    let reasons = json!({"not_json": 1, "not_an_item": 1});
    assert_eq!(report["rejected_by_reason"], reasons);
    let listed =
        bench.run(&["inventory", "cat", "items:a.ndjson", "--format", "ndjson"]).ended(0).stdout.clone();
    let keys: Vec<Value> =
        listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].clone()).collect();
    let file = bench.path("a.ndjson").canonicalize().unwrap().display().to_string();
    let expected = ["g-0000", "line=2", "g-0001", "x"].map(|name| json!(format!("{file}#{name}")));
    assert_eq!(keys, expected);
}

#[test]
fn what_holds_no_items_is_told() {
    let bench = Bench::local();
    let check = |name: &str, text: &str, expected: &[&str]| {
        bench.write(name, text);
        bench.run(&["ingest", &format!("items:{name}")]).ended(1).says(expected);
    };
    check("a.csv", "id,name\n", &["a.csv holds no items"]);
    check("a.json", r#"{"type":"FeatureCollection","features":[{"#, &["a.json ends within its items"]);
    bench.run(&["ingest", "items:gone.json"]).ended(1).says(&["failed to read the inventory gone.json"]);
    let inventory = fixtures().join("inventory.parquet").display().to_string();
    bench
        .run(&["ingest", &format!("items:{inventory}")])
        .ended(1)
        .says(&["no stac-geoparquet: it has no column `id`"]);
    assert!(!Path::new(&bench.path("catalog/earthcatalog.db")).exists());
}

#[test]
fn a_static_catalog_is_crawled() {
    let bench = Bench::local();
    let catalog = fixtures().join("catalog.json").display().to_string();
    let report = bench.json(0, &["ingest", &format!("stac:{catalog}")]);
    assert_eq!((&report["listed"], &report["ingested"]), (&json!(100), &json!(100)), "{report:#}");
    let mut items = items();
    items.retain(|id, item| !item.contains("\"collection\":\"odd\"") && id != "duplicate");
    check_items(&bench, &items);
    let list = |more: &[&str]| {
        let answer = bench.run(&[&["inventory", "cat", &format!("stac:{catalog}")], more].concat());
        answer.ended(0).stdout.clone()
    };
    assert_eq!(list(&[]), list(&[]));
    assert!(list(&["--limit", "1"]).contains("/fixtures/items/sentinel-2/"));
}

#[test]
fn a_broken_link_ends_it_and_is_named() {
    let bench = Bench::local();
    bench.write("in/catalog.json", r#"{"type":"Catalog","links":[{"rel":"child","href":"./a/gone.json"}]}"#);
    let answer = bench.run(&["ingest", "stac:in/catalog.json"]);
    answer.ended(1).says(&["in/a/gone.json, to which ", "in/catalog.json links, is not there"]);
    let beside = bench.write("beside.json", r#"{"type":"Catalog","links":[]}"#);
    let link = format!(r#"{{"type":"Catalog","links":[{{"rel":"child","href":"{beside}"}}]}}"#);
    bench.write("in/catalog.json", &link);
    bench
        .run(&["inventory", "cat", "stac:in/catalog.json"])
        .ended(1)
        .says(&["beside.json, to which", "--map-bucket =/folder"]);
}
