//! What went in comes out: every item of the fixtures, by its id, through the program.

use std::collections::BTreeMap;
use std::path::Path;

use earthcatalog_model::Json;

use crate::fixtures::ingest;
use crate::harness::{Bench, fixtures};

/// The valid items by id; of two with one id the newer.
fn items() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(&fixtures().join("items"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() && !entry.ends_with("bad") {
            collect(&entry, found);
        } else if entry.to_str().unwrap().ends_with(".stac.json") && !entry.ends_with("older.stac.json") {
            let text = std::fs::read_to_string(&entry).unwrap();
            let id =
                Json::parse(text.as_bytes()).unwrap().get("id").and_then(Json::as_str).unwrap().to_owned();
            found.insert(id, text);
        }
    }
}

fn check(bench: &Bench, id: &str, text: &str) {
    let answer = bench.run(&["get", id]);
    let out = Json::parse(answer.ended(0).stdout.trim().as_bytes()).unwrap();
    assert!(Json::parse(text.as_bytes()).unwrap().same(&out), "{id}\nin:  {text}\nout: {}", answer.stdout);
}

#[test]
fn every_item_comes_out_as_it_went_in() {
    let bench = Bench::local();
    ingest(&bench, "inventory", "parquet", &[]);
    let items = items();
    let odd = items.iter().filter(|(_, text)| !text.contains("velocity_image_pair"));
    let plain = items.iter().filter(|(_, text)| text.contains("velocity_image_pair")).take(5);
    for (id, text) in odd.chain(plain) {
        check(&bench, id, text);
    }
}

#[test]
fn an_id_that_is_not_there() {
    let bench = Bench::local();
    ingest(&bench, "inventory", "csv", &[]);
    bench.run(&["get", "no such id"]).ended(1).says(&["error: no item \"no such id\"", "hint: "]);
}
