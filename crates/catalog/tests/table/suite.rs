//! What every table owes.

use std::collections::BTreeSet;
use std::sync::Arc;

use earthcatalog_catalog::{
    Change, CommitId, Error, Expiry, Filter, Head, History, IcebergOptions, IcebergTable, MemoryTable,
    Operation,
};
use earthcatalog_model::{CellId, Timestamp};
use earthcatalog_store::{Base, Stores};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use object_store::memory::InMemory;

use crate::sample::{append, change, file, grown, schema};

/// A table and the base that its files' locations begin with.
struct Fixture<'a> {
    table: &'a dyn History,
    base: &'a str,
}

impl Fixture<'_> {
    async fn head(&self) -> Head {
        self.table.head().await.unwrap().unwrap()
    }

    /// The files of the head, by the ends of their paths.
    async fn names(&self, filter: &Filter) -> BTreeSet<String> {
        let files = self.table.files(&self.head().await, filter).await.unwrap();
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().replace(".parquet", "");
        files.iter().map(|file| name(&file.path)).collect()
    }

    fn file(&self, name: &str, cell: &str, year: Option<i32>, rows: u64) -> earthcatalog_model::DataFile {
        file(self.base, name, cell, year, rows)
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The whole suite, on a table that is not there yet.
async fn check(table: &dyn History, base: &str) {
    let fixture = Fixture { table, base };
    begins(&fixture).await;
    keeps_what_it_is_given(&fixture).await;
    filters(&fixture).await;
    applies_a_commit_once(&fixture).await;
    replaces(&fixture).await;
    grows(&fixture).await;
    sets_properties(&fixture).await;
    expects_properties(&fixture).await;
    old_states_can_be_read(&fixture).await;
    rewrites(&fixture).await;
    replaces_all(&fixture).await;
    tells_its_history(&fixture).await;
    expires(&fixture).await;
}

async fn begins(f: &Fixture<'_>) {
    f.table.prepare().await.unwrap();
    assert_eq!(f.table.head().await.unwrap(), None);
    let made = f.table.commit(append("1", vec![f.file("a", "c1", Some(2020), 3)])).await.unwrap();
    let head = f.head().await;
    assert_eq!(made.head, head);
    assert_eq!(made.snapshot_id, head.snapshot_id);
    assert!(head.snapshot_id.is_some() && head.snapshot_time.is_some());
    assert_eq!(head.schema, schema());
    assert_eq!((head.rows, head.files, head.bytes), (Some(3), Some(1), Some(1003)));
    assert_eq!(head.location, format!("{}/warehouse/earthcatalog/stac_items", f.base));
}

async fn keeps_what_it_is_given(f: &Fixture<'_>) {
    let given = [
        f.file("b", "../x y=%2F", Some(2019), 5),
        f.file("c", "Grönland", None, 7),
        f.file("d", "c2", Some(1812), 1),
    ];
    f.table.commit(append("2", given.to_vec())).await.unwrap();
    let head = f.head().await;
    assert_eq!((head.rows, head.files), (Some(16), Some(4)));
    let files = f.table.files(&head, &Filter::default()).await.unwrap();
    for file in given {
        let mut found = files.iter().find(|found| found.path == file.path).unwrap().clone();
        let added = found.added.take().unwrap();
        assert!(Timestamp::now().micros() - added.micros() < 600_000_000, "{added}");
        assert_eq!(found, file);
    }
}

async fn filters(f: &Fixture<'_>) {
    let cells = |names: &[&str]| Some(names.iter().map(CellId::new).collect());
    let by_cell = Filter { cells: cells(&["c1", "Grönland", "none of them"]), ..Filter::default() };
    assert_eq!(f.names(&by_cell).await, set(&["a", "c"]));
    let time = |text: &str| Some(Timestamp::parse(text).unwrap());
    let since = Filter { time: Some((time("2020-01-01T00:00:00Z"), None)), ..Filter::default() };
    // The one without a datetime may hold anything.
    assert_eq!(f.names(&since).await, set(&["a", "c"]));
    assert_eq!(f.names(&Filter::default()).await, set(&["a", "b", "c", "d"]));
}

async fn applies_a_commit_once(f: &Fixture<'_>) {
    let before = f.head().await;
    let again = append("2", vec![f.file("again", "c1", Some(2020), 3)]);
    let answer = f.table.commit(again).await.unwrap();
    assert_eq!(answer.snapshot_id, before.snapshot_id);
    assert_eq!(f.head().await, before);
    let is_of = |id: &str| before.is_of(&CommitId::new(id));
    assert_eq!((is_of("1"), is_of("2"), is_of("3")), (false, true, false));
}

async fn replaces(f: &Fixture<'_>) {
    let head = f.head().await;
    let path = |name: &str, cell: &str, year| f.file(name, cell, year, 0).path;
    let remove = vec![path("a", "c1", Some(2020)), path("d", "c2", Some(1812))];
    let replace = |id: &str, remove: &[String], decided_on| Change {
        add: vec![f.file("e", "c1", Some(2020), 4)],
        decided_on,
        ..change(id, Operation::Replace { remove: remove.to_vec() })
    };
    let undecided = f.table.commit(replace("3a", &remove, None)).await;
    assert!(matches!(undecided, Err(Error::Invalid { .. })), "{undecided:?}");
    let stale = f.table.commit(replace("3b", &remove, Some(None))).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    assert_eq!(f.head().await, head);
    f.table.commit(replace("3", &remove, Some(head.snapshot_id))).await.unwrap();
    assert_eq!(f.names(&Filter::default()).await, set(&["b", "c", "e"]));
    let head = f.head().await;
    assert_eq!((head.rows, head.files), (Some(16), Some(3)));
    let gone = f.table.commit(replace("4", &remove, Some(head.snapshot_id))).await;
    assert!(matches!(gone, Err(Error::Conflict { .. })), "{gone:?}");
}

async fn grows(f: &Fixture<'_>) {
    let more = grown(&schema(), "more");
    let evolve = Change { schema: Some(more.clone()), ..append("5", vec![f.file("g", "c3", Some(2021), 1)]) };
    f.table.commit(evolve).await.unwrap();
    assert_eq!(f.head().await.schema, more);
    // Written under the older schema by someone who did not see the newer.
    f.table.commit(append("6", vec![f.file("h", "c3", Some(2021), 1)])).await.unwrap();
    assert_eq!(f.head().await.schema, more);
    let other = Change { schema: Some(grown(&schema(), "other")), ..append("7", Vec::new()) };
    let refused = f.table.commit(other).await;
    assert!(matches!(refused, Err(Error::SchemaConflict { .. })), "{refused:?}");
    assert_eq!(f.names(&Filter::default()).await, set(&["b", "c", "e", "g", "h"]));
}

async fn sets_properties(f: &Fixture<'_>) {
    let before = f.head().await;
    let set = |id: &str, value: Option<&str>| Change {
        properties: [("earthcatalog.x".to_owned(), value.map(str::to_owned))].into(),
        ..change(id, Operation::Properties)
    };
    let done = f.table.commit(set("8", Some("'ü'"))).await.unwrap();
    assert_eq!(done.snapshot_id, None);
    let head = f.head().await;
    assert_eq!(head.properties.get("earthcatalog.x").map(String::as_str), Some("'ü'"));
    assert_eq!(head.snapshot_id, before.snapshot_id);
    assert_ne!(head.metadata_location, before.metadata_location);
    // Known by its id though it made no snapshot.
    assert_eq!(f.table.commit(set("8", Some("other"))).await.unwrap().head, head);
    f.table.commit(set("9", None)).await.unwrap();
    assert_eq!(f.head().await.properties.get("earthcatalog.x"), None);
}

/// A property that a change was decided on is checked with the commit, whatever it does; the snapshot says nothing of it.
async fn expects_properties(f: &Fixture<'_>) {
    let before = f.head().await;
    let set = |id: &str, expected: Option<&str>, value: Option<&str>| Change {
        properties: [("earthcatalog.g".to_owned(), value.map(str::to_owned))].into(),
        expects: [("earthcatalog.g".to_owned(), expected.map(str::to_owned))].into(),
        decided_on: Some(before.snapshot_id),
        ..change(id, Operation::Properties)
    };
    f.table.commit(set("p1", None, Some("1"))).await.unwrap();
    let head = f.head().await;
    for late in [set("p2", None, Some("2")), set("p3", Some("2"), Some("3")), set("p4", Some(""), None)] {
        let append = Change {
            operation: Operation::Append,
            id: CommitId::new(format!("{}a", late.id)),
            ..late.clone()
        };
        for change in [late, append] {
            let refused = f.table.commit(change).await;
            assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        }
    }
    assert_eq!(f.head().await, head);
    // The same commit again is the commit that was made, not one that came late.
    assert_eq!(f.table.commit(set("p1", None, Some("1"))).await.unwrap().head, head);
    // Of two that were decided on one value, one gets in.
    let both =
        [f.table.commit(set("p5", Some("1"), Some("5"))), f.table.commit(set("p6", Some("1"), Some("6")))];
    let outcomes = futures::future::join_all(both).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|o| matches!(o, Ok(_) | Err(Error::Conflict { .. }))), "{outcomes:?}");
    let now = f.head().await.properties.get("earthcatalog.g").cloned();
    f.table.commit(set("p7", now.as_deref(), None)).await.unwrap();
    assert_eq!(f.head().await.properties.get("earthcatalog.g"), None);
    assert_eq!(f.head().await.snapshot_id, before.snapshot_id);
}

