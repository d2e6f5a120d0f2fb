//! CSV files as people have them.

use std::io::Write;
use std::sync::Arc;

use earthcatalog_model::{ObjectRef, Timestamp};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::*;
use crate::open::{OpenOptions, open};

async fn read_with(body: Vec<u8>, options: &OpenOptions) -> Result<Vec<ObjectRef>> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("inventory.csv");
    store.put(&path, body.into()).await.unwrap();
    let inventory = open(store, path, "inventory.csv", options).await?;
    let batches: Vec<_> = inventory.batches().try_collect().await?;
    assert!(batches.iter().all(|batch| batch.len() <= options.batch_rows.max(1)));
    Ok(batches.iter().flat_map(|batch| batch.iter().map(|view| view.to_ref()).collect::<Vec<_>>()).collect())
}

async fn read(body: &str) -> Result<Vec<ObjectRef>> {
    read_with(body.as_bytes().to_vec(), &OpenOptions::default()).await
}

async fn refused(body: &str, expected: &str) {
    let message = read(body).await.unwrap_err().to_string();
    assert!(message.contains(expected), "{message:?} should contain {expected:?}");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn with(options: impl FnOnce(&mut OpenOptions)) -> OpenOptions {
    let mut changed = OpenOptions::default();
    options(&mut changed);
    changed
}

#[tokio::test]
async fn every_column_is_read() {
    let text = "\u{feff}Bucket,Key,VersionId,IsLatest,IsDeleteMarker,Size,LastModifiedDate,ETag,StorageClass\r\n\
                \"b\",\"a b+%41.json\",\"v\",\"true\",\"false\",\"12\",\"2020-01-02T03:04:05.000Z\",\"\"\"e\"\"\",X\r\n\
                b,k,,,,,,,\r\n";
    let objects = read(text).await.unwrap();
    let full = ObjectRef {
        size: Some(12),
        last_modified: Timestamp::parse("2020-01-02T03:04:05Z").ok(),
        etag: Some("e".to_owned()),
        version_id: Some("v".to_owned()),
        is_latest: Some(true),
        is_delete_marker: Some(false),
        ..ObjectRef::new("b", "a b+%41.json")
    };
    assert_eq!(objects, [full, ObjectRef::new("b", "k")]);
}

#[tokio::test]
async fn mistakes_are_named_by_line() {
    refused("bucket,key,size\nb,k,1\nb,k,x\n", "inventory.csv line 3: size \"x\" is no number of bytes")
        .await;
    refused("bucket,key,size\nb,k\n", "line 2: 2 fields instead of 3").await;
    refused("bucket,key\nb,\n", "line 2: the key is empty").await;
    refused("bucket,key\n,k\n", "line 2: the bucket is empty").await;
    refused(
        "bucket,key,last_modified\nb,k,yesterday\n",
        "line 2: last_modified \"yesterday\" is no timestamp",
    )
    .await;
    refused("bucket,key,is_latest\nb,k,maybe\n", "line 2: is_latest \"maybe\" is neither").await;
    refused("bucket,key\n\"b\nb\",k\nb,\"k\n", "line 4: a quoted field has no end").await;
    refused("bucket,name\nb,k\n", "has no column `key`; it has: bucket, name; where its first line").await;
    refused("key\nk\n", "no column `bucket`; name the bucket").await;
    refused("", "is empty").await;
    refused("\n\n", "is empty").await;
    let message = read_with(b"bucket,key\nb,\xff\n".to_vec(), &OpenOptions::default()).await.unwrap_err();
    assert!(message.to_string().contains("line 2: key is no UTF-8"), "{message}");
}

#[tokio::test]
async fn a_header_alone_is_an_empty_listing() {
    assert!(read("bucket,key\n").await.unwrap().is_empty());
}

#[tokio::test]
async fn the_options_say_what_the_file_does_not() {
    let bucket = with(|o| o.default_bucket = Some("d".to_owned()));
    assert_eq!(read_with(b"key\nk\n".to_vec(), &bucket).await.unwrap(), [ObjectRef::new("d", "k")]);
    let mixed = read_with(b"bucket,key\n,k\nc,k\n".to_vec(), &bucket).await.unwrap();
    assert_eq!(mixed, [ObjectRef::new("d", "k"), ObjectRef::new("c", "k")]);
    let columns = with(|o| o.columns = Some(vec!["Bucket".to_owned(), "Key".to_owned()]));
    let aws = read_with(gzip("\"b\",\"a+b%2C%C3%A9.json\"\n"), &columns).await.unwrap();
    assert_eq!(aws, [ObjectRef::new("b", "a b,é.json")]);
    let encoded = with(|o| o.url_encoded = Some(true));
    assert_eq!(
        read_with(b"bucket,key\nb,a%2Fb\n".to_vec(), &encoded).await.unwrap(),
        [ObjectRef::new("b", "a/b")]
    );
    let wrong = read_with(b"bucket,key\nb,a%2\n".to_vec(), &encoded).await.unwrap_err();
    assert!(wrong.to_string().contains("line 2: \"a%2\" is not URL-encoded"), "{wrong}");
}

/// What is set aside for values is bounded by the text, not by its header times its lines: these would be a terabyte.
#[tokio::test]
async fn a_wide_header_over_blank_lines_is_an_empty_listing() {
    let text = format!("bucket,key{}\n{}", ",x".repeat(400_000), "\n".repeat(700_000));
    assert!(read(&text).await.unwrap().is_empty());
}

fn many(rows: usize) -> String {
    let mut text = "bucket,key,size\n".to_owned();
    (0..rows).for_each(|i| text.push_str(&format!("b,folder/{i}.stac.json,{i}\n")));
    text
}

#[tokio::test]
async fn gzip_is_streamed_and_members_are_joined() {
    let small = with(|o| o.batch_rows = 1000);
    let objects = read_with(gzip(&many(50_000)), &small).await.unwrap();
    assert_eq!(objects.len(), 50_000);
    assert_eq!(objects.last().unwrap().key, "folder/49999.stac.json");
    let mut two = gzip("bucket,key\nb,1\n");
    two.extend(gzip("b,2\n"));
    assert_eq!(read_with(two, &small).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_truncated_gzip_is_never_a_short_listing() {
    let whole = gzip(&many(5_000));
    for cut in [11, 100, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let error = read_with(whole[..cut].to_vec(), &OpenOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains("damaged or cut off"), "{cut}: {error}");
    }
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x55;
    assert!(read_with(damaged, &OpenOptions::default()).await.is_err());
}

/// It is decompressed on a thread of its own.
#[tokio::test]
async fn a_large_gzip_is_read_as_a_small_one_is() {
    let rows = 300_000;
    let text = many(rows);
    let whole = gzip(&text);
    assert!(whole.len() > 3 << 19, "{}", whole.len());
    let small = with(|o| o.batch_rows = 1000);
    let objects = read_with(whole.clone(), &small).await.unwrap();
    assert_eq!(objects.len(), rows);
    assert!(objects.iter().enumerate().all(|(i, object)| object.size == Some(i as u64)));
    for cut in [whole.len() / 2, whole.len() - 1] {
        let error = read_with(whole[..cut].to_vec(), &small).await.unwrap_err();
        assert!(error.to_string().contains("damaged or cut off"), "{cut}: {error}");
    }
    let wrong = text.replace("b,folder/200000.", "b,x,folder/200000.");
    let error = read_with(gzip(&wrong), &small).await.unwrap_err();
    assert!(error.to_string().contains("line 200002: 4 fields instead of 3"), "{error}");
}

#[tokio::test]
async fn a_stream_dropped_early_ends_the_reading() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("inventory.csv");
    store.put(&path, many(200_000).into()).await.unwrap();
    let options = with(|o| o.batch_rows = 10);
    let inventory = open(store, path, "inventory.csv", &options).await.unwrap();
    let mut batches = inventory.batches();
    assert_eq!(batches.try_next().await.unwrap().unwrap().len(), 10);
    drop(batches);
    assert_eq!(
        inventory.batches().try_fold(0, |n, b| async move { Ok(n + b.len()) }).await.unwrap(),
        200_000
    );
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_an_error() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("inventory.csv");
    store.put(&path, many(10).into()).await.unwrap();
    let inventory =
        open(store.clone(), path.clone(), "inventory.csv", &OpenOptions::default()).await.unwrap();
    store.put(&path, many(9).into()).await.unwrap();
    let error = inventory.batches().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
}
