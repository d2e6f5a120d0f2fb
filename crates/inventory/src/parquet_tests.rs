//! Parquet files as others write them.

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use earthcatalog_model::{ObjectRef, Timestamp};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::*;
use crate::open::{OpenOptions, open};

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1000)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

async fn read_with(body: Vec<u8>, options: &OpenOptions) -> Result<Vec<ObjectRef>> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("inventory.parquet");
    store.put(&path, body.into()).await.unwrap();
    let inventory = open(store, path, "s3://user:pw@b/inventory.parquet?sig=1", options).await?;
    let batches: Vec<_> = inventory.batches().try_collect().await?;
    Ok(batches.iter().flat_map(|batch| batch.iter().map(|view| view.to_ref()).collect::<Vec<_>>()).collect())
}

async fn read(columns: Vec<(&str, ArrayRef)>) -> Result<Vec<ObjectRef>> {
    read_with(file(columns), &OpenOptions::default()).await
}

async fn refused(columns: Vec<(&str, ArrayRef)>, expected: &str) {
    let message = read(columns).await.unwrap_err().to_string();
    assert!(message.contains(expected) && !message.contains("pw"), "{message:?} should contain {expected:?}");
}

#[tokio::test]
async fn every_column_is_read_whatever_is_between() {
    let nested = StructArray::from(RecordBatch::try_from_iter([("key", text(&["x"]))]).unwrap());
    let objects = read(vec![
        ("extra", Arc::new(nested)),
        ("LastModifiedDate", Arc::new(TimestampMillisecondArray::from(vec![1_577_836_800_123]))),
        ("Key", text(&["a%2Fb+c.json"])),
        ("e_tag", text(&["e"])),
        ("size", Arc::new(Int64Array::from(vec![5]))),
        ("bucket", text(&["b"])),
        ("is_latest", Arc::new(BooleanArray::from(vec![true]))),
        ("is_delete_marker", text(&["false"])),
        ("version_id", text(&["v"])),
    ]);
    let expected = ObjectRef {
        size: Some(5),
        last_modified: Timestamp::parse("2020-01-01T00:00:00.123Z").ok(),
        etag: Some("e".to_owned()),
        version_id: Some("v".to_owned()),
        is_latest: Some(true),
        is_delete_marker: Some(false),
        ..ObjectRef::new("b", "a%2Fb+c.json")
    };
    assert_eq!(objects.await.unwrap(), [expected]);
}

#[tokio::test]
async fn row_groups_follow_one_another() {
    let keys: Vec<_> = (0..2500).map(|i| format!("folder/with/a/long/name/{i}.stac.json")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let options =
        OpenOptions { default_bucket: Some("d".to_owned()), batch_rows: 700, ..OpenOptions::default() };
    let objects = read_with(file(vec![("key", text(&keys))]), &options).await.unwrap();
    assert!(objects.iter().map(|object| object.key.as_str()).eq(keys));
    assert!(objects.iter().all(|object| object.bucket == "d"));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    refused(vec![("bucket", text(&["b"])), ("name", text(&["k"]))], "no column `key`; it has: bucket, name")
        .await;
    refused(vec![("key", text(&["k"]))], "no column `bucket`; name the bucket").await;
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    refused(
        vec![("bucket", text(&["b"])), ("key", number.clone())],
        "column `key` of type Int64; expected text",
    )
    .await;
    let negative: ArrayRef = Arc::new(Int64Array::from(vec![-1]));
    refused(vec![("bucket", text(&["b"])), ("key", text(&["k"])), ("size", negative)], "row 0: ").await;
    let gaps: ArrayRef = Arc::new(StringArray::from(vec![Some("k"), None]));
    refused(vec![("bucket", text(&["b", "b"])), ("key", gaps.clone())], "row 1: the key is empty").await;
    refused(vec![("bucket", gaps), ("key", text(&["k", "k"]))], "row 1: the bucket is missing").await;
}

#[tokio::test]
async fn a_truncated_file_is_an_error() {
    let whole = file(vec![("bucket", text(&["b"; 2500])), ("key", text(&["k"; 2500]))]);
    for cut in [5, whole.len() / 2, whole.len() - 1] {
        assert!(read_with(whole[..cut].to_vec(), &OpenOptions::default()).await.is_err(), "{cut}");
    }
}

#[tokio::test]
async fn the_name_holds_no_secret_and_the_identity_follows_the_content() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("x");
    let mut identities = Vec::new();
    for bucket in ["b", "c"] {
        store
            .put(&path, file(vec![("bucket", text(&[bucket])), ("key", text(&["k"]))]).into())
            .await
            .unwrap();
        let url = "https://user:pw@host/x?sig=1";
        let inventory = open(store.clone(), path.clone(), url, &OpenOptions::default()).await.unwrap();
        assert_eq!(inventory.name(), "https://host/x");
        identities.push(inventory.identity().to_owned());
    }
    assert!(
        identities[0].starts_with("https://host/x#etag=") && identities[0] != identities[1],
        "{identities:?}"
    );
}
