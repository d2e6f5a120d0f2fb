//! `inventory cat` and `inventory diff`, and what `ingest` makes of manifests and of what they write.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::harness::{Answer, Bench, fixtures, fixtures_map, inventory};

fn cloud(name: &str) -> String {
    fixtures().join("inventories").join(name).to_str().unwrap().to_owned()
}

fn cat(bench: &Bench, args: &[&str]) -> String {
    bench.run(&[&["inventory", "cat"], args].concat()).ended(0).stdout.clone()
}

#[test]
fn every_kind_is_printed_alike() {
    let bench = Bench::local();
    let expected = cat(&bench, &[&cloud("expected.ndjson"), "--all-versions"]);
    assert!(expected.starts_with("bucket,key,size,"), "{expected}");
    assert!(expected.contains("source-bucket,\"comma,quote\"\".stac.json\",1003,2026-04-04T12:30:15.25"));
    for kind in ["csv", "parquet", "orc"] {
        assert_eq!(cat(&bench, &[&cloud(&format!("s3/{kind}")), "--all-versions"]), expected, "{kind}");
    }
    let live = cat(&bench, &[&cloud("s3/orc"), "--format", "ndjson"]);
    assert_eq!(live.lines().count(), 7, "neither the old version nor the delete marker: {live}");
    let azure = cloud("azure/2026/04/28/01-00-00/rule/rule-manifest.json");
    assert!(
        cat(&bench, &[&azure, "--prefix", "plain/"]).contains("\naz://source-bucket,plain/a.stac.json,1000,")
    );
}

#[test]
fn what_is_written_is_an_inventory_again() {
    let bench = Bench::local();
    let source = cloud("s3/csv");
    let printed = cat(&bench, &[&source]);
    for name in ["x.csv", "x.parquet", "x.ndjson"] {
        let counts = bench.json(0, &["inventory", "cat", &source, "--out", name]);
        assert_eq!(
            (&counts["listed"], &counts["filtered"], &counts["written"]),
            (&json!(9), &json!(2), &json!(7))
        );
        assert_eq!(cat(&bench, &[name]), printed, "{name}");
    }
    let answer = bench.run(&["inventory", "cat", &source, "--out", "x.txt"]);
    answer.ended(2).says(&["the ending of x.txt says no format", ".parquet"]);
    let answer = bench.run(&["inventory", "cat", &source, "--json"]);
    answer.ended(2).says(&["--out FILE"]);
}

#[test]
fn filters_select() {
    let bench = Bench::local();
    let count = |args: &[&str]| {
        cat(&bench, &[&[&*cloud("expected.ndjson"), "--format", "ndjson"], args].concat()).lines().count()
    };
    assert_eq!(count(&["--suffix", "c.stac.json"]), 1);
    assert_eq!(count(&["--glob", "**/*.stac.json"]), 4);
    assert_eq!(count(&["--since", "2026-04-03", "--until", "2026-04-05T12:30:15.250Z"]), 2);
    assert_eq!(count(&["--min-size", "1001", "--max-size", "1002"]), 2);
    assert_eq!(count(&["--limit", "3"]), 3);
    bench.run(&["inventory", "cat", "x", "--glob", "[a"]).ended(2).says(&["has a [ without a ]"]);
}

