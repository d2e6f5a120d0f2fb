//! The server keeps S3's promises, and breaks them when told to.

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};

use super::*;

async fn put(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    text: &str,
    mode: PutMode,
) -> object_store::Result<()> {
    let options = PutOptions { mode, ..PutOptions::default() };
    store.put_opts(path, Bytes::from(text.to_owned()).into(), options).await.map(|_| ())
}

async fn get(store: &Arc<dyn ObjectStore>, path: &Path) -> object_store::Result<Bytes> {
    store.get(path).await?.bytes().await
}

async fn seen(store: &Arc<dyn ObjectStore>, path: &Path) -> PutMode {
    let e_tag = store.head(path).await.unwrap().e_tag;
    PutMode::Update(UpdateVersion { e_tag, version: None })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_come_and_go() {
    let server = S3Server::start(S3Options::default());
    let store = server.store("some-bucket");
    let path = Path::parse("a/year=2020/x%2Fy.json").unwrap();
    put(&store, &path, "hello", PutMode::Overwrite).await.unwrap();
    assert_eq!(get(&store, &path).await.unwrap(), "hello");
    assert_eq!(store.get_range(&path, 1..3).await.unwrap(), "el");
    let listed: Vec<_> = store.list(Some(&Path::from("a"))).try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|meta| &meta.location).collect::<Vec<_>>(), [&path]);
    assert!(server.folder().join("some-bucket/a/year=2020/x%2Fy.json").is_file());
    store.delete(&path).await.unwrap();
    assert!(matches!(get(&store, &path).await, Err(Error::NotFound { .. })));
    assert!(server.requests() >= 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn big_objects_go_up_in_parts() {
    let server = S3Server::start(S3Options::default());
    let store = server.store("bucket");
    let path = Path::from("big");
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part(vec![1; 5 << 20].into()).await.unwrap();
    upload.put_part(vec![2; 10].into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, (5 << 20) + 10);
}

/// 50 rounds of 8 racers: one wins, each time.
async fn race(server: &S3Server, swap: bool) {
    let stores: Vec<_> = (0..8).map(|_| server.store("race")).collect();
    for round in 0..50 {
        let path = Path::from(format!("{swap}/{round}"));
        let mode = if swap {
            put(&stores[0], &path, "before", PutMode::Create).await.unwrap();
            seen(&stores[0], &path).await
        } else {
            PutMode::Create
        };
        let texts: Vec<_> = (0..8).map(|racer| format!("{round} {racer}")).collect();
        let racers = stores.iter().zip(&texts).map(|(store, text)| put(store, &path, text, mode.clone()));
        let results = join_all(racers).await;
        let winners: Vec<_> = (0..8).filter(|i| results[*i].is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}: {results:?}");
        assert_eq!(get(&stores[0], &path).await.unwrap(), texts[winners[0]]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_eight_creates_wins() {
    race(&S3Server::start(S3Options::default()), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_eight_swaps_wins() {
    race(&S3Server::start(S3Options::default()), true).await;
}

#[tokio::test]
async fn conditions_can_be_ignored() {
    let server = S3Server::start(S3Options { ignore_conditions: true, ..S3Options::default() });
    let (store, path) = (server.store("bucket"), Path::from("x"));
    put(&store, &path, "1", PutMode::Create).await.unwrap();
    let stale = seen(&store, &path).await;
    put(&store, &path, "2", PutMode::Create).await.unwrap();
    put(&store, &path, "3", stale).await.unwrap();
}

#[tokio::test]
async fn tags_can_be_wanted_bare() {
    let server = S3Server::start(S3Options { bare_etags: true, ..S3Options::default() });
    let (store, path) = (server.store("bucket"), Path::from("x"));
    put(&store, &path, "1", PutMode::Create).await.unwrap();
    let tag = store.head(&path).await.unwrap().e_tag.unwrap();
    let with = |tag: &str| PutMode::Update(UpdateVersion { e_tag: Some(tag.to_owned()), version: None });
    assert!(matches!(put(&store, &path, "2", with(&tag)).await, Err(Error::Precondition { .. })));
    put(&store, &path, "2", with(tag.trim_matches('"'))).await.unwrap();
}

#[tokio::test]
async fn reads_bear_single_faults() {
    let server = S3Server::start(S3Options::default());
    let (store, path) = (server.store("bucket"), Path::from("x"));
    put(&store, &path, "whole body", PutMode::Overwrite).await.unwrap();
    let stall = Fault::Stall(Duration::from_secs(20));
    let patient = server.store_with("bucket", quick_retries(), Duration::from_millis(500));
    for fault in [
        Fault::SlowDown,
        Fault::Internal,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::CloseAfter,
        Fault::Truncate,
        stall,
    ] {
        server.faults().set(Plan::at(1, fault.clone()));
        let got = get(&patient, &path).await;
        assert_eq!(got.ok().as_deref(), Some(&b"whole body"[..]), "{fault:?}");
        assert_eq!(server.faults().met(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn writes_land_though_the_answer_is_lost() {
    let server = S3Server::start(S3Options::default());
    let store = server.store("bucket");
    for (n, fault) in [Fault::ResetAfter, Fault::CloseAfter, Fault::InternalAfter].into_iter().enumerate() {
        let path = Path::from(format!("x{n}"));
        server.faults().set(Plan::at(1, fault.clone()));
        let result = put(&store, &path, "mine", PutMode::Create).await;
        assert!(result.is_err(), "{fault:?}");
        assert_eq!(get(&store, &path).await.unwrap(), "mine", "{fault:?}");
    }
}

#[tokio::test]
async fn answers_can_be_odd() {
    let server = S3Server::start(S3Options { faults: Plan::always(Fault::Denied), ..S3Options::default() });
    let (store, path) = (server.store("bucket"), Path::from("x"));
    assert!(matches!(get(&store, &path).await, Err(Error::PermissionDenied { .. })));
    server.faults().set(Plan::once("GET", "/x", Fault::ErrorIn200));
    assert!(get(&store, &path).await.unwrap().starts_with(b"<?xml"));
    server.faults().set(Plan::once("GET", "/x", Fault::Empty));
    assert_eq!(get(&store, &path).await.unwrap(), "");
    server.faults().clear();
    let missing = get(&server.store("no-such-bucket"), &path).await.unwrap_err().to_string();
    assert!(missing.contains("NoSuchBucket"), "{missing}");
}

#[tokio::test]
async fn a_seed_gives_the_same_faults() {
    let met = |seed| {
        let faults = Faults::default();
        faults.set(Plan::seeded(seed, 0.3, vec![Fault::SlowDown, Fault::Internal]));
        (0..100).map(|_| faults.decide("GET", "/")).collect::<Vec<_>>()
    };
    assert_eq!(met(7), met(7));
    assert_ne!(met(7), met(8));
    let hits = met(7).iter().flatten().count();
    assert!((15..45).contains(&hits), "{hits}");
}

#[test]
fn it_stops_when_dropped() {
    let server = S3Server::start(S3Options::default());
    let address = server.url().trim_start_matches("http://").to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok());
    drop(server);
    assert!(std::net::TcpStream::connect(&address).is_err());
}
