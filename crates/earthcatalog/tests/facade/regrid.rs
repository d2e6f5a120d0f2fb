//! Covering anew: the same items, a row in every cell, one snapshot or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use earthcatalog::model::ObjectRef;
use earthcatalog::{
    Catalog, ErrorKind, Event, Observer, Progress, Regrid, RegridOptions, Regridded, VerifyOptions,
};
use earthcatalog_pipeline::{Href, RegridParts};
use earthcatalog_testkit::items::items;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use earthcatalog_writer::GeoParquet;
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;

use crate::bench::{Bench, at_each, content, full};

const ITEMS: usize = 12;

fn bodies(stem: &str, n: usize) -> Vec<String> {
    items(stem, n).iter().map(ToString::to_string).collect()
}

fn to(grid: &str) -> Regrid {
    let options = RegridOptions { no_lock: true, ..RegridOptions::default() };
    Regrid { grid: Some(grid.parse().unwrap()), options }
}

/// Every item by its id.
async fn all(catalog: &Catalog, bodies: &[String]) -> BTreeMap<String, Option<serde_json::Value>> {
    let mut all = BTreeMap::new();
    for body in bodies {
        let item: serde_json::Value = serde_json::from_str(body).unwrap();
        let id = item["id"].as_str().unwrap().to_owned();
        let found = catalog.get(&id).await.unwrap();
        all.insert(id, found.map(|text| serde_json::from_str(&text).unwrap()));
    }
    all
}

async fn check_whole(catalog: &Catalog, done: &Regridded) {
    let mut options = VerifyOptions::default();
    options.full = true;
    let verified = catalog.verify(&options).await.unwrap();
    assert_eq!(verified.problems, 0, "{verified:?}");
    let counts = catalog.counts().await.unwrap();
    assert_eq!((counts.unique_items, counts.rows), (Some(done.items), done.rows));
}

