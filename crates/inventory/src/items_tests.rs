use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use parquet::arrow::ArrowWriter;

use super::*;

async fn open(bytes: Vec<u8>) -> Result<ItemsFile> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("in/items");
    store.put(&path, bytes.into()).await.unwrap();
    let object = ObjectRef::new("b", "in/items");
    let source = ItemsSource { store, path, url: "https://u:p@b/in/items?sig=x".to_owned(), object };
    open_items(source, of_rows).await
}

/// An item of each id; some rows are refused.
fn of_rows(batch: &RecordBatch) -> std::result::Result<Vec<RowItem>, String> {
    let ids = batch.column_by_name("id").unwrap().as_string::<i32>();
    let item = |id: Option<&str>| match id {
        Some("bad") => Err("it is bad".to_owned()),
        id => Ok(RowItem {
            json: format!("{{\"id\":{id:?}}}").replace("Some(", "").replace(')', ""),
            ..RowItem::default()
        }),
    };
    ids.iter().map(item).collect()
}

/// The keys, and what is there.
async fn all(file: &ItemsFile) -> Vec<(String, String)> {
    let batches: Vec<_> = file.batches().try_collect().await.unwrap();
    let objects: Vec<_> =
        batches.iter().flat_map(|batch| batch.iter().map(|o| o.to_ref()).collect::<Vec<_>>()).collect();
    let text = |object: &ObjectRef| match file.item(object).unwrap() {
        Ok(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Err(error) => format!("{error:?}"),
    };
    objects.iter().map(|object| (object.key.clone(), text(object))).collect()
}

async fn check(text: &str, expected: &[(&str, &str)]) {
    let gzip = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for bytes in [text.as_bytes().to_vec(), gzip, zstd] {
        let file = open(bytes).await.unwrap();
        let found = all(&file).await;
        let found: Vec<_> = found.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
        assert_eq!(found, expected, "{text}");
        assert_eq!(file.name(), "https://b/in/items");
    }
}

#[tokio::test]
async fn items_a_line() {
    let expected =
        [("in/items#a", r#"{"id":"a"}"#), ("in/items#line=3", "{broken"), ("in/items#b", r#"{"id":"b"}"#)];
    check("\u{feff}{\"id\":\"a\"}\r\n\n{broken\n{\"id\":\"b\"}", &expected).await;
    check("\u{1e}{\"id\":\"a\"}\n", &[("in/items#a", r#"{"id":"a"}"#)]).await;
    check("{\"id\":\n{\"id\":\"b\"}", &[("in/items#line=1", "{\"id\":"), ("in/items#b", r#"{"id":"b"}"#)])
        .await;
}

#[tokio::test]
async fn features_of_a_collection() {
    let expected = [("in/items#a", r#"{"id":"a", "x": ["]"]}"#), ("in/items#feature=1", "7")];
    check(
        r#"{"type": "FeatureCollection", "features": [ {"id":"a", "x": ["]"]}, 7 ], "links": []}"#,
        &expected,
    )
    .await;
    check(r#"[{"id":"a", "x": ["]"]},7]"#, &expected).await;
    check(r#"{"features":[]}"#, &[]).await;
    check("{\n  \"id\": \"a\"\n}\n", &[("in/items#a", "{\n  \"id\": \"a\"\n}")]).await;
}

#[tokio::test]
async fn a_cut_file_is_an_error() {
    for text in [
        r#"{"type":"FeatureCollection","features":[{"id":"a"},{"id""#,
        r#"{"type":"FeatureCollection","features":[{"id":"a"}"#,
        r#"{"type":"FeatureCollection","features":[{"id":"a"}]"#,
        r#"[{"id":"a"},"#,
    ] {
        let error = open(text.into()).await.unwrap_err().to_string();
        assert!(error.contains("in/items ends within its items"), "{text}: {error}");
        assert!(!error.contains("sig") && !error.contains("u:p"), "{error}");
    }
    let gzip = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all("{\"id\":\"a\"}\n".repeat(1000).as_bytes()).unwrap();
        let mut bytes = encoder.finish().unwrap();
        bytes.truncate(bytes.len() / 2);
        bytes
    };
    let error = open(gzip).await.unwrap_err().to_string();
    assert!(error.contains("is damaged or cut off"), "{error}");
}

#[tokio::test]
async fn what_has_no_items_is_an_error() {
    let error = open(b"id,name\n".to_vec()).await.unwrap_err().to_string();
    assert!(error.contains("holds no items"), "{error}");
    assert!(matches!(open(Vec::new()).await, Err(Error::Empty { .. })));
    let error = open(parquet("key", &["a"])).await.unwrap_err().to_string();
    assert!(error.contains("no stac-geoparquet: it has no column `id`"), "{error}");
}

fn parquet(name: &str, ids: &[&str]) -> Vec<u8> {
    let column: ArrayRef = Arc::new(StringArray::from(ids.to_vec()));
    let batch = RecordBatch::try_from_iter([(name, column)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[tokio::test]
async fn rows_of_parquet() {
    let ids: Vec<String> =
        (0..600).map(|i| if i == 300 { "bad".to_owned() } else { format!("i{i}") }).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let file = open(parquet("id", &ids)).await.unwrap();
    let found = all(&file).await;
    assert_eq!(found.len(), 600);
    for (i, (key, text)) in found.iter().enumerate() {
        match i {
            300 => {
                assert_eq!((key.as_str(), text.as_str()), ("in/items#row=300", "Unreadable(\"it is bad\")"))
            }
            i => assert_eq!((key, text), (&format!("in/items#i{i}"), &format!("{{\"id\":\"i{i}\"}}"))),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_items_are_given_in_any_order_and_again() {
    let item = |i: usize| format!("{{\"id\":\"i{i}\",\"text\":\"{}\"}}", "x".repeat(i % 700));
    let text: String = (0..9_000).map(|i| item(i) + "\n").collect();
    let file = Arc::new(open(text.clone().into()).await.unwrap());
    let found = all(&file).await;
    assert!(found.iter().enumerate().all(|(i, (_, text))| *text == item(i)) && found.len() == 9_000);
    let batches: Vec<_> = file.batches().try_collect().await.unwrap();
    let backwards =
        batches.iter().rev().flat_map(|batch| (0..batch.len()).rev().map(|i| batch.get(i).to_ref()));
    for (i, object) in backwards.enumerate().filter(|(i, _)| i % 97 == 0) {
        assert_eq!(file.item(&object).unwrap().unwrap(), item(8_999 - i));
    }
    assert_eq!(open(text.into()).await.unwrap().identity(), file.identity());
    let stranger = ObjectRef { version_id: Some("0.1.2.3".to_owned()), ..ObjectRef::new("b", "k") };
    assert!(file.item(&stranger).is_err() && file.item(&ObjectRef::new("b", "k")).is_err());
}
