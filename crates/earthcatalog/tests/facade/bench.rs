//! Items in a folder, inventories of them, and a catalog of them in any store.

use std::path::Path;
use std::sync::Arc;

use earthcatalog::{BucketMap, Catalog, Config, Counts, Ingest, PartitionStats, StoreOptions};
use earthcatalog_testkit::items::csv_inventory;
use earthcatalog_testkit::store::{How, Plan};
use object_store::ObjectStore;

/// What readers see: counts, and the partitions with their rows, files and bytes.
pub(crate) type Content = Option<(Counts, Vec<PartitionStats>)>;

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes bodies as `<name>-<number>.stac.json` and an inventory of them; the inventory's path.
    pub(crate) fn inventory(&self, name: &str, bodies: &[String]) -> String {
        let objects = bodies.iter().enumerate().map(|(i, body)| {
            let key = format!("{name}-{i:05}.stac.json");
            std::fs::write(self.path().join(&key), body).unwrap();
            (key, body.len() as u64)
        });
        let csv = csv_inventory("bench", &objects.collect::<Vec<_>>());
        let path = self.path().join(format!("{name}.csv"));
        std::fs::write(&path, csv).unwrap();
        path.display().to_string()
    }

    pub(crate) fn config(&self) -> Config {
        let map = BucketMap { bucket: "bench".to_owned(), url: self.path().display().to_string() };
        Config { store: StoreOptions { maps: vec![map], ..StoreOptions::default() }, ..Config::default() }
    }

    pub(crate) async fn catalog(&self, store: Arc<dyn ObjectStore>) -> Catalog {
        earthcatalog::open_store(store, "memory://facade/some base", &self.config()).await.unwrap()
    }
}

/// A full run of an inventory, without the lease.
pub(crate) fn full(inventory: &str) -> Ingest {
    let mut run = Ingest::new(inventory);
    run.options.mode = earthcatalog::Mode::Full;
    run.options.no_lock = true;
    run
}

pub(crate) async fn content(catalog: &Catalog) -> Content {
    match catalog.counts().await {
        Ok(counts) => Some((counts, catalog.stats().await.unwrap())),
        Err(earthcatalog::Error::NoCatalog { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Has `check` fail at every operation in turn, until it says that there were not so many.
pub(crate) async fn at_each(how: How, check: impl AsyncFn(Plan) -> bool) {
    let mut at = 1;
    while check(Plan { at, how }).await {
        at += 1;
    }
    assert!(at > 10, "{at} operations are too few to be true");
}
