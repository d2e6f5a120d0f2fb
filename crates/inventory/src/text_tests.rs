//! NDJSON and plain lists, and how they are told from CSV.

use earthcatalog_model::{ObjectRef, Timestamp};
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::*;
use crate::open::{OpenOptions, open};

async fn read_with(body: &[u8], bucket: Option<&str>) -> Result<Vec<ObjectRef>> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("list");
    store.put(&path, body.to_vec().into()).await.unwrap();
    let options =
        OpenOptions { default_bucket: bucket.map(str::to_owned), batch_rows: 2, ..OpenOptions::default() };
    let inventory = open(store, path, "list", &options).await?;
    let batches: Vec<_> = inventory.batches().try_collect().await?;
    Ok(batches.iter().flat_map(|batch| batch.iter().map(|view| view.to_ref()).collect::<Vec<_>>()).collect())
}

async fn check(body: &str, bucket: Option<&str>, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(bucket, key)| ObjectRef::new(*bucket, *key)).collect();
    assert_eq!(read_with(body.as_bytes(), bucket).await.unwrap(), expected, "{body}");
}

async fn refused(body: &[u8], expected: &str) {
    let message = read_with(body, None).await.unwrap_err().to_string();
    assert!(message.contains(expected), "{message:?} should contain {expected:?}");
}

#[tokio::test]
async fn urls_need_no_bucket() {
    check(
        "s3://b/a,b.json\n\nhttps://h/a%20b\r\n/x y\n",
        Some("d"),
        &[("b", "a,b.json"), ("https://h", "a b"), ("d", "/x y")],
    )
    .await;
    check("\u{feff}gs://b/k", None, &[("gs://b", "k")]).await;
}

#[tokio::test]
async fn keys_need_one() {
    check(
        "a.json\nb,c.json\n\"q\".json\n",
        Some("d"),
        &[("d", "a.json"), ("d", "b,c.json"), ("d", "\"q\".json")],
    )
    .await;
    check("key\nk\n", Some("d"), &[("d", "k")]).await;
    refused(b"s3://b/k\nk\n", "list line 2: this is no URL, and whose key it is no one says").await;
    refused(b"s3://b/k\ns3://b\n", "line 2: the URL names no object").await;
    refused(b"s3://b/k\ns3://b/\xff\n", "line 2: the line is no UTF-8").await;
}

#[tokio::test]
async fn ndjson_names_its_members() {
    let text = r#"{"bucket":"b","key":"k\"\u00e9","size":7,"last_modified":"2020-01-01T00:00:00Z","etag":"e","x":[1]}
{"href":"s3://c/d/e.json","is_latest":false,"is_delete_marker":true,"version_id":"v"}
{"key":"only"}
"#;
    let expected = [
        ObjectRef {
            size: Some(7),
            last_modified: Timestamp::parse("2020-01-01T00:00:00Z").ok(),
            etag: Some("e".to_owned()),
            ..ObjectRef::new("b", "k\"é")
        },
        ObjectRef {
            version_id: Some("v".to_owned()),
            is_latest: Some(false),
            is_delete_marker: Some(true),
            ..ObjectRef::new("c", "d/e.json")
        },
        ObjectRef::new("d", "only"),
    ];
    assert_eq!(read_with(text.as_bytes(), Some("d")).await.unwrap(), expected);
    refused(text.as_bytes(), "list line 3: there is no `bucket`; give --bucket").await;
}

#[tokio::test]
async fn wrong_lines_are_named() {
    let first = r#"{"href":"s3://b/k"}"#;
    for (line, expected) in [
        ("{}", "neither `key` nor `href`"),
        (r#"{"bucket":"b","key":""}"#, "the key is empty"),
        (r#"{"bucket":"b","key":"k","size":-1}"#, "no object of a listing"),
        (r#"{"bucket":"b","key":"k","last_modified":"now"}"#, "last_modified \"now\""),
        ("not json", "no object of a listing"),
    ] {
        refused(format!("{first}\n{line}\n").as_bytes(), "list line 2: ").await;
        refused(format!("{first}\n{line}\n").as_bytes(), expected).await;
    }
    let long = format!("{first}\n{}\n", "x".repeat(2 << 20));
    refused(long.as_bytes(), "line 2: the line is longer than 1 MiB").await;
}

/// The objects of a text that is read in sections of so many bytes, or a little more, on so many threads; and what it ends with.
fn in_sections(text: &str, size: usize, threads: usize) -> (Vec<ObjectRef>, Option<String>) {
    let text = text.to_owned();
    let batches = pump::work("list".into(), move |_| {
        move |sink: &Sink| {
            let why = || None;
            let reading = Reading::new(text.as_bytes(), size, &why);
            let options = OpenOptions { default_bucket: Some("d".to_owned()), ..OpenOptions::default() };
            let form = Form { options: options.into(), ..Form::default() };
            if let Err(error) = read("list", reading, &form, threads, sink) {
                sink.send(Err(error));
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut objects, mut ended) = (Vec::new(), None);
    for batch in runtime.block_on(batches.collect::<Vec<_>>()) {
        match batch {
            Ok(batch) => objects.extend(batch.iter().map(|view| view.to_ref())),
            Err(error) => ended = Some(error.to_string()),
        }
    }
    (objects, ended)
}

proptest! {
    /// Sections end within quotes, within characters and behind what is no line of a listing.
    #[test]
    fn a_text_in_sections_is_as_one_read_at_once(
        kind in 0..KINDS.len(),
        lines in prop::collection::vec(0..8_usize, 0..60),
        (size, threads) in (1..300_usize, 1..4_usize),
    ) {
        let (head, kinds) = KINDS[kind];
        let lines = lines.into_iter().filter_map(|line| kinds.get(line));
        let text: String = std::iter::once(head).chain(lines.copied()).collect();
        prop_assert_eq!(in_sections(&text, size, threads), in_sections(&text, SECTION, 1), "{}", text);
    }
}

/// What tells the kind of a text, and lines of it.
const KINDS: [(&str, &[&str]); 3] = [
    (
        "bucket,key,size,last_modified,etag\n",
        &[
            "b,k/\u{e9}.json,7,2020-01-01T00:00:00.000Z,e\n",
            "c,\"k,\n\"\"\n\",,,\n",
            ",k\"k,0,,\"e\"\r\n",
            "\n",
            "b,last,1,,",
            "b,k\n",
        ],
    ),
    (
        "{\"key\":\"first\"}\n",
        &[
            "{\"bucket\":\"b\",\"key\":\"k/\u{e9}\",\"size\":7,\"etag\":\"e\"}\n",
            "{\"href\": \"s3://c/\\u0064\", \"x\": [1]}\n",
            "{\"key\":\"k\"}\r\n",
            "\n",
            "{\"key\":\"last\"}",
            "{\"key\":1}\n",
        ],
    ),
    ("s3://b/first\n", &["s3://b/k/\u{e9}\n", "https://h/a%20b\r\n", "/k\n", "\n", "last", "s3://b\n"]),
];