#[tokio::test(flavor = "multi_thread")]
async fn items_stay_and_rows_are_the_coverings_of_the_new_grid() {
    let bench = Bench::new();
    let bodies = bodies("item", ITEMS);
    let inventory = bench.inventory("all", &bodies);
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let first = catalog.ingest(&full(&inventory), &()).await.unwrap();
    let before = all(&catalog, &bodies).await;
    assert!(before.values().all(Option::is_some));
    let finer = catalog.regrid(&to("s2:7"), &()).await.unwrap();
    assert_eq!((finer.grid_before.as_str(), finer.grid.as_str()), ("s2:4", "s2:7"));
    assert_eq!((finer.items, finer.rows_before), (ITEMS as u64, first.rows));
    assert!(finer.rows >= finer.rows_before, "{finer:?}");
    check_whole(&catalog, &finer).await;
    assert_eq!(all(&catalog, &bodies).await, before);
    assert_eq!(catalog.info().await.unwrap().grid.spec, "s2:7");
    // What is not asked for stays: the grid; and as many rows.
    let own = Regrid { grid: None, ..to("s2:7") };
    let again = catalog.regrid(&own, &()).await.unwrap();
    assert_eq!((again.grid.as_str(), again.rows), ("s2:7", finer.rows));
    // The index of objects is still good: nothing is fetched again.
    let mut delta = full(&inventory);
    delta.options.mode = earthcatalog::Mode::Delta;
    let known = catalog.ingest(&delta, &()).await.unwrap();
    assert_eq!((known.ledger.known, known.ledger.ingested), (ITEMS as u64, 0));
    // Back again: as an ingest would have had it.
    let back = catalog.regrid(&to("s2:4"), &()).await.unwrap();
    assert_eq!(back.rows, first.rows);
    check_whole(&catalog, &back).await;
    assert_eq!(all(&catalog, &bodies).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn little_memory_gives_the_same_items() {
    let bench = Bench::new();
    let bodies = bodies("item", 100);
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    catalog.ingest(&full(&bench.inventory("all", &bodies)), &()).await.unwrap();
    let before = all(&catalog, &bodies).await;
    let mut run = to("h3:3");
    run.options.memory = 1 << 20;
    let heard = Heard::default();
    let done = catalog.regrid(&run, &heard).await.unwrap();
    check_whole(&catalog, &done).await;
    assert_eq!(all(&catalog, &bodies).await, before);
    let last = heard.0.lock().unwrap().pop().unwrap();
    assert_eq!((last.fetched, last.selected, last.listing_done, last.rows), (100, 100, true, done.rows));
}

/// What a run said of its progress.
#[derive(Default)]
struct Heard(Mutex<Vec<Progress>>);

impl Observer for Heard {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Progress(progress) = event {
            self.0.lock().unwrap().push(*progress);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing() {
    let bench = Bench::new();
    let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
    let catalog = bench.catalog(Arc::new(store)).await;
    catalog.ingest(&full(&bench.inventory("all", &bodies("item", ITEMS))), &()).await.unwrap();
    let before = (content(&catalog).await, catalog.history().await.unwrap());
    let mut run = to("s2:7");
    run.options.dry_run = true;
    let planned = catalog.regrid(&run, &()).await.unwrap();
    assert_eq!((planned.snapshot_id, planned.files), (None, None));
    assert_eq!((content(&catalog).await, catalog.history().await.unwrap()), before);
    run.options.dry_run = false;
    assert_eq!(catalog.regrid(&run, &()).await.unwrap().rows, planned.rows);
}

/// The catalog is as it was, or as it should be, wherever the process dies; and a second run does it.
async fn at_every_operation(how: How) {
    let bench = Bench::new();
    let bodies = bodies("item", 3);
    let inventory = bench.inventory("all", &bodies);
    at_each(how, async |plan| {
        let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
        let catalog = bench.catalog(Arc::new(store.clone())).await;
        catalog.ingest(&full(&inventory), &()).await.unwrap();
        let before = (content(&catalog).await, all(&catalog, &bodies).await);
        // A process of its own: nothing is known of the store from before.
        let catalog = bench.catalog(Arc::new(store.clone())).await;
        store.set(plan);
        let outcome = catalog.regrid(&to("s2:6"), &()).await;
        let reached = store.ops() >= plan.at;
        store.set(Plan::default());
        let seen = (content(&catalog).await, all(&catalog, &bodies).await);
        assert_eq!(seen.1, before.1, "{plan:?}");
        let grid = catalog.info().await.unwrap().grid.spec;
        match &outcome {
            Ok(_) => assert_eq!(grid, "s2:6", "{plan:?}"),
            Err(error) => assert!(seen == before || grid == "s2:6", "{plan:?}: {error}"),
        }
        let done = catalog.regrid(&to("s2:6"), &()).await.unwrap();
        check_whole(&catalog, &done).await;
        reached
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_before() {
    at_every_operation(How::Die).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_after() {
    at_every_operation(How::DieAfter).await;
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
async fn another_writer_that_was_faster_wins() {
    let bench = Bench::new();
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let catalog = bench.catalog(store.clone()).await;
    catalog.ingest(&full(&bench.inventory("all", &bodies("item", ITEMS))), &()).await.unwrap();
    let head = catalog.table().head().await.unwrap().unwrap();
    let winner = catalog.regrid(&to("s2:6"), &()).await.unwrap();
    let names = || async {
        store.list(None).map_ok(|meta| meta.location).try_collect::<BTreeSet<_>>().await.unwrap()
    };
    let before = (content(&catalog).await, names().await);
    let parts = RegridParts {
        base: catalog.base().clone(),
        table: catalog.table().clone(),
        grid: catalog.grid().await.unwrap(),
        format: Arc::new(GeoParquet::default()),
        href: Arc::new(Plain),
    };
    let error = earthcatalog_pipeline::regrid(&parts, head, &to("s2:6").options, &()).await.unwrap_err();
    assert_eq!(earthcatalog::Error::from(error).kind(), ErrorKind::Conflict);
    // Nothing of the loser is left behind.
    assert_eq!((content(&catalog).await, names().await), before);
    check_whole(&catalog, &winner).await;
}
