//! Objects are found where the maps say, and never beside.

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::*;
use crate::options::BucketMap;

fn mapped(maps: &[(&str, &str)]) -> Stores {
    let map = |(bucket, url): &(&str, &str)| BucketMap { bucket: (*bucket).into(), url: (*url).into() };
    Stores::new(StoreOptions {
        maps: maps.iter().map(map).collect(),
        anonymous: true,
        ..StoreOptions::default()
    })
}

fn check(stores: &Stores, bucket: &str, key: &str, expected: Option<&str>) {
    let place = stores.object(&ObjectRef::new(bucket, key));
    let path = place.as_ref().ok().map(|place| place.path.as_ref());
    assert_eq!(path, expected, "{bucket} {key}: {place:?}");
}

#[test]
fn keys_are_literal() {
    let stores = mapped(&[]);
    check(&stores, "b", "a/b c%2Fd?e#f.json", Some("a/b c%2Fd?e#f.json"));
    check(&stores, "b", "ä/日本", Some("ä/日本"));
    check(&stores, "https://h", "a b%20c", Some("a b%20c"));
    check(&stores, "gs://b", "k", Some("k"));
}

#[test]
fn mapped_keys_stay_below_their_folder() {
    let stores = mapped(&[("b", "file:///data/its%20live/"), ("c", "s3://d/pre/fix"), ("m", "memory://m")]);
    check(&stores, "b", "x/y", Some("data/its%20live/x/y"));
    check(&stores, "c", "x/y", Some("pre/fix/x/y"));
    check(&stores, "m", "x", Some("x"));
    for key in
        ["", "/", "/abs", "../x", "a/../../x", "a//b", "a/", ".", "a/./b", "a\nb", "a\0b", "..", "a/.."]
    {
        for bucket in ["b", "c", "m", "unmapped"] {
            check(&stores, bucket, key, None);
        }
    }
    check(&stores, "b", "a/..%2f..%2fx", Some("data/its%20live/a/..%2f..%2fx"));
    check(&stores, "b", "a\\..\\x", Some("data/its%20live/a\\..\\x"));
    let file = stores.object(&ObjectRef::new("b", "x/y")).unwrap().file.unwrap();
    assert_eq!(file, PathBuf::from("/data/its%20live/x/y"));
}

#[test]
fn the_last_map_of_a_bucket_counts() {
    check(&mapped(&[("b", "/one"), ("b", "/two")]), "b", "x", Some("two/x"));
}

#[test]
fn local_files_need_a_map() {
    check(&mapped(&[]), "", "/etc/passwd", None);
    check(&mapped(&[]), "", "x", None);
    let stores = mapped(&[("", "/data/items")]);
    check(&stores, "", "a/b.json", Some("data/items/a/b.json"));
    check(&stores, "", "/data/items/a/b.json", Some("data/items/a/b.json"));
    check(&stores, "", "/data/items-too/b.json", None);
    check(&stores, "", "/etc/passwd", None);
    check(&stores, "", "/data/items/../x", None);
    check(&mapped(&[("", "/")]), "", "/etc/hosts", Some("etc/hosts"));
}

#[test]
fn inventories_name_no_files() {
    for bucket in [
        "file:///",
        "file:///etc",
        "memory://x",
        "/etc",
        "..",
        "a/b",
        "a b",
        "https://me:pw@h",
        "https://h/path",
        "https://h?x=1",
        "ftp://h",
    ] {
        check(&mapped(&[]), bucket, "x", None);
    }
}

#[test]
fn http_urls_and_their_hrefs_agree() {
    let stores = mapped(&[]);
    let object = ObjectRef::new("https://h", "a b/c%2F?#é");
    let href = object.href();
    assert_eq!(stores.resolve(&href).unwrap().path, stores.object(&object).unwrap().path, "{href}");
}

#[tokio::test]
async fn memory_is_shared_by_name_and_within_one_stores() {
    let stores = mapped(&[]);
    let one = stores.resolve("memory://n/a/x").unwrap();
    one.store.put(&one.path, Bytes::from("1").into()).await.unwrap();
    let read = async |stores: &Stores, url: &str| {
        let place = stores.resolve(url).unwrap();
        place.store.head(&place.path).await.is_ok()
    };
    assert!(read(&stores.clone(), "memory://n/a/x").await);
    assert!(!read(&stores, "memory://other/a/x").await);
    assert!(!read(&mapped(&[]), "memory://n/a/x").await);
}

#[test]
fn one_client_for_each_bucket() {
    let stores = mapped(&[]);
    let store = |url: &str| stores.resolve(url).unwrap().store;
    assert!(Arc::ptr_eq(&store("s3://a/x"), &store("s3a://a/y/z")));
    assert!(!Arc::ptr_eq(&store("s3://a/x"), &store("s3://b/x")));
}

#[tokio::test]
async fn given_stores_serve_their_prefix() {
    let stores = mapped(&[("b", "s3://mirror/deep/er")]);
    let (wide, deep): (Arc<dyn ObjectStore>, Arc<dyn ObjectStore>) =
        (Arc::new(InMemory::new()), Arc::new(InMemory::new()));
    stores.insert("s3://mirror", Arc::clone(&wide));
    stores.insert("s3://mirror/deep/", Arc::clone(&deep));
    let place = |url: &str| stores.resolve(url).unwrap();
    assert!(Arc::ptr_eq(&place("s3://mirror/a/b").store, &wide));
    assert_eq!(place("s3://mirror/a/b").path.as_ref(), "a/b");
    assert!(Arc::ptr_eq(&place("s3://mirror/deep/b").store, &deep));
    assert_eq!(place("s3://mirror/deep/b").path.as_ref(), "b");
    assert_eq!(place("s3://mirror/deeper").path.as_ref(), "deeper");
    let mapped = stores.object(&ObjectRef::new("b", "k")).unwrap();
    assert!(Arc::ptr_eq(&mapped.store, &deep));
    assert_eq!(mapped.path.as_ref(), "er/k");
}

#[test]
fn debug_shows_no_secret() {
    let stores = Stores::new(StoreOptions {
        extra: vec![
            ("AWS_ACCESS_KEY_ID".into(), "k".into()),
            ("AWS_SECRET_ACCESS_KEY".into(), "hunter2".into()),
        ],
        ..StoreOptions::default()
    });
    let place = stores.resolve("s3://b/k").unwrap();
    let text = format!("{stores:?} {place:?} {:?}", place.store);
    assert!(!text.contains("hunter2"), "{text}");
}
