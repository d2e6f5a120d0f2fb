//! What is done with one input, by the fuzzer and by the test that replays its corpus.

use std::sync::Arc;

use earthcatalog_inventory::{Error, Inventory, OpenOptions, open};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// Bucket and key of each row, and its size.
type Rows = Vec<(String, String, Option<u64>)>;

/// Gives an input to a target. Returns false for one that is refused, and panics where a promise is broken.
pub(crate) fn try_one(target: &str, input: &[u8]) -> bool {
    match target {
        "csv" => csv(input),
        "manifest" => manifest(input),
        "urlcode" => urlcode(input),
        "ndjson" => ndjson(input),
        other => unreachable!("{other} is no target"),
    }
}

/// A CSV text behind a byte that says how it is to be read; the size of batches changes nothing.
fn csv(input: &[u8]) -> bool {
    let Some((choice, text)) = input.split_first() else { return false };
    let flag = |bit: u8| choice & bit != 0;
    let columns = ["bucket", "key", "size", "last_modified_date", "is_latest"];
    let count = 2 + usize::from(choice >> 4) % 4;
    let options = OpenOptions {
        columns: flag(1).then(|| columns.iter().take(count).map(|name| (*name).to_owned()).collect()),
        url_encoded: flag(2).then_some(flag(4)),
        default_bucket: flag(8).then(|| "default".to_owned()),
        ..OpenOptions::default()
    };
    let whole = read(&[("x.csv", text)], "x.csv", &options);
    let by_one = read(&[("x.csv", text)], "x.csv", &OpenOptions { batch_rows: 1, ..options });
    match (whole, by_one) {
        (Ok(whole), Ok(by_one)) => {
            assert_eq!(whole, by_one);
            assert!(whole.iter().all(|(_, key, _)| !key.is_empty()), "a key is empty");
            true
        }
        (Err(whole), Err(by_one)) => {
            assert_eq!(whole.to_string(), by_one.to_string());
            false
        }
        (whole, by_one) => panic!("{whole:?} in one batch, {by_one:?} row by row"),
    }
}

/// Lines of JSON. Neither the size of batches nor a line before them that has an escape, so that each is looked at alone, changes
/// anything.
fn ndjson(input: &[u8]) -> bool {
    let options = OpenOptions { default_bucket: Some("default".to_owned()), ..OpenOptions::default() };
    let first = b"{\"href\":\"s3://b/first\",\"size\":1}\n";
    let escaped = b"{\"href\":\"s3://b/\\u0066irst\",\"size\":1}\n";
    let rows = |first: &[u8], batch_rows| {
        let text = [first, input].concat();
        read(&[("x.ndjson", &text)], "x.ndjson", &OpenOptions { batch_rows, ..options.clone() })
    };
    let whole = rows(first, 16_384);
    for other in [rows(first, 1), rows(escaped, 16_384)] {
        match (&whole, other) {
            (Ok(whole), Ok(other)) => assert_eq!(*whole, other),
            (Err(whole), Err(other)) => assert_eq!(whole.to_string(), other.to_string()),
            (whole, other) => panic!("{whole:?} as it is, {other:?} in another way"),
        }
    }
    whole.is_ok()
}

/// A manifest beside a data file `data.csv`.
fn manifest(input: &[u8]) -> bool {
    let files = [("in/m.json", input), ("in/data.csv", &b"b,k\nb,l\n"[..])];
    read(&files, "in/m.json", &OpenOptions::default()).is_ok()
}

/// Longer than what is looked at to tell a file's kind.
const BUCKET: &str = "a-bucket-of-some-length";

/// A text, as the key that it encodes, and as a key that is encoded and comes back.
fn urlcode(input: &[u8]) -> bool {
    let Ok(key) = std::str::from_utf8(input) else { return false };
    let options = |url_encoded| OpenOptions {
        columns: Some(vec!["bucket".to_owned(), "key".to_owned()]),
        url_encoded: Some(url_encoded),
        ..OpenOptions::default()
    };
    let rows = |text: String, encoded| read(&[("x.csv", text.as_bytes())], "x.csv", &options(encoded));
    if key.is_empty() {
        return false;
    }
    let encoded: String = input.iter().map(|byte| format!("%{byte:02x}")).collect();
    let back = rows(format!("{BUCKET},{encoded}\n"), true).expect("an encoded key is a key");
    assert_eq!(back.first().map(|(_, key, _)| key.as_str()), Some(key));
    let quoted = format!("{BUCKET},\"{}\"\n", key.replace('"', "\"\""));
    let literal = rows(quoted.clone(), false).expect("a quoted key is a key");
    assert_eq!(literal.first().map(|(_, key, _)| key.as_str()), Some(key));
    rows(quoted, true).is_ok()
}

fn read(files: &[(&str, &[u8])], path: &str, options: &OpenOptions) -> Result<Rows, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("there is a runtime");
    runtime.block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for (name, bytes) in files {
            store.put(&Path::from(*name), bytes.to_vec().into()).await.expect("memory takes it");
        }
        let inventory: Box<dyn Inventory> = open(store, Path::from(path), path, options).await?;
        let mut rows = Vec::new();
        let mut batches = inventory.batches();
        while let Some(batch) = batches.try_next().await? {
            rows.extend(batch.iter().map(|o| (o.bucket().to_owned(), o.key().to_owned(), o.size())));
        }
        Ok(rows)
    })
}
