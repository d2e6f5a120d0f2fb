use crate::options::{BucketMap, StoreOptions};

use super::*;

fn stores(maps: &[(&str, &str)]) -> Stores {
    let map = |(bucket, url): &(&str, &str)| BucketMap { bucket: (*bucket).into(), url: (*url).into() };
    let maps = maps.iter().map(map).collect();
    Stores::new(StoreOptions { maps, anonymous: true, ..StoreOptions::default() })
}

fn check(maps: &[(&str, &str)], url: &str, bucket: &str, path: &str, root: &str) {
    let folder = stores(maps).folder(url).unwrap();
    let found = (folder.bucket.as_str(), folder.place.path.as_ref(), folder.root.as_ref());
    assert_eq!(found, (bucket, path, root), "{url}");
}

#[test]
fn folders_are_where_their_bucket_is() {
    check(&[], "s3://b", "b", "", "");
    check(&[], "s3://b/a b/c%2F/", "b", "a b/c%2F", "");
    check(&[("b", "/data/mirror")], "s3://b/a/", "b", "data/mirror/a", "data/mirror");
    check(&[("b", "s3://c/pre")], "s3://b", "b", "pre", "pre");
    check(&[], "gs://b/a", "gs://b", "a", "");
    check(&[], "https://h/a%20b/", "https://h", "a b", "");
    check(&[], "s3+http://localhost:9/b/a", "b", "a", "");
    check(&[("b", "/data")], "s3+http://localhost:9/b/a", "b", "data/a", "data");
    check(&[], "memory://m/a", "memory://m", "a", "");
    check(&[], "/nowhere/at/all/", "", "nowhere/at/all", "");
    assert!(stores(&[]).folder("s3://b/../c").is_err());
}

#[test]
fn a_file_is_named_and_is_in_a_folder() {
    let at = |url: &str| stores(&[("m", "/data/mirror")]).folder(url).unwrap();
    let named = |url: &str| at(url).named();
    assert_eq!(named("s3://b/a/x y.json"), ObjectRef::new("b", "a/x y.json"));
    assert_eq!(named("s3://m/a/x.json"), ObjectRef::new("m", "a/x.json"));
    assert_eq!(named("/nowhere/x.json"), ObjectRef::new("", "/nowhere/x.json"));
    assert_eq!(named("https://h/x%20y"), ObjectRef::new("https://h", "x y"));
    assert_eq!(at("/nowhere/a/x.json").parent().place.path.as_ref(), "nowhere/a");
    assert!(at("/nowhere/a/x.json").parent().object(&ObjectRef::new("", "/nowhere/a/b/y.json")).is_some());
    assert!(at("/nowhere/a/x.json").parent().object(&ObjectRef::new("", "/nowhere/y.json")).is_none());
    assert_eq!(at("s3://m").parent().place.path.as_ref(), "data/mirror");
}

#[test]
fn only_what_is_below_a_named_folder_is_served() {
    let at = |url: &str, bucket: &str, key: &str| {
        let place = stores(&[]).folder(url).unwrap().object(&ObjectRef::new(bucket, key));
        place.map(|place| (place.path.to_string(), place.file.is_some()))
    };
    assert_eq!(at("/nowhere/a", "", "/nowhere/a/x y.json"), Some(("nowhere/a/x y.json".to_owned(), true)));
    for key in
        ["/nowhere/ab/x", "/nowhere/a", "/nowhere/a/", "/nowhere/a/../b/x", "nowhere/a/x", "/etc/passwd"]
    {
        assert_eq!(at("/nowhere/a", "", key), None, "{key}");
    }
    assert_eq!(at("/nowhere/a", "b", "/nowhere/a/x"), None);
    assert_eq!(at("memory://m/a", "memory://m", "a/x"), Some(("a/x".to_owned(), false)));
    assert_eq!(at("s3+http://localhost:9/b/a", "b", "a/x"), Some(("a/x".to_owned(), false)));
    // A bucket that an inventory can name needs no folder.
    assert_eq!(at("s3://b/a", "b", "a/x"), None);
}
