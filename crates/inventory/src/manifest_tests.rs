//! Inventories under manifests, as pyarrow and Python wrote them (`fixtures/inventories`), and what can be wrong.

use std::sync::Arc;

use earthcatalog_model::ObjectRef;
use earthcatalog_testkit::store::{FailingStore, Plan};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use super::*;
use crate::open::{OpenOptions, open};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/inventories");
const DATED: &str = "2026-04-28T01-00Z";

async fn read(store: Arc<dyn ObjectStore>, path: &str, options: &OpenOptions) -> Result<Vec<ObjectRef>> {
    let inventory = open(store, Path::from(path), &format!("s3://inv/{path}"), options).await?;
    let mut read = Vec::new();
    for _ in 0..2 {
        let batches: Vec<_> = inventory.batches().try_collect().await?;
        read.push(batches.iter().flat_map(|b| b.iter().map(|v| v.to_ref()).collect::<Vec<_>>()).collect());
    }
    assert_eq!(read[0], read[1], "a second reading gives the same");
    Ok(read.swap_remove(0))
}

fn fixtures() -> Arc<dyn ObjectStore> {
    Arc::new(LocalFileSystem::new_with_prefix(FIXTURES).unwrap())
}

async fn expected() -> Vec<ObjectRef> {
    read(fixtures(), "expected.ndjson", &OpenOptions::default()).await.unwrap()
}

/// The S3 inventory of the fixtures in memory, at the root where S3 would have put it.
async fn copy(kind: &str) -> Arc<dyn ObjectStore> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let from = fixtures();
    let listed: Vec<_> = from.list(Some(&Path::from(format!("s3/{kind}")))).try_collect().await.unwrap();
    for meta in listed {
        let below = meta.location.as_ref().strip_prefix("s3/").unwrap();
        let body = from.get(&meta.location).await.unwrap().bytes().await.unwrap();
        store.put(&Path::from(format!("inventories/source-bucket/{below}")), body.into()).await.unwrap();
    }
    store
}

fn home(kind: &str, below: &str) -> String {
    format!("inventories/source-bucket/{kind}/{below}")
}

async fn put(store: &Arc<dyn ObjectStore>, path: &str, body: impl Into<PutPayload>) {
    store.put(&Path::from(path), body.into()).await.unwrap();
}

async fn refused(store: &Arc<dyn ObjectStore>, path: &str, expected: &[&str]) {
    let message = read(store.clone(), path, &OpenOptions::default()).await.unwrap_err().to_string();
    for part in expected {
        assert!(message.contains(part), "{message:?} should contain {part:?}");
    }
}

