//! Local files and stores in memory.

use std::path::Path as FilePath;

use futures::StreamExt;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::*;
use crate::concurrent::{Concurrency, fetch_all};

/// A folder and a store: bucket `local` is the folder, `nowhere` is no place, all others are the store.
struct Places {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl Resolve for Places {
    fn resolve(&self, object: &ObjectRef) -> Result<Target, String> {
        if object.bucket == "nowhere" {
            return Err("no store for nowhere".to_owned());
        }
        let path = Path::parse(&object.key).map_err(|e| e.to_string())?;
        let file = (object.bucket == "local").then(|| self.folder.join(&object.key));
        Ok(Target { store: self.store.clone(), path, file })
    }
}

fn places(folder: &FilePath) -> (Arc<dyn ObjectStore>, StoreFetch) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let places = Places { store: store.clone(), folder: folder.to_owned() };
    let options =
        FetchOptions { max_bytes: 1000, backoff: Duration::from_millis(1), ..FetchOptions::default() };
    (store, StoreFetch::new(Arc::new(places), options))
}

fn outcome(answer: &Result<Fetched, Failure>) -> String {
    match answer {
        Ok(fetched) => String::from_utf8_lossy(&fetched.body).into_owned(),
        Err(Failure::Rejected(rejection)) => rejection.reason.to_string(),
        Err(failure) => format!("{failure:?}"),
    }
}

async fn check(bucket: &str, body: Option<&[u8]>, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (store, fetch) = places(folder.path());
    if let Some(body) = body {
        std::fs::write(folder.path().join("x"), body).unwrap();
        store.put(&Path::from("x"), body.to_vec().into()).await.unwrap();
    }
    assert_eq!(outcome(&fetch.fetch(&ObjectRef::new(bucket, "x")).await), expected, "{bucket} {body:?}");
}

#[tokio::test]
async fn files_and_objects_are_judged_alike() {
    for bucket in ["local", "store"] {
        check(bucket, Some(b"{\"a\":1}"), "{\"a\":1}").await;
        check(bucket, Some(b""), "not_json").await;
        check(bucket, Some(b"{\"a\""), "not_json").await;
        check(bucket, Some(b"<Error>"), "not_json").await;
        check(bucket, Some(&[b' '; 1001]), "too_large").await;
        check(bucket, None, "not_found").await;
    }
    check("nowhere", None, "unreadable").await;
}

#[tokio::test]
async fn the_answer_fills_what_the_listing_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let (store, fetch) = places(folder.path());
    std::fs::write(folder.path().join("x"), "{}").unwrap();
    store.put(&Path::from("x"), "{}".into()).await.unwrap();
    for bucket in ["local", "store"] {
        let object = fetch.fetch(&ObjectRef::new(bucket, "x")).await.unwrap().object;
        assert_eq!(object.size, Some(2));
        assert!(object.last_modified.unwrap().year() >= 2024);
        assert_eq!(object.etag.is_some(), bucket == "store");
        let listed =
            ObjectRef { etag: Some("listed".to_owned()), size: Some(9), ..ObjectRef::new(bucket, "x") };
        let object = fetch.fetch(&listed).await.unwrap().object;
        assert_eq!((object.etag.as_deref(), object.size), (Some("listed"), Some(9)));
    }
}

#[tokio::test]
async fn a_folder_is_no_object() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("x")).unwrap();
    let (_, fetch) = places(folder.path());
    let answer = fetch.fetch(&ObjectRef::new("local", "x")).await;
    assert_eq!(outcome(&answer), "unreadable");
}

#[tokio::test]
async fn many_files_and_objects_come_each_as_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (store, fetch) = places(folder.path());
    let mut objects = Vec::new();
    for i in 0..300 {
        let (key, body) = (format!("{i}"), format!("{{\"n\":{i}}}"));
        match i % 3 {
            0 => store.put(&Path::from(key.as_str()), body.into()).await.map(|_| ()).unwrap(),
            1 => std::fs::write(folder.path().join(&key), body).unwrap(),
            _ => {}
        }
        objects.push(ObjectRef::new(if i % 3 == 0 { "store" } else { "local" }, key));
    }
    let answers = fetch_all(Arc::new(fetch), futures::stream::iter(objects), Concurrency::default());
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.len(), 300);
    for (object, answer) in answers {
        let i: usize = object.key.parse().unwrap();
        let expected = if i % 3 == 2 { "not_found".to_owned() } else { format!("{{\"n\":{i}}}") };
        assert_eq!(outcome(&answer), expected, "{i}");
    }
}

#[tokio::test]
async fn a_listing_that_leads_nowhere_is_fatal() {
    let folder = tempfile::tempdir().unwrap();
    let (_, fetch) = places(folder.path());
    let objects = (0..40).map(|i| ObjectRef::new("nowhere", i.to_string()));
    let answers = fetch_all(Arc::new(fetch), futures::stream::iter(objects), Concurrency::default());
    let fatal: Vec<_> = answers
        .filter_map(|(_, answer)| async { answer.err().filter(|e| matches!(e, Failure::Fatal { .. })) })
        .collect()
        .await;
    assert!(!fatal.is_empty());
    assert!(fatal.iter().all(|f| f.to_string().contains("--map-bucket nowhere=URL")), "{fatal:?}");
}
