//! The main job on S3: a server in the test's process, reached by the program through the environment.

use earthcatalog_testkit::items::{csv_inventory, items, put_items};
use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};

use crate::fixtures::{check_answers, ingest};
use crate::harness::{Answer, Bench};

fn bench(server: &S3Server) -> Bench {
    Bench::at("s3://bench-catalog/some/prefix", server.env())
}

#[test]
fn the_fixtures() {
    let server = S3Server::start(S3Options::default());
    let bench = bench(&server);
    let report = ingest(&bench, "inventory-all", "parquet", &[]);
    check_answers(&bench, &report);
    assert!(
        bench.run(&["files"]).stdout.lines().all(|path| path.starts_with("s3://bench-catalog/some/prefix/"))
    );
}

/// Puts items into a bucket of the server and writes an inventory of them.
async fn put(server: &S3Server, bench: &Bench, n: usize) -> String {
    let objects = put_items(&*server.store("bench-items"), "a b/ü", &items("g", n)).await.unwrap();
    bench.write("i.csv", &csv_inventory("bench-items", &objects))
}

#[tokio::test(flavor = "multi_thread")]
async fn items_on_s3_and_a_server_that_stumbles() {
    let server = S3Server::start(S3Options::default());
    let bench = bench(&server);
    let csv = put(&server, &bench, 60).await;
    let faults = vec![Fault::SlowDown, Fault::Truncate, Fault::ResetBefore];
    server.faults().set(Plan::seeded(7, 0.05, faults));
    let report = bench.json(0, &["ingest", &csv, "--no-lock"]);
    assert_eq!(report["ingested"], 60);
    server.faults().clear();
    check_answers(&bench, &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_conditions_is_refused() {
    let server = S3Server::start(S3Options { ignore_conditions: true, ..S3Options::default() });
    let bench = bench(&server);
    let csv = put(&server, &bench, 3).await;
    bench.run(&["ingest", &csv]).ended(1).says(&["conditional", "--unsafe-no-cas"]);
    assert!(bench.content().is_none());
    assert_eq!(bench.json(0, &["ingest", &csv, "--unsafe-no-cas", "--no-lock"])["ingested"], 3);
}

#[test]
fn a_store_that_is_down() {
    let server = S3Server::start(S3Options::default());
    let env = server.env();
    drop(server);
    let bench = Bench::at("s3://bench-catalog/x", env).with("EARTHCATALOG_TIMEOUT", "2s");
    bench.run(&["info"]).ended(1).says(&["error: ", "s3://bench-catalog/x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_cleanly() {
    let server =
        S3Server::start(S3Options { latency: std::time::Duration::from_millis(30), ..S3Options::default() });
    let bench = bench(&server);
    let csv = put(&server, &bench, 300).await;
    let before = server.requests();
    let child = bench.start(&["ingest", &csv, "--concurrency", "2"]);
    while server.requests() < before + 50 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    let answer = Answer::await_(child);
    answer.ended(130).says(&["nothing was committed"]);
    assert!(bench.content().is_none());
    assert_eq!(bench.json(0, &["lock", "status"])["locked"], false);
    assert_eq!(bench.json(0, &["ingest", &csv, "--concurrency", "64"])["ingested"], 300);
}
