//! Keys, locations and file names agree, whatever the names hold.

use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};
use futures::TryStreamExt;

use super::*;
use crate::options::StoreOptions;

/// Names that a careless layer decodes, encodes or drops.
const NAMES: [&str; 9] = [
    "plain.parquet",
    "warehouse/grid_partition=a%2Fb/year=2020/x.parquet",
    "w/grid_partition=%2E%2E%2Fx/y",
    "w/%252F/y",
    "w/a b+c&d=e,f;g'h(i)!*",
    "w/é日本/y",
    "w/a?b#c/y",
    "w/[x]{y}^`|\\z\"<>~",
    "w/c|/d:/y",
];

fn stores(server: Option<&S3Server>) -> Stores {
    let extra = server.map(S3Server::env).unwrap_or_default();
    Stores::new(StoreOptions { extra, ..StoreOptions::default() })
}

/// Puts under every name; the key listed, the location and the path found from it are the same.
async fn check(base: &Base) {
    for name in NAMES {
        base.put(name, Bytes::from(name)).await.unwrap();
        assert_eq!(base.location(name), format!("{}/{name}", base.url()));
        assert_eq!(base.resolve(&base.location(name)).unwrap(), base.path(name));
        assert_eq!(base.get(name).await.unwrap().unwrap(), name);
    }
    let mut expected: Vec<_> = NAMES.iter().map(|name| base.path(name)).collect();
    let prefix = base.path("");
    let mut listed: Vec<_> =
        base.store().list(Some(&prefix)).map_ok(|meta| meta.location).try_collect().await.unwrap();
    expected.sort();
    listed.sort();
    assert_eq!(listed, expected);
    base.delete("plain.parquet").await.unwrap();
    base.delete("plain.parquet").await.unwrap();
    assert_eq!(base.get("plain.parquet").await.unwrap(), None);
}

#[tokio::test]
async fn names_are_literal_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().canonicalize().unwrap().join("new/folder%20x");
    let base = Base::open(&stores(None), at.to_str().unwrap()).unwrap();
    assert!(!at.exists(), "folders come with the first write");
    check(&base).await;
    assert_eq!(base.local(), Some(at.as_path()));
    for name in NAMES.iter().skip(1) {
        assert_eq!(std::fs::read(base.location(name)).unwrap(), name.as_bytes(), "{name}");
        assert_eq!(at.join(name), PathBuf::from(base.location(name)));
    }
}

#[tokio::test]
async fn names_are_literal_in_memory() {
    let stores = stores(None);
    check(&Base::open(&stores, "memory://m/cat").unwrap()).await;
    check(&Base::open(&stores, "memory://m2").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_literal_on_s3() {
    let server = S3Server::start(S3Options::default());
    let base = Base::open(&stores(Some(&server)), "s3://bucket/cat/").unwrap();
    assert_eq!(base.url(), "s3://bucket/cat");
    check(&base).await;
    for name in NAMES.iter().skip(1) {
        assert!(server.folder().join("bucket/cat").join(name).is_file(), "{name}");
    }
}

#[tokio::test]
async fn a_store_of_the_callers_is_the_buckets() {
    let memory: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
    let base = Base::with_store(Arc::clone(&memory), "s3://bucket/cat").unwrap();
    check(&base).await;
    assert_eq!(base.path("x").as_ref(), "cat/x");
    assert_eq!(base.local(), None);
    let given = stores(None);
    given.insert("s3://bucket/cat", memory);
    let base = Base::open(&given, "s3://bucket/cat").unwrap();
    assert_eq!((base.path("x").as_ref(), base.location("x").as_str()), ("x", "s3://bucket/cat/x"));
    assert_eq!(base.resolve("s3://bucket/cat/x").unwrap().as_ref(), "x");
}

#[test]
fn hostile_names_stay_below_the_base() {
    let base = Base::open(&stores(None), "s3://b/cat").unwrap();
    for name in ["../x", "a/../../x", "/x", "a//b", ".", "..", "a\nb", "a/", "//"] {
        let (path, location) = (base.path(name), base.location(name));
        assert!(path.as_ref() == "cat" || path.as_ref().starts_with("cat/"), "{name}: {path}");
        assert!(!path.as_ref().split('/').any(|part| part == ".."), "{name}: {path}");
        assert_eq!(location, format!("s3://b/{path}"), "{name}");
    }
}

fn resolved(base: &Base, location: &str, expected: Option<&str>) {
    let path = base.resolve(location);
    assert_eq!(path.as_ref().ok().map(AsRef::as_ref), expected, "{location}: {path:?}");
}

#[test]
fn locations_of_this_store_are_found() {
    let base = Base::open(&stores(None), "s3://b/cat").unwrap();
    resolved(&base, "s3://b/cat/x%2Fy", Some("cat/x%2Fy"));
    resolved(&base, "s3a://b/elsewhere/x", Some("elsewhere/x"));
    resolved(&base, "s3://other/cat/x", None);
    resolved(&base, "s3://b/cat/../x", None);
    resolved(&base, "s3://b/cat//x", None);
    resolved(&base, "/cat/x", None);
    resolved(&base, "cat/x", None);
    let base = Base::open(&stores(None), "/data/cat").unwrap();
    resolved(&base, "/data/cat/x%2Fy", Some("data/cat/x%2Fy"));
    resolved(&base, "file:///data/cat/x%2Fy", Some("data/cat/x%2Fy"));
    resolved(&base, "file:/data/cat/x", Some("data/cat/x"));
    resolved(&base, "/data/cat/../x", None);
    resolved(&base, "s3://b/x", None);
    resolved(&base, "data/cat/x", None);
}

#[cfg(unix)]
#[test]
fn local_bases_are_canonical() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap().join("real");
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
    let url = format!("file://{}/link/../link/./new/", folder.path().display());
    let base = Base::open(&stores(None), &url).unwrap();
    assert_eq!(base.url(), real.join("new").to_str().unwrap());
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let server = S3Server::start(S3Options::default());
    let stores = stores(Some(&server));
    let get = async |url: &str| Base::open(&stores, url).unwrap().get("x").await.unwrap_err().to_string();
    let missing = get("s3://no-such-bucket/cat").await;
    assert!(missing.contains("no such bucket: s3://no-such-bucket/cat/x"), "{missing}");
    server.faults().set(Plan::always(Fault::Denied));
    let denied = get("s3://bucket/cat").await;
    assert!(denied.contains("AWS_ACCESS_KEY_ID") && denied.contains("s3://bucket/cat/x"), "{denied}");
}

#[tokio::test]
async fn a_store_that_is_down_is_named_without_secrets() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://me:hunter2@127.0.0.1:{port}");
    let extra = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("max_retries", "1"),
    ];
    let extra = extra.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let stores = Stores::new(StoreOptions { extra, ..StoreOptions::default() });
    let base = Base::open(&stores, "s3://bucket/cat").unwrap();
    let error = base.put("x", Bytes::from("x")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && error.is_retryable(), "{error:?}");
    let text = format!("{error} {error:?} {base:?}");
    assert!(!text.contains("hunter2") && text.contains("AWS_ENDPOINT_URL"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_in_the_way_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let base = Base::open(&stores(None), folder.path().join("file/cat").to_str().unwrap()).unwrap();
    assert!(base.put("x", Bytes::from("x")).await.is_err());
}
