//! Compactions: the items before are the items after, whatever else happens to the catalog or to the process.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use earthcatalog::model::{DataFile, Json};
use earthcatalog::{Catalog, CompactOptions, Compacted, ErrorKind, Event, Observer, Query};
use earthcatalog_catalog::{Change, CommitId, Filter, IcebergOptions, IcebergTable, Operation, Table};
use earthcatalog_hash_index::IndexFiles;
use earthcatalog_store::Base;
use earthcatalog_testkit::items::item;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use earthcatalog_writer::{Format, GeoParquet};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::bench::{Bench, at_each, full};

const BASE: &str = "memory://facade/some base";
const INDEX: &str = "earthcatalog.hash_index";

fn options() -> CompactOptions {
    CompactOptions { min_files: 2, no_lock: true, ..CompactOptions::default() }
}

/// Rows as (cell, item), in any order; the item in one spelling.
type Rows = BTreeSet<(String, String)>;

async fn rows(catalog: &Catalog) -> Rows {
    let mut rows = Rows::new();
    for file in catalog.files(&Query::default()).await.unwrap() {
        let path = catalog.base().resolve(&file.path).unwrap();
        let bytes = catalog.base().store().get(&path).await.unwrap().bytes().await.unwrap();
        for row in GeoParquet::default().items(bytes).unwrap() {
            let json = Json::parse(row.json.as_bytes()).unwrap().to_string();
            assert!(rows.insert((row.cell.unwrap().to_string(), json)), "a row is there twice");
        }
    }
    rows
}

async fn files(catalog: &Catalog) -> Vec<DataFile> {
    catalog.files(&Query::default()).await.unwrap()
}

async fn last_operation(catalog: &Catalog) -> String {
    catalog.history().await.unwrap().pop().unwrap().operation
}

/// A catalog in which every row of a full ingest is a file of its own, under different names.
struct Scattered {
    bench: Bench,
    store: FailingStore,
    memory: Arc<InMemory>,
}

impl Scattered {
    async fn new(n: usize) -> Self {
        let bench = Bench::new();
        // Side by side, so that many share their cells.
        let body = |i: usize| {
            let (lon, time) = (i as f64 / 20.0 - 45.0, format!("{}-05-01T12:00:00Z", 2020 + i % 2));
            item(&format!("scattered-{i:03}"), lon, 70.0, &time).to_string()
        };
        let inventory = bench.inventory("scattered", &(0..n).map(body).collect::<Vec<_>>());
        let memory = Arc::new(InMemory::new());
        let store = FailingStore::new(memory.clone(), Plan::default());
        let scattered = Self { bench, store, memory };
        scattered.catalog().await.ingest(&full(&inventory), &()).await.unwrap();
        scattered.scatter().await;
        scattered
    }

    /// A catalog that is the same, and goes its own way.
    fn fork(&self) -> Self {
        let memory = Arc::new(self.memory.fork());
        let store = FailingStore::new(memory.clone(), Plan::default());
        Self { bench: Bench::new(), store, memory }
    }

    async fn catalog(&self) -> Catalog {
        self.bench.catalog(Arc::new(self.store.clone())).await
    }

    fn base(&self) -> Base {
        Base::with_store(Arc::new(self.store.clone()), BASE).unwrap()
    }

    fn table(&self) -> IcebergTable {
        IcebergTable::new(self.base(), &IcebergOptions::default())
    }

    /// Writes every row as a file, and says that the index is current.
    async fn scatter(&self) {
        let (table, base) = (self.table(), self.base());
        let head = table.head().await.unwrap().unwrap();
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for file in table.files(&head, &Filter::default()).await.unwrap() {
            let path = base.resolve(&file.path).unwrap();
            let bytes = base.store().get(&path).await.unwrap().bytes().await.unwrap();
            let ids = GeoParquet::default().items(bytes.clone()).unwrap();
            for (i, row) in ids.iter().enumerate() {
                let json = Json::parse(row.json.as_bytes()).unwrap();
                let id = json.get("id").and_then(Json::as_str).unwrap();
                let one = GeoParquet::default().filter(&head.schema, bytes.clone(), &|other| other == id);
                let one = one.unwrap().unwrap();
                let rel = format!("warehouse/{}/{i}.parquet", file.partition.hive_path());
                base.put(&rel, one.bytes.clone()).await.unwrap();
                add.push(DataFile {
                    path: base.location(&rel),
                    rows: one.rows,
                    bytes: one.bytes.len() as u64,
                    columns: one.columns,
                    split_offsets: one.split_offsets,
                    ..file.clone()
                });
            }
            remove.push(file.path);
        }
        let index = IndexFiles::new("scatter").to_json().unwrap();
        let change = Change {
            add,
            decided_on: Some(head.snapshot_id),
            properties: [(INDEX.to_owned(), Some(index))].into(),
            ..change("scatter", Operation::Replace { remove })
        };
        table.commit(change).await.unwrap();
    }
}

