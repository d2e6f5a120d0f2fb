//! History, expiry and garbage: what readers may still ask for stays, the rest goes, and no writer loses a file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use earthcatalog::model::{DataFile, Timestamp};
use earthcatalog::{At, Catalog, CompactOptions, ErrorKind, ExpireOptions, GcOptions, Query};
use earthcatalog_catalog::{
    Change, Committed, Expiry, Filter, Head, History, IcebergOptions, IcebergTable, SnapshotEntry, Table,
};
use earthcatalog_store::Base;
use earthcatalog_testkit::items::items;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use futures::TryStreamExt;
use object_store::memory::InMemory;

use crate::bench::{Bench, Content, content, full};

const BASE: &str = "memory://facade/some base";

/// Everything that is not of this very moment is old enough.
fn all_old() -> GcOptions {
    GcOptions { grace: Duration::from_millis(1), no_lock: true, ..GcOptions::default() }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// A catalog of three full ingests, one after the other.
struct Tidy {
    bench: Bench,
    store: FailingStore,
    memory: Arc<InMemory>,
    contents: Vec<Content>,
}

impl Tidy {
    async fn new() -> Self {
        let bench = Bench::new();
        let memory = Arc::new(InMemory::new());
        let store = FailingStore::new(memory.clone(), Plan::default());
        let mut tidy = Self { bench, store, memory, contents: Vec::new() };
        for n in [2, 4, 3] {
            let bodies: Vec<String> = items(&format!("of-{n}"), n).iter().map(ToString::to_string).collect();
            let inventory = tidy.bench.inventory(&format!("of-{n}"), &bodies);
            let catalog = tidy.catalog().await;
            catalog.ingest(&full(&inventory), &()).await.unwrap();
            tidy.contents.push(content(&catalog).await);
            pause().await;
        }
        tidy
    }

    /// A catalog that is the same, and goes its own way.
    fn fork(&self) -> Self {
        let memory = Arc::new(self.memory.fork());
        let store = FailingStore::new(memory.clone(), Plan::default());
        Self { bench: Bench::new(), store, memory, contents: self.contents.clone() }
    }

    async fn catalog(&self) -> Catalog {
        self.bench.catalog(Arc::new(self.store.clone())).await
    }

    fn base(&self) -> Base {
        Base::with_store(Arc::new(self.store.clone()), BASE).unwrap()
    }

    async fn files(&self) -> BTreeSet<String> {
        let listed = self.base().store().list(None).try_collect::<Vec<_>>().await.unwrap();
        listed.into_iter().map(|meta| meta.location.to_string()).collect()
    }

    /// Every state that the history names can be read, and its files are there.
    async fn check_states(&self, expected: &[&Content]) {
        let catalog = self.catalog().await;
        let history = catalog.history().await.unwrap();
        assert_eq!(history.len(), expected.len());
        for (entry, expected) in history.iter().zip(expected) {
            let at = catalog.clone().at(At::Snapshot(entry.snapshot_id));
            let (stats, rows) = (at.stats().await.unwrap(), at.counts().await.unwrap().rows);
            let (counts, partitions) = expected.as_ref().unwrap();
            assert_eq!((&stats, rows, entry.rows), (partitions, counts.rows, Some(counts.rows)));
            for file in at.files(&Query::default()).await.unwrap() {
                let path = self.base().resolve(&file.path).unwrap();
                assert!(self.files().await.contains(path.as_ref()), "{path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_can_be_seen_as_it_was() {
    let tidy = Tidy::new().await;
    tidy.check_states(&tidy.contents.iter().collect::<Vec<_>>()).await;
    let catalog = tidy.catalog().await;
    let history = catalog.history().await.unwrap();
    let rows: Vec<_> = tidy.contents.iter().map(|c| c.as_ref().unwrap().0.rows).collect();
    let mut before = 0;
    for (entry, rows) in history.iter().zip(rows) {
        assert_eq!((entry.added_rows, entry.removed_rows), (Some(rows), Some(before)));
        assert!(entry.run_id.is_some() && entry.commit_id.is_some());
        before = rows;
    }
    let [first, second, last] = history.as_slice() else { panic!("{history:?}") };
    let time =
        |entry: &earthcatalog::HistoryEntry| Timestamp::parse(entry.committed.as_ref().unwrap()).unwrap();
    let counts = async |at: At| catalog.clone().at(at).counts().await;
    let found = counts(At::Time(time(second))).await.unwrap();
    assert_eq!((found.rows, found.unique_items), (second.rows.unwrap(), None));
    let between = Timestamp::from_micros(time(last).micros() - 1).unwrap();
    assert_eq!(counts(At::Time(between)).await.unwrap().rows, second.rows.unwrap());
    assert_eq!(counts(At::Time(Timestamp::now())).await.unwrap(), catalog.counts().await.unwrap());
    for unknown in [At::Snapshot(7), At::Time(Timestamp::from_micros(time(first).micros() - 1).unwrap())] {
        let error = counts(unknown).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(error.to_string().contains(&last.snapshot_id.to_string()), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_garbage_and_nothing_else() {
    let tidy = Tidy::new().await;
    let catalog = tidy.catalog().await;
    let nothing = catalog.gc(&all_old(), &()).await.unwrap();
    assert_eq!((nothing.deleted, nothing.garbage.len()), (4, 4), "the indexes of older states: {nothing:?}");
    assert!(nothing.garbage.iter().all(|garbage| garbage.kind == "index"), "{nothing:?}");
    tidy.check_states(&tidy.contents.iter().collect::<Vec<_>>()).await;

    let keep = ExpireOptions { keep_last: 1, ..ExpireOptions::default() };
    let planned = catalog.expire(&ExpireOptions { dry_run: true, ..keep.clone() }).await.unwrap();
    assert_eq!((planned.expired.len(), planned.kept), (2, 1));
    assert_eq!(catalog.history().await.unwrap().len(), 3);
    let expired = catalog.expire(&keep).await.unwrap();
    assert_eq!((expired.expired, expired.kept), (planned.expired, 1));
    pause().await;

    // Files that are not the catalog's, or not garbage for other reasons.
    let base = tidy.base();
    let strangers = [
        "notes.txt",
        "warehouse/notes.txt",
        "warehouse/other/table/metadata/x.avro",
        "warehouse_id_hashes.parquet",
        ".lock",
    ];
    for name in strangers {
        base.put(name, "x".into()).await.unwrap();
    }
    let leftover = "runs/dead/staged/0.ndjson.zst";
    base.put(leftover, "x".into()).await.unwrap();
    pause().await;
    let before = tidy.files().await;
    let dry = catalog.gc(&GcOptions { dry_run: true, ..all_old() }, &()).await.unwrap();
    assert_eq!((tidy.files().await, dry.deleted), (before.clone(), 0));
    let done = catalog.gc(&all_old(), &()).await.unwrap();
    assert_eq!((done.deleted, &done.garbage), (dry.garbage.len() as u64, &dry.garbage));
    let after = tidy.files().await;
    let gone: BTreeSet<String> = before.difference(&after).cloned().collect();
    let listed = done.garbage.iter().map(|g| base.resolve(&g.path).unwrap().to_string());
    assert_eq!(gone, listed.collect());
    let kinds: BTreeSet<&str> = done.garbage.iter().map(|garbage| garbage.kind).collect();
    assert_eq!(kinds, ["data", "metadata", "run"].into());
    assert!(gone.contains(base.path(leftover).as_ref()));
    for name in strangers {
        assert!(after.contains(base.path(name).as_ref()), "{name}");
    }
    let reports = after.iter().filter(|path| path.ends_with("report.json")).count();
    assert_eq!(reports, 3);
    tidy.check_states(&[tidy.contents.last().unwrap()]).await;
    assert_eq!(content(&catalog).await, *tidy.contents.last().unwrap());
    assert!(catalog.get("of-3-0001").await.unwrap().is_some());

    let old_runs = GcOptions { runs_older_than: Some(Duration::from_millis(1)), ..all_old() };
    assert_eq!(catalog.gc(&old_runs, &()).await.unwrap().deleted, 3);
    assert_eq!(catalog.gc(&old_runs, &()).await.unwrap().deleted, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_wait_for_their_commit_are_young() {
    let tidy = Tidy::new().await;
    let catalog = tidy.catalog().await;
    catalog.expire(&ExpireOptions { keep_last: 1, ..ExpireOptions::default() }).await.unwrap();
    let before = tidy.files().await;
    let done = catalog.gc(&GcOptions { no_lock: true, ..GcOptions::default() }, &()).await.unwrap();
    assert_eq!((done.deleted, done.garbage.len()), (0, 0));
    assert!(done.young > 5, "{done:?}");
    assert_eq!(tidy.files().await, before);
}

/// Whoever embeds the catalog runs it on threads of their own.
#[tokio::test]
async fn what_tidies_can_be_spawned() {
    let bench = Bench::new();
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let work = async move {
        let expired = catalog.expire(&ExpireOptions::default()).await.is_err();
        let compacted = catalog.compact(&CompactOptions::default(), &()).await.is_err();
        let collected = catalog.gc(&GcOptions::default(), &()).await.is_err();
        let looked = catalog.at(At::Snapshot(1)).stats().await.is_err();
        [expired, compacted, collected, looked]
    };
    assert_eq!(tokio::spawn(work).await.unwrap(), [true; 4], "there is no catalog");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_garbage_without_a_table() {
    let bench = Bench::new();
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    catalog.base().put("warehouse_index/x.parquet", "x".into()).await.unwrap();
    pause().await;
    let error = catalog.gc(&all_old(), &()).await.unwrap_err();
    assert!(error.to_string().contains("there is no catalog"), "{error}");
    assert!(catalog.base().get("warehouse_index/x.parquet").await.unwrap().is_some());
}

/// A table to which another writer commits a file, old by then, just after it was asked what it refers to.
struct Overtaken {
    table: IcebergTable,
    late: std::sync::Mutex<Option<Change>>,
}

#[async_trait]
impl Table for Overtaken {
    async fn head(&self) -> earthcatalog_catalog::Result<Option<Head>> {
        self.table.head().await
    }

    async fn files(&self, head: &Head, filter: &Filter) -> earthcatalog_catalog::Result<Vec<DataFile>> {
        self.table.files(head, filter).await
    }

    async fn commit(&self, change: Change) -> earthcatalog_catalog::Result<Committed> {
        self.table.commit(change).await
    }
}

#[async_trait]
impl History for Overtaken {
    async fn snapshots(&self) -> earthcatalog_catalog::Result<Vec<SnapshotEntry>> {
        self.table.snapshots().await
    }

    async fn head_at(&self, snapshot: i64) -> earthcatalog_catalog::Result<Option<Head>> {
        self.table.head_at(snapshot).await
    }

    async fn expire(&self, expiry: &Expiry) -> earthcatalog_catalog::Result<Vec<SnapshotEntry>> {
        self.table.expire(expiry).await
    }

    async fn expirable(&self, expiry: &Expiry) -> earthcatalog_catalog::Result<Vec<SnapshotEntry>> {
        self.table.expirable(expiry).await
    }

    async fn referenced(
        &self,
        each: &mut (dyn for<'p> FnMut(&'p str) + Send),
    ) -> earthcatalog_catalog::Result<Option<Head>> {
        let head = self.table.referenced(each).await?;
        let late = self.late.lock().unwrap().take();
        if let Some(change) = late {
            self.table.commit(change).await?;
        }
        Ok(head)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_between_keeps_its_files() {
    let tidy = Tidy::new().await;
    let base = tidy.base();
    let table = IcebergTable::new(base.clone(), &IcebergOptions::default());
    let head = table.head().await.unwrap().unwrap();
    let file = table.files(&head, &Filter::default()).await.unwrap().remove(0);
    let rel = format!("warehouse/{}/late.parquet", file.partition.hive_path());
    let bytes = base.store().get_opts(&base.resolve(&file.path).unwrap(), Default::default()).await.unwrap();
    base.put(&rel, bytes.bytes().await.unwrap()).await.unwrap();
    pause().await;
    let late = Change {
        id: earthcatalog_catalog::CommitId::new("late"),
        operation: earthcatalog_catalog::Operation::Append,
        add: vec![DataFile { path: base.location(&rel), ..file }],
        schema: None,
        properties: Default::default(),
        decided_on: None,
        expects: Default::default(),
        summary: Default::default(),
    };
    let overtaken = Overtaken { table, late: std::sync::Mutex::new(Some(late)) };
    earthcatalog_pipeline::gc(&base, &overtaken, &all_old(), &()).await.unwrap();
    assert!(base.get(&rel).await.unwrap().is_some());
    let head = overtaken.table.head().await.unwrap().unwrap();
    for file in overtaken.table.files(&head, &Filter::default()).await.unwrap() {
        assert!(tidy.files().await.contains(base.resolve(&file.path).unwrap().as_ref()), "{}", file.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_dies_takes_nothing_that_is_needed() {
    let original = Tidy::new().await;
    let keep = ExpireOptions { keep_last: 2, ..ExpireOptions::default() };
    original.catalog().await.expire(&keep).await.unwrap();
    pause().await;
    for how in [How::Die, How::DieAfter, How::Once] {
        let mut at = 1;
        loop {
            let tidy = original.fork();
            let catalog = tidy.catalog().await;
            tidy.store.set(Plan { at, how });
            let outcome = catalog.gc(&all_old(), &()).await;
            let reached = tidy.store.ops() >= at;
            tidy.store.set(Plan::default());
            tidy.check_states(&tidy.contents.iter().skip(1).collect::<Vec<_>>()).await;
            assert!(outcome.is_ok() || reached, "{how:?} at {at}: {outcome:?}");
            if !reached {
                break;
            }
            at += 1;
        }
        assert!(at > 12, "{at}");
    }
}