async fn old_states_can_be_read(f: &Fixture<'_>) {
    let old = f.head().await;
    let before = f.names(&Filter::default()).await;
    f.table.commit(append("10", vec![f.file("i", "c9", Some(2022), 1)])).await.unwrap();
    let files = f.table.files(&old, &Filter::default()).await.unwrap();
    assert_eq!(files.len(), before.len());
}

async fn rewrites(f: &Fixture<'_>) {
    let head = f.head().await;
    let remove = vec![f.file("e", "c1", Some(2020), 4).path];
    let rewrite = |id: &str, rows, decided_on| Change {
        add: vec![f.file("e2", "c1", Some(2020), rows)],
        decided_on,
        ..change(id, Operation::Rewrite { remove: remove.clone() })
    };
    for (id, rows, decided_on) in [("r1", 5, Some(head.snapshot_id)), ("r2", 4, None)] {
        let refused = f.table.commit(rewrite(id, rows, decided_on)).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let stale = f.table.commit(rewrite("r3", 4, Some(None))).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    assert_eq!(f.head().await, head);
    f.table.commit(rewrite("r", 4, Some(head.snapshot_id))).await.unwrap();
    assert_eq!(f.names(&Filter::default()).await, set(&["b", "c", "e2", "g", "h", "i"]));
    let last = f.table.snapshots().await.unwrap().pop().unwrap();
    assert_eq!((last.operation.as_str(), f.head().await.rows), ("replace", head.rows));
    let gone = f.table.commit(rewrite("r4", 4, Some(Some(last.id)))).await;
    assert!(matches!(gone, Err(Error::Conflict { .. })), "{gone:?}");
}

async fn replaces_all(f: &Fixture<'_>) {
    let head = f.head().await;
    let full = |id: &str, add| Change {
        add,
        schema: Some(head.schema.clone()),
        decided_on: Some(head.snapshot_id),
        ..change(id, Operation::ReplaceAll)
    };
    f.table.commit(full("11", vec![f.file("z", "c1", Some(2020), 2)])).await.unwrap();
    assert_eq!(f.names(&Filter::default()).await, set(&["z"]));
    let after = f.head().await;
    assert_eq!((after.rows, after.files, after.bytes), (Some(2), Some(1), Some(1002)));
    assert_eq!(after.uuid, head.uuid);
    let late = f.table.commit(full("12", Vec::new())).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    let emptied = Change { decided_on: Some(after.snapshot_id), ..full("13", Vec::new()) };
    f.table.commit(emptied).await.unwrap();
    assert_eq!((f.head().await.rows, f.head().await.files), (Some(0), Some(0)));
    assert_eq!(f.names(&Filter::default()).await, set(&[]));
}

async fn tells_its_history(f: &Fixture<'_>) {
    let snapshots = f.table.snapshots().await.unwrap();
    let commits: Vec<&str> = snapshots.iter().filter_map(|entry| entry.commit_id()).collect();
    assert_eq!(commits, ["1", "2", "3", "5", "6", "10", "r", "11", "13"]);
    let parents: Vec<Option<i64>> = snapshots.iter().map(|entry| entry.parent).collect();
    let ids = snapshots.iter().map(|entry| Some(entry.id));
    assert_eq!(parents, std::iter::once(None).chain(ids).take(snapshots.len()).collect::<Vec<_>>());
    assert!(snapshots.windows(2).all(|pair| pair.first().map(|s| s.time) <= pair.last().map(|s| s.time)));
    assert_eq!(snapshots.iter().filter(|entry| entry.current).count(), 1);
    assert_eq!(snapshots.last().map(|entry| Some(entry.id)), Some(f.head().await.snapshot_id));
    let second = snapshots.get(1).unwrap();
    let at = f.table.head_at(second.id).await.unwrap().unwrap();
    assert_eq!((at.snapshot_id, at.rows, at.files), (Some(second.id), Some(16), Some(4)));
    assert_eq!(at.snapshot_time, second.time);
    let files = f.table.files(&at, &Filter::default()).await.unwrap();
    assert_eq!(files.iter().map(|file| file.rows).sum::<u64>(), 16);
    assert_eq!(f.table.head_at(-1).await.unwrap(), None);
}

async fn expires(f: &Fixture<'_>) {
    let referenced = async || {
        let mut paths = BTreeSet::new();
        let mut note = |path: &str| {
            paths.insert(path.to_owned());
        };
        let head = f.table.referenced(&mut note).await.unwrap();
        assert_eq!(head, Some(f.head().await));
        paths.into_iter().filter(|path| path.ends_with(".parquet")).count()
    };
    assert_eq!(referenced().await, 10);
    let head = f.head().await;
    let all = f.table.snapshots().await.unwrap();
    let expire = |keep_last, before: Option<&str>| Expiry {
        keep_last,
        before: before.map(|text| Timestamp::parse(text).unwrap()),
    };
    assert_eq!(f.table.expirable(&expire(0, Some("2020-01-01"))).await.unwrap(), []);
    let planned = f.table.expirable(&expire(2, None)).await.unwrap();
    assert_eq!(f.table.snapshots().await.unwrap(), all);
    let gone = f.table.expire(&expire(2, None)).await.unwrap();
    assert_eq!((gone.as_slice(), planned.as_slice()), (all.get(..7).unwrap(), all.get(..7).unwrap()));
    assert_eq!(f.table.snapshots().await.unwrap(), all.get(7..).unwrap());
    assert_eq!(f.table.expire(&expire(2, None)).await.unwrap(), []);
    let now = f.head().await;
    assert_eq!(Head { metadata_location: head.metadata_location.clone(), ..now }, head);
    assert_eq!(f.table.head_at(all.first().unwrap().id).await.unwrap(), None);
    // Of the two that stay, one has a file and the current none.
    assert_eq!(referenced().await, 1);
    assert_eq!(f.table.expire(&expire(0, None)).await.unwrap().len(), 1);
    assert_eq!(f.table.snapshots().await.unwrap().len(), 1);
    assert_eq!(referenced().await, 0);
    f.table.commit(append("14", vec![f.file("last", "c1", Some(2020), 1)])).await.unwrap();
    assert_eq!(f.names(&Filter::default()).await, set(&["last"]));
}

/// Many writers at once; all of them get in, each once.
async fn check_race(table: Arc<dyn History>, base: &str) {
    let writers = (0..6).map(|i| {
        let (table, base) = (table.clone(), base.to_owned());
        tokio::spawn(async move {
            for j in 0..3 {
                let file = file(&base, &format!("r{i}-{j}"), "race", Some(2020), 1);
                table.commit(append(&format!("race-{i}-{j}"), vec![file])).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let head = table.head().await.unwrap().unwrap();
    assert_eq!(head.rows, Some(18));
    assert_eq!(table.files(&head, &Filter::default()).await.unwrap().len(), 18);
}

pub(crate) fn iceberg(base: &Base) -> Arc<dyn History> {
    Arc::new(IcebergTable::new(base.clone(), &IcebergOptions::default()))
}

#[tokio::test]
async fn in_memory() {
    check(&MemoryTable::new("memory://t"), "memory://t").await;
    check_race(Arc::new(MemoryTable::new("memory://t")), "memory://t").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn iceberg_in_a_store_in_memory() {
    let base = |name: &str| Base::with_store(Arc::new(InMemory::new()), name).unwrap();
    check(&*iceberg(&base("memory://suite/a b")), "memory://suite/a b").await;
    check_race(iceberg(&base("memory://race")), "memory://race").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn iceberg_on_a_local_folder() {
    let folder = tempfile::tempdir().unwrap();
    let base = |name: &str| {
        let url = folder.path().join(name).to_string_lossy().into_owned();
        Base::open(&Stores::new(Default::default()), &url).unwrap()
    };
    let suite = base("a b%20ü");
    check(&*iceberg(&suite), suite.url()).await;
    let race = base("race");
    check_race(iceberg(&race), race.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn iceberg_on_s3() {
    let server = S3Server::start(S3Options::default());
    let store = server.store("tables");
    let base = |name: &str| Base::with_store(store.clone(), &format!("s3://tables/{name}")).unwrap();
    let suite = base("suite");
    check(&*iceberg(&suite), suite.url()).await;
    let race = base("race");
    check_race(iceberg(&race), race.url()).await;
}
