//! The hash index beside writers that change nothing but it: their commits make no snapshot by which others would notice.

use std::sync::Arc;

use earthcatalog::model::ObjectRef;
use earthcatalog::{Catalog, ErrorKind, Ingest, Mode, VerifyOptions};
use earthcatalog_catalog::{Change, CommitId, Head, Operation};
use earthcatalog_pipeline::{Href, VerifyParts};
use earthcatalog_testkit::items::item;
use earthcatalog_writer::GeoParquet;
use futures::future::join_all;
use object_store::memory::InMemory;

use crate::bench::{Bench, full};

const INDEX: &str = "earthcatalog.hash_index";

async fn catalog(bench: &Bench) -> Catalog {
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let body = |i: usize| item(&format!("i-{i}"), i as f64, 70.0, "2020-05-01T12:00:00Z").to_string();
    catalog
        .ingest(&full(&bench.inventory("first", &(0..8).map(body).collect::<Vec<_>>())), &())
        .await
        .unwrap();
    catalog
}

fn delta(inventory: &str) -> Ingest {
    let mut run = full(inventory);
    run.options.mode = Mode::Delta;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn what_deltas_learn_at_once_is_all_kept() {
    let bench = Bench::new();
    let catalog = catalog(&bench).await;
    let snapshot = catalog.table().head().await.unwrap().unwrap().snapshot_id;
    // Nothing but objects that are rejected: no row changes, and the index learns them.
    let bad = vec!["no item".to_owned(); 3];
    let inventories: Vec<String> = (0..4).map(|i| bench.inventory(&format!("bad-{i}"), &bad)).collect();
    let runs = inventories.iter().map(async |inventory| catalog.ingest(&delta(inventory), &()).await);
    for report in join_all(runs).await {
        assert_eq!(report.unwrap().ledger.rejected, 3);
    }
    for inventory in &inventories {
        let again = catalog.ingest(&delta(inventory), &()).await.unwrap();
        assert_eq!((again.ledger.known, again.ledger.rejected), (3, 0), "{inventory}");
    }
    assert_eq!(catalog.table().head().await.unwrap().unwrap().snapshot_id, snapshot);
}

/// Has the table name an index, or nothing; the state after it.
async fn name(catalog: &Catalog, id: &str, index: Option<String>) -> Head {
    let change = Change {
        id: CommitId::new(id),
        operation: Operation::Properties,
        add: Vec::new(),
        schema: None,
        properties: [(INDEX.to_owned(), index)].into(),
        decided_on: None,
        expects: Default::default(),
        summary: Default::default(),
    };
    catalog.table().commit(change).await.unwrap().head
}

/// Names nothing: no row of these tests is asked for its object.
struct Plain;

impl Href for Plain {
    fn href(&self, object: &ObjectRef) -> String {
        format!("s3://{}/{}", object.bucket, object.key)
    }

    fn object(&self, href: &str) -> (String, String) {
        (String::new(), href.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_not_mended_that_another_has_mended_meanwhile() {
    let bench = Bench::new();
    let catalog = catalog(&bench).await;
    let right = catalog.table().head().await.unwrap().unwrap().properties.get(INDEX).cloned();
    let broken = name(&catalog, "broken", Some("{".to_owned())).await;
    name(&catalog, "mended", right.clone()).await;
    let parts = VerifyParts {
        base: catalog.base(),
        table: &**catalog.table(),
        grid: catalog.grid().await.unwrap(),
        format: Arc::new(GeoParquet::default()),
        href: &Plain,
    };
    let mut options = VerifyOptions::default();
    options.fix_index = true;
    let error = earthcatalog_pipeline::verify(&parts, &broken, &options).await.unwrap_err();
    assert_eq!(earthcatalog::Error::from(error).kind(), ErrorKind::Conflict);
    let now = catalog.table().head().await.unwrap().unwrap();
    assert_eq!(now.properties.get(INDEX), right.as_ref());
    assert_eq!(catalog.verify(&VerifyOptions::default()).await.unwrap().problems, 0);
}
