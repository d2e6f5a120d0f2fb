//! What only the Iceberg table has to stand: files of others, and files that are broken.

use std::collections::BTreeSet;
use std::sync::Arc;

use earthcatalog_catalog::{
    Change, Error, Expiry, Filter, History, IcebergOptions, IcebergTable, Operation, Table,
};
use earthcatalog_model::CellId;
use earthcatalog_store::{Base, Stores};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::memory::InMemory;

use crate::sample::{append, change, file};
use crate::suite::iceberg;

const BASE: &str = "memory://iceberg";

async fn base_with_a_table() -> Base {
    let base = Base::with_store(Arc::new(InMemory::new()), BASE).unwrap();
    iceberg(&base).commit(append("1", vec![file(BASE, "a", "c1", Some(2020), 1)])).await.unwrap();
    base
}

#[tokio::test]
async fn metadata_that_is_missing_or_broken_is_named() {
    let base = base_with_a_table().await;
    let table = iceberg(&base);
    let head = table.head().await.unwrap().unwrap();
    let rel = head.metadata_location.strip_prefix("memory://iceberg/").unwrap().to_owned();
    let whole = base.get(&rel).await.unwrap().unwrap();
    for broken in [None, Some("{}".into()), Some(whole.slice(..whole.len() / 2))] {
        match broken {
            Some(bytes) => base.put(&rel, bytes).await.unwrap(),
            None => base.delete(&rel).await.unwrap(),
        }
        let error = table.head().await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains(&head.metadata_location), "{error}");
        let refused = table.commit(append("2", Vec::new())).await.unwrap_err();
        assert!(matches!(refused, Error::Corrupt { .. }), "{refused}");
    }
}

/// Manifests are written before it is known whether all that is to go is there.
#[tokio::test]
async fn a_refused_commit_leaves_no_manifest() {
    let store = Arc::new(InMemory::new());
    let base = Base::with_store(store.clone(), BASE).unwrap();
    let files = ["a", "b"].map(|name| file(BASE, name, "c1", Some(2020), 1));
    let head = iceberg(&base).commit(append("1", files.to_vec())).await.unwrap();
    let objects = || async {
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        listed.into_iter().map(|object| object.location).collect::<BTreeSet<_>>()
    };
    let before = objects().await;
    let remove = vec![files[0].path.clone(), format!("{}-of-another", files[1].path)];
    let replace = Change { decided_on: Some(head.snapshot_id), ..change("2", Operation::Replace { remove }) };
    let refused = iceberg(&base).commit(replace).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    assert_eq!(objects().await, before);
}

