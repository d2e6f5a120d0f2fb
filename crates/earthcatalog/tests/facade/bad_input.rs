//! Input that is bad in ways that no fixture can be.

use std::sync::Arc;

use earthcatalog::Ingest;
use earthcatalog::model::Json;
use earthcatalog_testkit::items::{item, items};
use object_store::memory::InMemory;
use serde_json::json;

use crate::bench::{Bench, content, full};

#[tokio::test(flavor = "multi_thread")]
async fn an_item_of_ten_megabytes_is_an_item() {
    let bench = Bench::new();
    let mut large = item("large", 10.0, 50.0, "2020-05-01T12:00:00Z");
    large["properties"]["note"] = json!("ü".repeat(5 << 20));
    let inventory = bench.inventory("large", &[large.to_string()]);
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let report = catalog.ingest(&full(&inventory), &()).await.unwrap();
    assert_eq!((report.ledger.ingested, report.ledger.rejected), (1, 0));
    let back = catalog.get("large").await.unwrap().unwrap();
    let (back, large) = (Json::parse(back.as_bytes()).unwrap(), large.to_string());
    assert!(Json::parse(large.as_bytes()).unwrap().same(&back), "it is not what went in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_cannot_be_written_to_ends_the_run_at_once() {
    let bench = Bench::new();
    let bodies: Vec<String> = items("g", 3).iter().map(ToString::to_string).collect();
    let inventory = bench.inventory("g", &bodies);
    let below_a_file = bench.path().join("g.csv/catalog").display().to_string();
    let catalog = earthcatalog::open_url(&below_a_file, &bench.config()).await.unwrap();
    for no_lock in [false, true] {
        let mut run = Ingest::new(&*inventory);
        run.options.no_lock = no_lock;
        let error = catalog.ingest(&run, &()).await.unwrap_err().to_string();
        assert!(error.contains("g.csv"), "{error}");
    }
}

/// Memory for a few rows only: every partition is written many times over, and later duplicates of an id are taken out
/// of files that were written before.
#[tokio::test(flavor = "multi_thread")]
async fn duplicates_far_apart_leave_one_row_an_id() {
    let bench = Bench::new();
    let version = |i: usize, updated: &str| {
        let mut item = item(&format!("d-{i:03}"), 10.0 + (i % 3) as f64, 50.0, "2020-05-01T12:00:00Z");
        item["properties"]["updated"] = json!(updated);
        item.to_string()
    };
    let newer = (0..150).map(|i| version(i, "2022-01-01T00:00:00Z"));
    let older = (0..150).map(|i| version(i, "2021-01-01T00:00:00Z"));
    let bodies: Vec<String> = newer.chain(older).collect();
    let inventory = bench.inventory("d", &bodies);
    let mut contents = Vec::new();
    for memory in [1 << 30, 200_000] {
        let catalog = bench.catalog(Arc::new(InMemory::new())).await;
        let mut run = full(&inventory);
        run.options.memory = memory;
        let report = catalog.ingest(&run, &()).await.unwrap();
        assert_eq!((report.ledger.ingested, report.ledger.superseded), (150, 150));
        let (counts, stats) = content(&catalog).await.unwrap();
        assert_eq!(counts.unique_items, Some(150));
        contents
            .push((counts, stats.into_iter().map(|s| (s.grid_partition, s.row_count)).collect::<Vec<_>>()));
        let back = catalog.get("d-077").await.unwrap().unwrap();
        assert!(back.contains("2022-01-01"), "{back}");
    }
    assert_eq!(contents.first(), contents.last());
}
