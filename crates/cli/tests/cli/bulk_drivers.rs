//! Whoever drives a bulk run from an S3 server, the table is row for row, and column for column, that of one ingest.
//! `cargo xtask soak bulk` does it with 20,000 items.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use earthcatalog_testkit::items::{csv_inventory, items, put_items};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::harness::{Answer, Bench};
use crate::rows::{leftovers, place};

/// How many items there are; the environment may ask for more.
fn count() -> usize {
    std::env::var("EARTHCATALOG_TEST_BULK_ITEMS").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

/// What every row says, by its id and its cell.
type Table = BTreeMap<(String, String), String>;

fn table(bench: &Bench, server: &S3Server) -> Table {
    let mut table = Table::new();
    for location in bench.run(&["files"]).ended(0).stdout.lines() {
        let file = File::open(place(location, Some(server))).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let text = |name: &str, i: usize| {
                batch.column_by_name(name).unwrap().as_string::<i32>().value(i).to_owned()
            };
            for i in 0..batch.num_rows() {
                let before = table.insert((text("id", i), text("grid_partition", i)), said(&batch, i));
                assert_eq!(before, None, "{} is there twice in a cell", text("id", i));
            }
        }
    }
    table
}

/// A row in words, without the columns that say nothing in it: files written earlier may lack these.
fn said(batch: &RecordBatch, i: usize) -> String {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).filter(|(_, column)| column.is_valid(i));
    columns.map(|(field, column)| format!("{}: {:?}\n", field.name(), column.slice(i, 1))).collect()
}

/// A catalog of its own on the server, and the inventory beside it.
fn at(name: &str, server: &S3Server, inventory: &str) -> (Bench, String) {
    let bench = Bench::at(&format!("s3://bench-catalog/{name}"), server.env());
    let list = bench.write("i.csv", inventory);
    (bench, list)
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_drivers() {
    let n = count();
    let server = S3Server::start(S3Options::default());
    let objects = put_items(&*server.store("bench-items"), "g", &items("g", n)).await.unwrap();
    let inventory = csv_inventory("bench-items", &objects);
    let (clean, list) = at("clean", &server, &inventory);
    clean.run(&["ingest", &list]).ended(0);
    let expected = table(&clean, &server);
    assert!(expected.len() >= n);
    let chunk = (n / 12).to_string();
    for workers in ["1", "2"] {
        let (bench, list) = at(&format!("workers-{workers}"), &server, &inventory);
        bench.run(&["bulk", "run", &list, "--workers", workers, "--chunk-size", &chunk]).ended(0);
        assert!(table(&bench, &server) == expected, "{workers} workers made other rows");
    }
    let (bench, list) = at("array", &server, &inventory);
    array(&bench, &list, &chunk);
    assert!(table(&bench, &server) == expected, "an array of jobs made other rows");
    assert_eq!(leftovers(&bench, Some(&server)), ["report.json"]);
    println!("{n} items, {} rows: the same by one worker, by two and by an array of jobs", expected.len());
}

/// The jobs of an array in an order of their own; every third comes twice at once, and every fourth once more later.
fn array(bench: &Bench, list: &str, chunk: &str) {
    let planned = bench.json(0, &["bulk", "plan", list, "--chunk-size", chunk]);
    jobs(bench, "stage", planned["stage_tasks"].as_u64().unwrap());
    let resolved = bench.json(0, &["bulk", "resolve"]);
    jobs(bench, "write", resolved["write_tasks"].as_u64().unwrap());
    bench.run(&["bulk", "register"]).ended(0);
}

fn jobs(bench: &Bench, phase: &str, count: u64) {
    let of = count.to_string();
    let start = |index: u64| {
        let index = index.to_string();
        bench.start(&["bulk", "run-task", "--phase", phase, "--index", &index, "--of", &of])
    };
    // 7 has no factor in common with most counts; where it has, what is left comes behind.
    let scattered = (0..count).map(|i| i * 7 % count).chain(0..count).enumerate();
    let come = |i: usize| (i as u64) < count || i.is_multiple_of(4) || count.is_multiple_of(7);
    for (i, index) in scattered.filter(|(i, _)| come(*i)) {
        let twin = i.is_multiple_of(3).then(|| start(index));
        Answer::await_(start(index)).ended(0);
        if let Some(twin) = twin {
            Answer::await_(twin).ended(0);
        }
    }
}
