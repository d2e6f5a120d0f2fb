//! What is written is read again, whatever the keys.

use earthcatalog_model::{ObjectRef, Timestamp};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::*;
use crate::open::{OpenOptions, open};

const FORMATS: [Format; 3] = [Format::Csv, Format::Parquet, Format::Ndjson];

fn written(objects: &[ObjectRef], format: Format) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), format).unwrap();
    let batch: ObjectBatch = objects.iter().collect();
    batch.iter().for_each(|object| writer.push(&object).unwrap());
    assert_eq!(writer.rows(), objects.len() as u64);
    writer.finish().unwrap()
}

fn read(body: Vec<u8>) -> Vec<ObjectRef> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let path = Path::from("x");
        store.put(&path, body.into()).await.unwrap();
        let inventory = open(store, path, "x", &OpenOptions::default()).await.unwrap();
        let batches: Vec<_> = inventory.batches().try_collect().await.unwrap();
        batches.iter().flat_map(|b| b.iter().map(|v| v.to_ref()).collect::<Vec<_>>()).collect()
    })
}

fn object() -> impl Strategy<Value = ObjectRef> {
    let text = || proptest::option::of("[a-z0-9]{1,9}");
    let micros = proptest::option::of(-62_000_000_000_000_000_i64..250_000_000_000_000_000);
    let flags = (any::<Option<bool>>(), any::<Option<bool>>());
    ("[a-z]{3}", "(?s).{1,40}", any::<Option<u64>>(), micros, text(), text(), flags).prop_map(
        |(bucket, key, size, micros, etag, version_id, (is_latest, is_delete_marker))| ObjectRef {
            bucket,
            key,
            size,
            last_modified: micros.and_then(Timestamp::from_micros),
            etag,
            version_id,
            is_latest,
            is_delete_marker,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(objects in proptest::collection::vec(object(), 1..20)) {
        for format in FORMATS {
            prop_assert_eq!(read(written(&objects, format)), objects.clone(), "{:?}", format);
        }
    }
}

#[test]
fn an_empty_listing_is_one_too() {
    for format in [Format::Csv, Format::Parquet] {
        assert!(read(written(&[], format)).is_empty());
    }
}

#[test]
fn endings_tell_the_format() {
    assert_eq!(Format::of_name("a/B.PARQUET"), Some(Format::Parquet));
    assert_eq!(Format::of_name("x.csv"), Some(Format::Csv));
    assert_eq!(Format::of_name("x.jsonl"), Some(Format::Ndjson));
    assert_eq!(Format::of_name("x.txt"), None);
}