#[tokio::test]
async fn the_three_formats_of_s3_list_the_same_objects() {
    let expected = expected().await;
    assert_eq!(expected.len(), 9);
    for kind in ["csv", "parquet", "orc"] {
        let copy = copy(kind).await;
        for (store, path) in [
            (fixtures(), format!("s3/{kind}/{DATED}/manifest.json")),
            (fixtures(), format!("s3/{kind}")),
            (copy, home(kind, &format!("{DATED}/manifest.json"))),
        ] {
            let read = read(store, &path, &OpenOptions { batch_rows: 3, ..OpenOptions::default() }).await;
            assert_eq!(read.unwrap(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn reports_of_other_clouds_list_them_too() {
    let names =
        |objects: Vec<ObjectRef>| objects.into_iter().map(|o| (o.bucket, o.key, o.last_modified, o.etag));
    let of = |scheme: &str, expected: Vec<ObjectRef>| {
        let scheme = scheme.to_owned();
        expected
            .into_iter()
            .map(move |o| ObjectRef { bucket: format!("{scheme}{}", o.bucket), ..o })
            .collect()
    };
    let gcs =
        read(fixtures(), "gcs/report_2026-04-28T01-00_manifest.json", &OpenOptions::default()).await.unwrap();
    assert!(names(gcs).eq(names(of("gs://", expected().await))));
    let manifest = "azure/2026/04/28/01-00-00/rule/rule-manifest.json";
    let azure = read(fixtures(), manifest, &OpenOptions::default()).await.unwrap();
    assert_eq!(azure.iter().filter(|o| o.is_delete_marker == Some(true)).count(), 1);
    assert_eq!(azure.iter().filter(|o| o.is_latest == Some(false)).count(), 1);
    assert!(names(azure).eq(names(of("az://", expected().await))));
}

#[tokio::test]
async fn reports_of_other_clouds_in_parquet() {
    let of = |scheme: &'static str, objects: Vec<ObjectRef>| {
        objects
            .into_iter()
            .map(move |o| (format!("{scheme}{}", o.bucket), o.key, o.size, o.last_modified, o.etag))
    };
    let gcs = "gcs-parquet/report_2026-04-28T01-00_manifest.json";
    let gcs = read(fixtures(), gcs, &OpenOptions::default()).await.unwrap();
    assert!(of("", gcs).eq(of("gs://", expected().await)));
    let azure = "azure-parquet/rule/rule-manifest.json";
    let mut azure = read(fixtures(), azure, &OpenOptions::default()).await.unwrap();
    let snapshot = azure.pop().unwrap();
    assert_eq!((snapshot.key.as_str(), snapshot.is_latest), ("plain/a.stac.json", Some(false)));
    assert_eq!(azure.iter().filter(|o| o.is_delete_marker == Some(true)).count(), 1);
    assert_eq!(azure.iter().filter(|o| o.is_latest == Some(false)).count(), 1);
    assert!(of("", azure).eq(of("az://", expected().await)));
}

#[tokio::test]
async fn a_snapshot_in_azures_csv_is_no_live_object() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lines = "Name,Snapshot,IsCurrentVersion\nc/a,,true\nc/a,2026-03-02T00:00:00.0000000Z,\nc/b,,\n";
    put(&store, "rule/x.csv", lines).await;
    let manifest = r#"{"files": [{"blob": "rule/x.csv"}], "ruleDefinition": {"objectType": "blob"}}"#;
    put(&store, "rule/m.json", manifest).await;
    let objects = read(store, "rule/m.json", &OpenOptions::default()).await.unwrap();
    let latest: Vec<_> = objects.iter().map(|o| o.is_latest).collect();
    assert_eq!(latest, [Some(true), Some(false), None]);
}

#[tokio::test]
async fn files_are_hashed_once_however_often_they_are_read() {
    let store = FailingStore::new(copy("parquet").await, Plan::default());
    let path = Path::from(home("parquet", DATED));
    let options = OpenOptions::default();
    let inventory = open(Arc::new(store.clone()), path.join("manifest.json"), "x", &options).await.unwrap();
    let mut asked = Vec::new();
    for _ in 0..3 {
        store.set(Plan::default());
        let _: Vec<_> = inventory.batches().try_collect().await.unwrap();
        asked.push(store.ops());
    }
    // Each of the two files is read whole before it is read by its columns.
    assert_eq!((asked[0] - 2, asked[1]), (asked[1], asked[2]));
    put(&(Arc::new(store.clone()) as Arc<dyn ObjectStore>), &home("parquet", "data/part-0.parquet"), "x")
        .await;
    assert!(inventory.batches().try_collect::<Vec<_>>().await.is_err());
}

#[tokio::test]
async fn a_folder_is_its_newest_inventory() {
    let store = copy("csv").await;
    let older = r#"{"version": "2016-11-30", "fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": []}"#;
    put(&store, &home("csv", "2026-04-27T01-00Z/manifest.json"), older).await;
    // The newest is not written to its end.
    put(&store, &home("csv", "2026-04-29T01-00Z/manifest.tmp"), "x").await;
    let objects = read(store.clone(), &home("csv", ""), &OpenOptions::default()).await.unwrap();
    assert_eq!(objects, expected().await);
    refused(&store, "inventories", &["s3://inv/inventories is no inventory", "dated folders"]).await;
    refused(&store, "nowhere", &["failed to read the inventory s3://inv/nowhere"]).await;
    let older = read(store, &home("csv", "2026-04-27T01-00Z"), &OpenOptions::default()).await.unwrap();
    assert!(older.is_empty(), "an inventory of no files is an empty listing");
}

#[tokio::test]
async fn a_damaged_data_file_is_named_and_read_only_on_demand() {
    for (kind, file) in
        [("csv", "data/part-1.csv.gz"), ("parquet", "data/part-1.parquet"), ("orc", "data/part-1.orc")]
    {
        let store = copy(kind).await;
        let path = home(kind, file);
        let manifest = home(kind, &format!("{DATED}/manifest.json"));
        let text = store.get(&Path::from(manifest.as_str())).await.unwrap().bytes().await.unwrap();
        let mut document: serde_json::Value = serde_json::from_slice(&text).unwrap();
        document["files"][1]["MD5checksum"] = "0123456789abcdef0123456789abcdef".into();
        put(&store, &manifest, document.to_string()).await;
        refused(&store, &manifest, &["manifest.json has the MD5 checksum", "--no-checksum"]).await;
        store.delete(&Path::from(home(kind, &format!("{DATED}/manifest.checksum")))).await.unwrap();
        refused(&store, &manifest, &[&path, "has the MD5 checksum", "0123456789abcdef0123456789abcdef"])
            .await;
        let careless = OpenOptions { checksums: false, ..OpenOptions::default() };
        assert_eq!(read(store, &manifest, &careless).await.unwrap(), expected().await);
    }
}

#[tokio::test]
async fn a_missing_or_other_data_file_ends_it() {
    let store = copy("csv").await;
    let manifest = home("csv", DATED);
    put(&store, &home("csv", "data/part-1.csv.gz"), "short").await;
    refused(&store, &manifest, &["data/part-1.csv.gz", "it has 5"]).await;
    store.delete(&Path::from(home("csv", "data/part-1.csv.gz"))).await.unwrap();
    refused(&store, &manifest, &["names the data file", "data/part-1.csv.gz, which is not there"]).await;
}

#[tokio::test]
async fn what_is_no_manifest_of_today_is_refused() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    for (text, part) in [
        (
            r#"{"version": "2030-01-01", "fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": []}"#,
            "\"2030-01-01\"",
        ),
        (r#"{"version": "2016-11-30", "fileFormat": "Avro", "fileSchema": "", "files": []}"#, "\"Avro\""),
        (r#"{"version": "2016-11-30", "fileFormat": "CSV", "fileSchema": "Bucket, Key"}"#, "has no `files`"),
        (
            r#"{"version": "2016-11-30", "fileFormat": "CSV", "fileSchema": "Key", "files": [{"key": "k", "MD5checksum": "x"}]}"#,
            "is no MD5",
        ),
        (r#"{"ruleDefinition": {"objectType": "container"}, "files": []}"#, "not blobs"),
        (r#"{"ruleDefinition": {}, "status": "Failed", "files": []}"#, "not whole"),
        (r#"{"type": "FeatureCollection"}"#, "none of those known"),
        (r#"{"version": "#, "cannot be read"),
    ] {
        put(&store, "manifest.json", text).await;
        refused(&store, "manifest.json", &["the manifest s3://inv/manifest.json", part]).await;
    }
}
