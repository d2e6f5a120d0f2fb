//! What only the Iceberg table has to stand: files of others, and files that are broken.

use std::sync::Arc;

use earthcatalog_catalog::{Error, Filter, IcebergOptions, IcebergTable, Table};
use earthcatalog_store::{Base, Stores};
use earthcatalog_testkit::s3::{S3Options, S3Server};
use object_store::memory::InMemory;

use crate::sample::{append, file};
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
