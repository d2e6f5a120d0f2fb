//! Two full runs at once, without the lock: each commits whole or gives way, and a reader sees one of them whole.

use earthcatalog_testkit::s3::{S3Options, S3Server};

use crate::harness::{Answer, Bench};

/// Runs two inventories into one catalog at the same moment.
fn race(bench: &Bench, round: usize, more: &[&str]) {
    let (ours, theirs) = (bench.write_items("ours", 20 + round), bench.write_items("theirs", 40 + round));
    let map = bench.items_map();
    let args = |csv| [&["ingest", csv, "--mode", "full", "--map-bucket", &map][..], more].concat();
    let children = [bench.start(&args(ours.as_str())), bench.start(&args(theirs.as_str()))];
    let codes = children.map(|child| {
        let answer = Answer::await_(child);
        answer.says(&[]);
        answer.code.unwrap()
    });
    let items = bench.json(0, &["count"])["unique_items"].as_u64().unwrap();
    let sizes = [20 + round as u64, 40 + round as u64];
    match codes {
        [0, 0] => assert!(sizes.contains(&items), "{items}"),
        [0, 4] => assert_eq!(items, sizes[0]),
        [4, 0] => assert_eq!(items, sizes[1]),
        other => panic!("exit codes {other:?}"),
    }
}

#[test]
fn on_a_local_folder() {
    let bench = Bench::local();
    for round in 0..4 {
        race(&bench, round, &["--no-lock"]);
    }
    race(&bench, 4, &[]);
}

#[test]
fn on_s3() {
    let server = S3Server::start(S3Options::default());
    let bench = Bench::at("s3://bench-race/catalog", server.env());
    for round in 0..4 {
        race(&bench, round, &["--no-lock"]);
    }
    race(&bench, 4, &[]);
}
