//! Mistakes and misfortunes: one line that names what, where and what to do, and the right exit code.

use crate::harness::{Answer, Bench, fixtures_map, inventory};

fn check(args: &[&str], code: i32, parts: &[&str]) {
    says(&Bench::local().run(args), code, parts);
}

fn says(answer: &Answer, code: i32, parts: &[&str]) {
    answer.ended(code).says(parts);
    assert!(answer.stderr.contains("error: "), "{answer:#?}");
    assert_eq!(answer.stdout, "", "an error is nothing for stdout");
}

#[test]
fn unknown_values_say_what_is_allowed() {
    check(&["ingest", "x.csv", "--mode", "daily"], 2, &["use auto, full, delta or sync"]);
    check(&["ingest", "x.csv", "--grid", "s2:99"], 2, &["s2:<level 0 to 30>"]);
    check(&["ingest", "x.csv", "--assets", "list"], 2, &["auto, struct or json"]);
    check(&["ingest", "x.csv", "--memory", "lots"], 2, &["512MB"]);
    check(&["ingest", "x.csv", "--since", "yesterday"], 2, &["2026-04-28"]);
    check(&["ingest", "x.csv", "--map-bucket", "x"], 2, &["NAME=URL"]);
    check(&["ingest", "x.csv", "--progress", "loud"], 2, &["auto, bars, lines, json, none"]);
    check(&["stats", "--log-format", "xml"], 2, &["text, json"]);
    check(&["ingest"], 2, &["<INVENTORY>"]);
    check(&["ingets", "x.csv"], 2, &["'ingest'"]);
}

#[test]
fn queries_that_are_none() {
    check(&["files", "--bbox", "1,2,3"], 2, &["west,south,east,north"]);
    check(&["files", "--bbox", "-10,50,10,40"], 2, &["--bbox"]);
    check(&["files", "--datetime", "yesterday"], 2, &["2020-05"]);
    check(&["files", "--intersects", "POLYGON("], 2, &["--intersects"]);
    check(&["files", "--intersects", "@nowhere.json"], 2, &["nowhere.json"]);
    check(&["files", "--bbox", "0,0,1,1", "--intersects", "POINT(0 0)"], 2, &["cannot be used with"]);
}

#[test]
fn there_is_no_catalog() {
    for command in [&["info"][..], &["stats"], &["count"], &["files"], &["get", "x"]] {
        check(command, 1, &["there is no catalog at", "hint: "]);
    }
    let bench = Bench::local().with("EARTHCATALOG_CATALOG", "");
    says(&bench.run(&["info"]), 2, &["no catalog was named", "--catalog BASE", "EARTHCATALOG_CATALOG"]);
    says(&bench.run(&["info", "--catalog", "gopher://x/y"]), 2, &["gopher://x/y"]);
}

#[test]
fn reading_leaves_nothing_behind() {
    let bench = Bench::local();
    bench.run(&["info"]).ended(1);
    assert!(!bench.path("catalog").exists());
}

#[test]
fn no_key_matches() {
    let bench = Bench::local();
    let (inventory, map) = (inventory("inventory.csv"), fixtures_map());
    let answer = bench.run(&["ingest", &inventory, "--map-bucket", &map, "--suffix", ".json5"]);
    says(&answer, 2, &[".json5", ".stac.json", ".nc", "--suffix"]);
    assert!(!bench.path("catalog/earthcatalog.db").exists());
    assert!(!bench.path("catalog/.lock").exists());
}

#[test]
fn inventories_that_are_none() {
    let bench = Bench::local();
    check(&["ingest", "nowhere.csv"], 1, &["nowhere.csv"]);
    says(&bench.run(&["ingest", &bench.write("empty.csv", "")]), 1, &["empty.csv"]);
    says(&bench.run(&["ingest", &bench.write("other.csv", "a,b\n1,2\n")]), 1, &["key"]);
    says(&bench.run(&["ingest", &bench.write("torn.parquet", "PAR1 and no more")]), 1, &["torn.parquet"]);
}

#[test]
fn all_rejected_commits_nothing() {
    let bench = Bench::local();
    let csv = bench.write("i.csv", "bucket,key\nbench,a.stac.json\nbench,b.stac.json\n");
    let map = bench.items_map();
    bench.write("items/a.stac.json", "{}");
    says(
        &bench.run(&["ingest", &csv, "--map-bucket", &map]),
        1,
        &["all 2 selected objects were rejected", "rejected.parquet"],
    );
    assert!(bench.content().is_none());
}

#[test]
fn a_corrupt_database_is_refused_and_kept() {
    let bench = Bench::local();
    let csv = bench.write_items("g", 2);
    let db = bench.write("catalog/earthcatalog.db", "this is no database, and must still be here afterwards");
    let map = bench.items_map();
    for command in [&["info"][..], &["ingest", &csv, "--mode", "full", "--map-bucket", &map]] {
        says(&bench.run(command), 1, &["earthcatalog.db"]);
    }
    assert!(std::fs::read_to_string(db).unwrap().starts_with("this is no database"));
}

#[test]
fn secrets_stay_out_of_messages() {
    let bench = Bench::local();
    let answer = bench.run(&["info", "--catalog", "s3://key:hush@bucket/x?token=hush"]);
    assert!(!answer.stderr.contains("hush"), "{answer:#?}");
    let answer = bench.run(&["ingest", "https://user:hush@127.0.0.1:1/i.csv?sig=hush", "--timeout", "1s"]);
    assert!(!answer.stderr.contains("hush"), "{answer:#?}");
    assert_ne!(answer.code, Some(0));
}