#[tokio::test]
async fn compressed_metadata_is_read() {
    use std::io::Write;
    let base = base_with_a_table().await;
    let head = iceberg(&base).head().await.unwrap().unwrap();
    let rel = head.metadata_location.strip_prefix("memory://iceberg/").unwrap().to_owned();
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(&base.get(&rel).await.unwrap().unwrap()).unwrap();
    base.put(&rel, zip.finish().unwrap().into()).await.unwrap();
    assert_eq!(iceberg(&base).head().await.unwrap().unwrap(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_conditions_is_refused_unless_told_otherwise() {
    let server = S3Server::start(S3Options { ignore_conditions: true, ..S3Options::default() });
    let base = Base::with_store(server.store("unsafe"), "s3://unsafe/x").unwrap();
    let table = iceberg(&base);
    assert!(matches!(table.prepare().await, Err(Error::NoConditionalPut { .. })));
    let refused = table.commit(append("1", Vec::new())).await;
    assert!(matches!(refused, Err(Error::NoConditionalPut { .. })), "{refused:?}");
    assert_eq!(table.head().await.unwrap(), None);
    let table = IcebergTable::new(base, &IcebergOptions { unsafe_no_cas: true });
    for i in 0..3 {
        let one = file("s3://unsafe/x", &i.to_string(), "c1", Some(2020), 1);
        table.commit(append(&i.to_string(), vec![one])).await.unwrap();
    }
    assert_eq!(table.head().await.unwrap().unwrap().rows, Some(3));
}

#[tokio::test]
async fn a_base_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "a file, and no folder").unwrap();
    let url = folder.path().join("file/catalog").to_string_lossy().into_owned();
    let table = iceberg(&Base::open(&Stores::new(Default::default()), &url).unwrap());
    let error = table.commit(append("1", vec![])).await.unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}

#[tokio::test]
async fn a_large_commit_makes_several_manifests_that_prune() {
    let base = Base::with_store(Arc::new(InMemory::new()), BASE).unwrap();
    let table = iceberg(&base);
    let many = (0..4500).map(|i| file(BASE, &i.to_string(), &format!("c{i:04}"), Some(2020), 1));
    table.commit(append("many", many.collect())).await.unwrap();
    let head = table.head().await.unwrap().unwrap();
    let one = Filter { cells: Some(["c4321".into()].into()), ..Filter::default() };
    assert_eq!(table.files(&head, &one).await.unwrap().len(), 1);
    assert_eq!(table.files(&head, &Filter::default()).await.unwrap().len(), 4500);
}

/// Manifests that the current snapshot refers to, by way of a table that has no other.
async fn manifest_count(table: &dyn History) -> usize {
    let all = Expiry { keep_last: 1, before: None };
    table.expire(&all).await.unwrap();
    let mut manifests = BTreeSet::new();
    let mut note = |path: &str| {
        if path.ends_with(".avro") && !path.contains("/snap-") {
            manifests.insert(path.to_owned());
        }
    };
    table.referenced(&mut note).await.unwrap();
    manifests.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn manifests_do_not_pile_up() {
    let base = Base::with_store(Arc::new(InMemory::new()), BASE).unwrap();
    let table = iceberg(&base);
    let mut expected = BTreeSet::new();
    for i in 0..230 {
        // Every tenth commit is as large as a day's delta may be.
        let size = if i % 10 == 0 { 120 } else { 1 };
        let name = |j: usize| format!("f{i:03}-{j:03}");
        let cell = |j: usize| format!("c{}", (i + j) % 7);
        let files: Vec<_> =
            (0..size).map(|j| file(BASE, &name(j), &cell(j), Some(2020), 1 + j as u64)).collect();
        expected.extend(files.iter().map(|file| (file.path.clone(), file.rows)));
        let head = table.commit(append(&i.to_string(), files)).await.unwrap().head;
        assert_eq!(head.files, Some(expected.len() as u64));
    }
    let head = table.head().await.unwrap().unwrap();
    let time = head.snapshot_time.unwrap();
    let files = table.files(&head, &Filter::default()).await.unwrap();
    assert_eq!(files.iter().map(|f| (f.path.clone(), f.rows)).collect::<BTreeSet<_>>(), expected);
    assert_eq!(files.len(), expected.len());
    // A file keeps the snapshot that added it, whichever manifest it is in.
    let first = files.iter().filter(|file| file.path.contains("/f000-")).map(|file| file.added.unwrap());
    assert!(first.clone().count() == 120 && first.max().unwrap() < time);
    let manifests = manifest_count(&*table).await;
    // The 23 large ones stay as they are.
    assert!((24..=130).contains(&manifests), "{manifests} manifests of 230 commits");
    // What is in a merged manifest can be replaced and pruned as ever.
    let one_cell = Filter { cells: Some([CellId::new("c3")].into()), ..Filter::default() };
    let in_cell = files.iter().filter(|file| file.partition.cell.as_str() == "c3").count();
    assert_eq!(table.files(&head, &one_cell).await.unwrap().len(), in_cell);
    let remove: Vec<String> = expected.iter().take(200).map(|(path, _)| path.clone()).collect();
    let head = table.head().await.unwrap().unwrap();
    let replace =
        Change { decided_on: Some(head.snapshot_id), ..change("replace", Operation::Replace { remove }) };
    let after = table.commit(replace).await.unwrap().head;
    assert_eq!(after.files, Some(expected.len() as u64 - 200));
    assert_eq!(table.files(&after, &Filter::default()).await.unwrap().len(), expected.len() - 200);
}