#[test]
fn standard_input_is_a_source() {
    let bench = Bench::local();
    let mut child = bench
        .command(&["inventory", "cat", "-", "--format", "ndjson"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"s3://b/a,b.json\nhttps://h/x%20y\n").unwrap();
    let answer = Answer::await_(child);
    let expected = "{\"bucket\":\"b\",\"key\":\"a,b.json\"}\n{\"bucket\":\"https://h\",\"key\":\"x y\"}\n";
    assert_eq!(answer.ended(0).stdout, expected);
}

#[test]
fn a_headerless_file_needs_the_names_of_its_columns() {
    let bench = Bench::local();
    let path = bench.write("x.csv", "\"b\",\"a+b%2C.json\",\"5\"\n");
    bench.run(&["inventory", "cat", &path]).ended(1).says(&["no column `key`", "--columns"]);
    let printed = cat(&bench, &[&path, "--columns", "bucket,key,size"]);
    assert!(printed.ends_with("\nb,\"a b,.json\",5,,,,,\n"), "{printed}");
}

#[test]
fn a_missing_data_file_ends_it_and_leaves_nothing() {
    let bench = Bench::local();
    let manifest = r#"{"version": "2016-11-30", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{"key": "data/gone.csv.gz", "size": 5}]}"#;
    let path = bench.write("in/manifest.json", manifest);
    let answer = bench.run(&["inventory", "cat", &path, "--out", "out.csv"]);
    answer.ended(1).says(&["names the data file data/gone.csv.gz, which is not there"]);
    let left: Vec<_> = std::fs::read_dir(bench.path(".")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["in"]);
}

#[test]
fn a_damaged_file_is_named_and_no_checksum_goes_on() {
    let bench = Bench::local();
    let body = "b,k.json\n";
    let manifest = format!(
        r#"{{"version": "2016-11-30", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{{"key": "data/x.csv", "size": {}, "MD5checksum": "0123456789abcdef0123456789abcdef"}}]}}"#,
        body.len()
    );
    bench.write("in/data/x.csv", body);
    let path = bench.write("in/manifest.json", &manifest);
    bench
        .run(&["inventory", "cat", &path])
        .ended(1)
        .says(&["in/data/x.csv has the MD5 checksum", "--no-checksum"]);
    assert!(cat(&bench, &[&path, "--no-checksum"]).ends_with("\nb,k.json,,,,,,\n"));
}

#[test]
fn diff_counts_and_writes_inventories() {
    let bench = Bench::local();
    let old = bench.write("old.csv", "bucket,key,size\nb,same,1\nb,other,1\nb,gone,1\n");
    let new = bench.write(
        "new.ndjson",
        r#"{"bucket":"b","key":"new","size":2}
{"bucket":"b","key":"other","size":2}
{"bucket":"b","key":"same"}
"#,
    );
    let files = ["--out", "added.parquet", "--changed", "changed.csv", "--removed", "removed.ndjson"];
    let counts = bench.json(0, &[&["inventory", "diff", &old, &new], &files[..]].concat());
    let expected = json!({"old": 3, "new": 3, "added": 1, "changed": 1, "removed": 1, "unchanged": 1});
    assert_eq!(counts, expected);
    for (name, row) in
        [("added.parquet", "b,new,2,"), ("changed.csv", "b,other,2,"), ("removed.ndjson", "b,gone,1,")]
    {
        let printed = cat(&bench, &[name]);
        assert_eq!(printed.lines().count(), 2, "{printed}");
        assert!(printed.lines().nth(1).unwrap().starts_with(row), "{printed}");
    }
    let answer = bench.run(&["inventory", "diff", &old, &new]);
    assert_eq!(answer.ended(0).stdout, "1 added, 1 changed, 1 removed, 1 unchanged\n");
    bench
        .run(&["inventory", "diff", &old, "nowhere.csv", "--out", "never.csv"])
        .ended(1)
        .says(&["nowhere.csv"]);
    assert!(!bench.path("never.csv").exists());
}

#[test]
fn ingest_takes_what_a_diff_found() {
    let bench = Bench::local();
    let (all, map) = (inventory("inventory.csv"), fixtures_map());
    let none = bench.write("none.csv", "bucket,key\n");
    bench
        .run(&["inventory", "diff", &none, &all, "--out", "added.parquet", "--suffix", ".stac.json"])
        .ended(0);
    let of = |source: &str| {
        bench.json(0, &["ingest", source, "--map-bucket", &map, "--mode", "full", "--dry-run"])["ingested"]
            .clone()
    };
    assert_eq!(of("added.parquet"), of(&all));
}

#[test]
fn ingest_filters_too() {
    let bench = Bench::local();
    let (all, map) = (inventory("inventory.csv"), fixtures_map());
    let report =
        |args: &[&str]| bench.json(0, &[&["ingest", &all, "--map-bucket", &map, "--dry-run"], args].concat());
    let (everything, some) = (report(&[]), report(&["--glob", "landsat/**"]));
    assert_eq!(some["listed"], everything["listed"]);
    assert!(some["ingested"].as_u64() < everything["ingested"].as_u64() && some["ingested"] != 0, "{some:#}");
    assert_eq!(report(&["--prefix", "landsat/"])["ingested"], some["ingested"]);
}
