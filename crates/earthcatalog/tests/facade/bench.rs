//! Items in a folder, inventories of them, and a catalog of them in any store.

use std::path::Path;
use std::sync::Arc;

use earthcatalog::{
    BucketMap, Bulk, BulkOptions, BulkTask, Catalog, Config, Counts, Ingest, PartitionStats, Phase, Report,
    ResolveOptions, StoreOptions, TaskOptions,
};
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

/// The same run as tasks: chunks of three objects, the last first, every second task twice, files of three rows.
pub(crate) async fn bulk(catalog: &Catalog, run: &Ingest) -> earthcatalog::Result<Report> {
    let options = BulkOptions { chunk_size: 3, compact_rows: 3, staging: None };
    let plan = catalog.bulk_plan(&Bulk { ingest: run.clone(), options }, &()).await?;
    tasks(catalog, &plan.run).await?;
    let options = TaskOptions { no_lock: true, ..TaskOptions::default() };
    catalog.bulk_finish(&plan.run, ResolveOptions::default(), &options, &()).await
}

/// Stages what is not staged.
async fn tasks(catalog: &Catalog, run: &str) -> earthcatalog::Result<()> {
    for number in catalog.bulk_undone(run, Phase::Stage).await?.into_iter().rev() {
        let task = BulkTask::new(run, Phase::Stage, number);
        let report = catalog.bulk_task(&task, &TaskOptions::default(), &()).await?;
        if number % 2 == 0 {
            assert_eq!(catalog.bulk_task(&task, &TaskOptions::default(), &()).await?, report);
        }
    }
    Ok(())
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
