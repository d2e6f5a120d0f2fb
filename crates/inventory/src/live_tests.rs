use std::fmt;
use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

use super::*;

/// A store in memory that may give its listings in another order, and notes what it was asked.
#[derive(Debug)]
struct Odd {
    inner: InMemory,
    backwards: bool,
    asked: Mutex<Vec<String>>,
}

impl Odd {
    async fn new(keys: &[String], backwards: bool) -> Arc<Self> {
        let inner = InMemory::new();
        for key in keys {
            inner.put(&Path::parse(key).unwrap(), "x".into()).await.unwrap();
        }
        Arc::new(Self { inner, backwards, asked: Mutex::default() })
    }

    fn asked(&self, how: &str, prefix: Option<&Path>) {
        self.asked.lock().unwrap().push(format!("{how} {}", prefix.map_or("", |p| p.as_ref())));
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("odd")
    }
}

#[async_trait]
impl ObjectStore for Odd {
    async fn put_opts(&self, at: &Path, load: PutPayload, o: PutOptions) -> object_store::Result<PutResult> {
        self.inner.put_opts(at, load, o).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        o: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, o).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.inner.get_ranges(at, ranges).await
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.asked("list", prefix);
        let listing = self.inner.list(prefix);
        if !self.backwards {
            return listing;
        }
        let reversed = async move {
            let mut all: Vec<_> = listing.collect().await;
            all.reverse();
            stream::iter(all)
        };
        stream::once(reversed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.asked("part", prefix);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn folder(store: &Arc<Odd>, path: &str) -> Folder {
    Folder {
        store: store.clone(),
        path: Path::parse(path).unwrap(),
        root: Path::default(),
        lead: "",
        bucket: "b".to_owned(),
        url: format!("s3://b/{path}"),
    }
}

async fn keys_of(inventory: &dyn Inventory) -> Vec<String> {
    let batches: Vec<_> = inventory.batches().try_collect().await.unwrap();
    batches.iter().flat_map(|batch| batch.iter().map(|o| o.key().to_owned()).collect::<Vec<_>>()).collect()
}

/// Folders of many sizes, keys between them that sort before and behind a slash, difficult characters.
fn keys() -> Vec<String> {
    let mut keys =
        vec!["a/x".to_owned(), "a/big-".to_owned(), "a/big0".to_owned(), "a/é, +%2F.json".to_owned()];
    keys.extend((0..3_000).map(|i| format!("a/big/{i:05}.stac.json")));
    keys.extend((0..2_500).map(|i| format!("a/deep/y{}/m{}/{i}.json", i % 3, i % 7)));
    keys.extend((0..1_500).map(|i| format!("a/scenes/s{i}/{i}.json")));
    keys.extend((0..9_000).map(|i| format!("a/flat2/{i}")));
    keys.push("other/1".to_owned());
    keys
}

async fn check(backwards: bool) -> Arc<Odd> {
    let keys = keys();
    let store = Odd::new(&keys, backwards).await;
    let mut expected: Vec<_> = keys.into_iter().filter(|key| key.starts_with("a/")).collect();
    expected.sort();
    let inventory = list("list:s3://b/a", vec![folder(&store, "a")]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(keys_of(&*inventory).await, expected);
    }
    let again = list("list:s3://b/a", vec![folder(&store, "a")]).await.unwrap();
    assert_eq!(inventory.identity(), again.identity());
    store
}

#[tokio::test]
async fn all_is_listed_in_the_order_of_keys() {
    let store = check(false).await;
    let asked = store.asked.lock().unwrap().clone();
    assert!(asked.contains(&"part a".to_owned()) && asked.contains(&"list a/big".to_owned()), "{asked:?}");
    // Many small folders are not asked for one by one.
    assert!(!asked.iter().any(|asked| asked.contains("a/scenes/s")), "{asked:?}");
}

#[tokio::test]
async fn a_store_without_an_order_is_put_in_order() {
    check(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_side_by_side_in_their_order() {
    let store = Odd::new(&keys(), false).await;
    let folders = ["other", "a/deep/y1", "a/big"].map(|path| folder(&store, path));
    let inventory = list("three", folders.to_vec()).await.unwrap();
    let listed = keys_of(&*inventory).await;
    assert_eq!(listed.first().map(String::as_str), Some("other/1"));
    assert!(listed.get(1).is_some_and(|key| key.starts_with("a/deep/y1/m0/")), "{:?}", listed.get(1));
    assert_eq!(listed.last().map(String::as_str), Some("a/big/02999.stac.json"));
    assert_eq!(listed.len(), 1 + 833 + 3_000);
}

#[tokio::test]
async fn what_a_store_says_of_objects_comes_along() {
    let store = Odd::new(&["a/x".to_owned()], false).await;
    let inventory = list("l", vec![folder(&store, "")]).await.unwrap();
    let batches: Vec<_> = inventory.batches().try_collect().await.unwrap();
    let object = batches.first().unwrap().get(0).to_ref();
    assert_eq!((object.bucket.as_str(), object.key.as_str(), object.size), ("b", "a/x", Some(1)));
    assert!(object.last_modified.is_some() && object.etag.is_some(), "{object:?}");
    store.inner.put(&Path::from("a/x"), "y".into()).await.unwrap();
    let now = list("l", vec![folder(&store, "")]).await.unwrap();
    assert_ne!(now.identity(), inventory.identity());
}

#[tokio::test]
async fn nothing_below_a_folder_is_an_error() {
    let store = Odd::new(&["a/x".to_owned()], false).await;
    let error = list("l", vec![folder(&store, "a"), folder(&store, "a/x")]).await.err().unwrap();
    assert!(error.to_string().starts_with("nothing is below s3://b/a/x: "), "{error}");
}