fn change(id: &str, operation: Operation) -> Change {
    Change {
        id: CommitId::new(id),
        operation,
        add: Vec::new(),
        schema: None,
        properties: Default::default(),
        decided_on: None,
        expects: Default::default(),
        summary: Default::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_become_one_a_partition() {
    let scattered = Scattered::new(40).await;
    let catalog = scattered.catalog().await;
    let (before, stats) = (rows(&catalog).await, catalog.stats().await.unwrap());
    let many = stats.iter().filter(|p| p.file_count > 1).count() as u64;
    assert!(many > 1, "{stats:?}");
    let planned = catalog.compact(&CompactOptions { dry_run: true, ..options() }, &()).await.unwrap();
    assert_eq!((planned.partitions, planned.files_after, planned.snapshots.len()), (many, None, 0));
    assert_eq!(rows(&catalog).await, before);
    let done = catalog.compact(&options(), &()).await.unwrap();
    assert_eq!((done.partitions, done.files_after, done.duplicates), (many, Some(many), 0));
    assert_eq!((done.files_before, done.rows), (planned.files_before, planned.rows));
    assert_eq!((done.snapshots.len(), done.given_way), (1, 0));
    assert_eq!(last_operation(&catalog).await, "replace");
    assert_eq!(rows(&catalog).await, before);
    assert!(catalog.stats().await.unwrap().iter().all(|p| p.file_count == 1));
    let head = catalog.table().head().await.unwrap().unwrap();
    let index = IndexFiles::from_json(head.properties.get(INDEX).unwrap()).unwrap();
    assert!(head.is_of(&CommitId::new(index.commit)), "the index is current still");
    let again = catalog.compact(&options(), &()).await.unwrap();
    assert_eq!((again.files_before, again.snapshots.len()), (0, 0));
    // The lease is taken and given back.
    let locked = CompactOptions { no_lock: false, ..options() };
    catalog.compact(&locked, &()).await.unwrap();
    assert_eq!(earthcatalog::lease::read(&catalog.base().locks()[0]).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_not_current_is_left_as_it_is() {
    let scattered = Scattered::new(12).await;
    let catalog = scattered.catalog().await;
    scattered.table().commit(change("another", Operation::Append)).await.unwrap();
    catalog.compact(&options(), &()).await.unwrap();
    let head = catalog.table().head().await.unwrap().unwrap();
    let index = IndexFiles::from_json(head.properties.get(INDEX).unwrap()).unwrap();
    assert_eq!(index.commit, "scatter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_larger_than_the_memory_is_merged_in_parts() {
    let scattered = Scattered::new(40).await;
    let catalog = scattered.catalog().await;
    let before = rows(&catalog).await;
    let largest = files(&catalog).await.iter().map(|file| file.bytes).max().unwrap();
    let memory = CompactOptions { memory: 40 * largest, ..options() };
    let done = catalog.compact(&memory, &()).await.unwrap();
    assert!(
        done.files_after < Some(done.files_before) && done.files_after > Some(done.partitions),
        "{done:?}"
    );
    assert_eq!(rows(&catalog).await, before);
}

/// A table into which another writer commits at the first, or at every, commit of ours.
struct Contended {
    table: IcebergTable,
    base: Base,
    always: bool,
    done: AtomicBool,
    does: Other,
}

/// What the other writer does.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    /// Replaces a file by a copy of it.
    Replaces,
    /// Appends a copy of a file.
    Appends,
    /// Names another index of the same snapshot, as a delta does that finds only rejected objects.
    NamesAnIndex,
}

/// By which the index of [`Other::NamesAnIndex`] is known.
const NAMED: u64 = 4242;

impl Contended {
    async fn other_writer(&self) {
        let head = self.table.head().await.unwrap().unwrap();
        if self.does == Other::NamesAnIndex {
            let before = IndexFiles::from_json(head.properties.get(INDEX).unwrap()).unwrap();
            let named = IndexFiles { unique_items: NAMED, ..before }.to_json().unwrap();
            let properties = [(INDEX.to_owned(), Some(named))].into();
            let change = Change { properties, ..change("names-an-index", Operation::Properties) };
            self.table.commit(change).await.unwrap();
            return;
        }
        let live = self.table.files(&head, &Filter::default()).await.unwrap();
        let file = live.iter().min_by(|a, b| a.path.cmp(&b.path)).unwrap();
        let name = uuid::Uuid::new_v4();
        let rel = format!("warehouse/{}/other-{name}.parquet", file.partition.hive_path());
        let from = self.base.resolve(&file.path).unwrap();
        let bytes = self.base.store().get(&from).await.unwrap().bytes().await.unwrap();
        self.base.put(&rel, bytes).await.unwrap();
        let copy = DataFile { path: self.base.location(&rel), ..file.clone() };
        let operation = match self.does {
            Other::Replaces => Operation::Replace { remove: vec![file.path.clone()] },
            _ => Operation::Append,
        };
        let change = Change {
            add: vec![copy],
            decided_on: Some(head.snapshot_id),
            ..change(&name.to_string(), operation)
        };
        self.table.commit(change).await.unwrap();
    }
}

#[async_trait]
impl Table for Contended {
    async fn head(&self) -> earthcatalog_catalog::Result<Option<earthcatalog_catalog::Head>> {
        self.table.head().await
    }

    async fn files(
        &self,
        head: &earthcatalog_catalog::Head,
        filter: &Filter,
    ) -> earthcatalog_catalog::Result<Vec<DataFile>> {
        self.table.files(head, filter).await
    }

    async fn commit(&self, change: Change) -> earthcatalog_catalog::Result<earthcatalog_catalog::Committed> {
        if self.always || !self.done.swap(true, Ordering::SeqCst) {
            self.other_writer().await;
        }
        self.table.commit(change).await
    }
}

async fn contend(
    scattered: &Scattered,
    always: bool,
    does: Other,
) -> earthcatalog_pipeline::Result<Compacted> {
    let (table, base) = (scattered.table(), scattered.base());
    let contended = Contended { table, base: base.clone(), always, done: AtomicBool::new(false), does };
    let format = Arc::new(GeoParquet::default());
    earthcatalog_pipeline::compact(&base, &contended, format, &options(), &()).await
}

/// Files in the store below the warehouse that no snapshot of the table's names.
async fn strays(scattered: &Scattered, known: &BTreeSet<String>) -> Vec<String> {
    use futures::TryStreamExt;
    let base = scattered.base();
    let live = files(&scattered.catalog().await).await;
    let live: BTreeSet<String> = live.iter().map(|f| base.resolve(&f.path).unwrap().to_string()).collect();
    let listed = base.store().list(Some(&base.path("warehouse"))).try_collect::<Vec<_>>().await.unwrap();
    let parquet =
        listed.into_iter().map(|meta| meta.location.to_string()).filter(|p| p.ends_with(".parquet"));
    parquet.filter(|path| !live.contains(path) && !known.contains(path)).collect()
}

async fn all_files(scattered: &Scattered) -> BTreeSet<String> {
    strays(scattered, &BTreeSet::new())
        .await
        .into_iter()
        .chain(
            files(&scattered.catalog().await)
                .await
                .iter()
                .map(|f| scattered.base().resolve(&f.path).unwrap().to_string()),
        )
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_append_and_a_compaction_both_are_there() {
    let scattered = Scattered::new(20).await;
    let catalog = scattered.catalog().await;
    let (before, count) = (rows(&catalog).await, catalog.counts().await.unwrap().rows);
    let done = contend(&scattered, false, Other::Appends).await.unwrap();
    assert_eq!((done.snapshots.len(), done.given_way), (1, 0));
    assert_eq!(catalog.counts().await.unwrap().rows, count + 1, "the copy that the other writer appended");
    // Merged with the row it is a copy of, only one of the two is left.
    let done = catalog.compact(&options(), &()).await.unwrap();
    assert_eq!(done.duplicates, 1);
    assert_eq!(last_operation(&catalog).await, "overwrite", "rows went");
    assert_eq!(rows(&catalog).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_writer_replaced_is_decided_anew() {
    let scattered = Scattered::new(20).await;
    let catalog = scattered.catalog().await;
    let before = rows(&catalog).await;
    let known = all_files(&scattered).await;
    let done = contend(&scattered, false, Other::Replaces).await.unwrap();
    assert_eq!(done.given_way, 0, "{done:?}");
    assert!(!done.snapshots.is_empty());
    assert_eq!(rows(&catalog).await, before);
    let left = strays(&scattered, &known).await;
    assert!(left.iter().all(|path| path.contains("/other-")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_that_never_gets_in_gives_way() {
    let scattered = Scattered::new(20).await;
    let catalog = scattered.catalog().await;
    let before = rows(&catalog).await;
    let known = all_files(&scattered).await;
    let error = earthcatalog::Error::from(contend(&scattered, true, Other::Appends).await.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let left = strays(&scattered, &known).await;
    assert_eq!(left, Vec::<String>::new(), "files of attempts that failed are removed");
    assert_eq!(rows_as_set(&catalog).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_another_writer_named_meanwhile_stays() {
    let scattered = Scattered::new(20).await;
    let catalog = scattered.catalog().await;
    let before = rows(&catalog).await;
    let done = contend(&scattered, false, Other::NamesAnIndex).await.unwrap();
    assert_eq!((done.snapshots.len(), done.given_way), (1, 0));
    assert_eq!(rows(&catalog).await, before);
    let head = catalog.table().head().await.unwrap().unwrap();
    let index = IndexFiles::from_json(head.properties.get(INDEX).unwrap()).unwrap();
    assert_eq!(index.unique_items, NAMED);
    assert!(head.is_of(&CommitId::new(index.commit)), "and it is current still");
}

#[tokio::test(flavor = "multi_thread")]
async fn compactions_race() {
    let scattered = Scattered::new(40).await;
    let catalog = scattered.catalog().await;
    let before = rows(&catalog).await;
    let racers: Vec<_> = (0..4)
        .map(|_| {
            let catalog = catalog.clone();
            tokio::spawn(async move { catalog.compact(&options(), &()).await })
        })
        .collect();
    let mut merged = 0;
    for racer in racers {
        merged += racer.await.unwrap().unwrap().files_after.unwrap();
    }
    let stats = catalog.stats().await.unwrap();
    assert!(stats.iter().all(|p| p.file_count == 1), "{stats:?}");
    assert!(merged > 1, "{merged}");
    assert_eq!(rows(&catalog).await, before);
}

/// As [`rows`], of a catalog whose rows may be there twice.
async fn rows_as_set(catalog: &Catalog) -> Rows {
    catalog.compact(&options(), &()).await.unwrap();
    rows(catalog).await
}

/// Asks for a stop as soon as something is committed.
struct Impatient(earthcatalog::Stop);

impl Observer for Impatient {
    fn on_event(&self, event: &Event<'_>) {
        if matches!(event, Event::Writing { .. }) {
            self.0.stop();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compaction_can_be_stopped() {
    let scattered = Scattered::new(12).await;
    let catalog = scattered.catalog().await;
    let (before, known) = (rows(&catalog).await, all_files(&scattered).await);
    let options = options();
    let stopped = catalog.compact(&options, &Impatient(options.stop.clone())).await.unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Interrupted, "{stopped}");
    assert_eq!(rows(&catalog).await, before);
    assert_eq!(strays(&scattered, &known).await, Vec::<String>::new());
}

async fn at_every_operation(how: How) {
    let original = Scattered::new(8).await;
    let expected = rows(&original.catalog().await).await;
    at_each(how, async |plan| {
        let scattered = original.fork();
        let store: Arc<dyn ObjectStore> = Arc::new(scattered.store.clone());
        let catalog = scattered.bench.catalog(store).await;
        scattered.store.set(plan);
        let outcome = catalog.compact(&options(), &()).await;
        let reached = scattered.store.ops() >= plan.at;
        scattered.store.set(Plan::default());
        // A process of its own.
        let catalog = scattered.catalog().await;
        assert_eq!(rows(&catalog).await, expected, "{plan:?}: {outcome:?}");
        catalog.compact(&options(), &()).await.unwrap();
        assert_eq!(rows(&catalog).await, expected, "{plan:?}, again");
        assert!(catalog.stats().await.unwrap().iter().all(|p| p.file_count == 1), "{plan:?}");
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

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_lost() {
    at_every_operation(How::Ambiguous).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_fails() {
    at_every_operation(How::Once).await;
}
