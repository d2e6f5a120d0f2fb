//! `verify`, on a catalog that is right and on one that was damaged in known places.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::Bench;

fn bench() -> Bench {
    let bench = Bench::local();
    let (csv, map) = (bench.write_items("g", 30), bench.items_map());
    bench.run(&["ingest", &csv, "--map-bucket", &map]).ended(0);
    bench
}

/// All data files.
fn files(bench: &Bench) -> Vec<PathBuf> {
    let list = bench.json(0, &["files"]);
    list.as_array().unwrap().iter().map(|file| PathBuf::from(file["path"].as_str().unwrap())).collect()
}

fn kinds(verified: &Value) -> Vec<&str> {
    let problems = verified["first_problems"].as_array().unwrap();
    let mut kinds: Vec<&str> = problems.iter().map(|p| p["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[test]
fn a_catalog_that_is_right() {
    let bench = bench();
    for args in [&["verify"][..], &["verify", "--full"], &["verify", "--fix-index"]] {
        let said = bench.run(args).ended(0).stdout.clone();
        assert!(said.ends_with("all is well\n"), "{said}");
    }
    let verified = bench.json(0, &["verify", "--full"]);
    assert_eq!(verified["rows_read"], bench.json(0, &["count"])["rows"]);
    assert_eq!((verified["problems"].as_u64(), verified["index_fixed"].as_bool()), (Some(0), Some(false)));
}

#[test]
fn files_that_are_gone_or_cut() {
    let bench = bench();
    let files = files(&bench);
    std::fs::remove_file(&files[0]).unwrap();
    let bytes = std::fs::read(&files[1]).unwrap();
    std::fs::write(&files[1], &bytes[..bytes.len() / 2]).unwrap();
    let verified = bench.json(1, &["verify", "--full"]);
    let kinds = kinds(&verified);
    assert!(["missing", "size", "unreadable"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[test]
fn a_file_in_the_place_of_another() {
    let bench = bench();
    let files = files(&bench);
    let cell = |path: &Path| path.parent().unwrap().parent().unwrap().to_path_buf();
    let other = files.iter().find(|file| cell(file) != cell(&files[0])).unwrap();
    std::fs::copy(other, &files[0]).unwrap();
    let verified = bench.json(1, &["verify"]);
    let kinds = kinds(&verified);
    assert!(["partition", "cell", "index"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[test]
fn an_index_that_is_gone_is_made_anew() {
    let bench = bench();
    let info = bench.json(0, &["info"]);
    std::fs::remove_file(info["hash_index"]["path"].as_str().unwrap()).unwrap();
    assert_eq!(kinds(&bench.json(1, &["verify"])), ["index"]);
    let fixed = bench.run(&["verify", "--fix-index"]).ended(0).stdout.clone();
    assert!(fixed.contains("the hash index was made anew"), "{fixed}");
    assert_eq!(bench.json(0, &["verify", "--full"])["problems"], 0);
    assert_eq!(bench.json(0, &["count"])["unique_items"], 30);
    // The delta after it trusts it.
    let (csv, map) = (bench.path("g.csv").display().to_string(), bench.items_map());
    let report = bench.json(0, &["ingest", &csv, "--map-bucket", &map]);
    assert_eq!((report["known"].as_u64(), report["ingested"].as_u64()), (Some(30), Some(0)));
}
