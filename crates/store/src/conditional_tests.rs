//! One of many wins, on every kind of base, and lost answers are settled.

use std::sync::Arc;
use std::time::Duration;

use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server, quick_retries};
use earthcatalog_testkit::store::{FailingStore, How, Plan as StorePlan};
use futures::future::join_all;
use object_store::ObjectStore;
use object_store::memory::InMemory;

use super::*;
use crate::options::StoreOptions;
use crate::probe::Capability;
use crate::stores::Stores;

fn bytes(text: &str) -> Bytes {
    Bytes::from(text.to_owned())
}

fn on_s3(server: &S3Server) -> Base {
    Base::with_store(server.store("bucket"), "s3://bucket/cat").unwrap()
}

fn in_memory() -> Base {
    Base::with_store(Arc::new(InMemory::new()), "memory://m/cat").unwrap()
}

/// A base in a new folder; the folder is deleted with the first of the two.
fn in_folder() -> (tempfile::TempDir, Base) {
    let folder = tempfile::tempdir().unwrap();
    let base = Base::open(&Stores::new(StoreOptions::default()), folder.path().join("cat").to_str().unwrap())
        .unwrap();
    (folder, base)
}

fn done(outcome: Result<Outcome>) -> Version {
    match outcome.unwrap() {
        Outcome::Done(version) => version,
        other => panic!("{other:?}"),
    }
}

fn lost(outcome: Result<Outcome>) {
    assert!(matches!(outcome, Ok(Outcome::Lost)), "{outcome:?}");
}

async fn check(base: &Base) {
    assert_eq!(read(base, "x").await.unwrap(), None);
    lost(replace(base, "x", bytes("0"), &Version { e_tag: Some("\"0\"".into()), version: None }).await);
    let first = done(create(base, "x", bytes("1")).await);
    lost(create(base, "x", bytes("2")).await);
    assert_eq!(read(base, "x").await.unwrap().unwrap(), (bytes("1"), first.clone()));
    let second = done(replace(base, "x", bytes("2"), &first).await);
    assert_ne!(first, second);
    lost(replace(base, "x", bytes("3"), &first).await);
    let (found, version) = read(base, "x").await.unwrap().unwrap();
    assert_eq!((found, &version), (bytes("2"), &second));
    done(replace(base, "x", bytes("3"), &version).await);
}

/// 25 rounds of 8 racers, by create and then by swap.
async fn race(base: &Base) {
    for round in 0..25 {
        let rel = format!("race/{round}");
        let wins = |results: Vec<Result<Outcome>>| {
            let won = results.iter().filter(|r| matches!(r, Ok(Outcome::Done(_)))).count();
            let lost = results.iter().filter(|r| matches!(r, Ok(Outcome::Lost))).count();
            assert_eq!((won, lost), (1, 7), "round {round}: {results:?}");
        };
        wins(join_all((0..8).map(|n| create(base, &rel, bytes(&format!("c{n}"))))).await);
        let (_, seen) = read(base, &rel).await.unwrap().unwrap();
        wins(join_all((0..8).map(|n| replace(base, &rel, bytes(&format!("r{n}")), &seen))).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_hold_on_s3() {
    let server = S3Server::start(S3Options::default());
    let base = on_s3(&server);
    probe(&base).await.unwrap();
    check(&base).await;
    race(&base).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_hold_with_bare_tags() {
    let server = S3Server::start(S3Options { bare_etags: true, ..S3Options::default() });
    let base = on_s3(&server);
    let clone = base.clone();
    assert_eq!(probe(&base).await.unwrap().etag, EtagForm::Bare);
    check(&clone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_hold_in_memory() {
    let base = in_memory();
    probe(&base).await.unwrap();
    check(&base).await;
    race(&base).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_hold_in_a_folder() {
    let (_folder, base) = in_folder();
    probe(&base).await.unwrap();
    assert!(!base.local().unwrap().exists(), "probing a folder touches nothing");
    check(&base).await;
    race(&base).await;
    let rest: Vec<_> =
        std::fs::read_dir(base.local().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!rest.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_probe_leaves_nothing_and_asks_once() {
    let server = S3Server::start(S3Options::default());
    let base = on_s3(&server);
    assert_eq!(probe(&base).await.unwrap(), Capability { etag: EtagForm::AsGiven });
    assert_eq!(std::fs::read_dir(server.folder().join("bucket/cat")).map_or(0, Iterator::count), 0);
    let requests = server.requests();
    probe(&base.clone()).await.unwrap();
    assert_eq!(server.requests(), requests);
}

#[tokio::test]
async fn stores_that_ignore_conditions_are_refused() {
    let server = S3Server::start(S3Options { ignore_conditions: true, ..S3Options::default() });
    let error = probe(&on_s3(&server)).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::NoConditionalPut { .. }), "{text}");
    assert!(text.contains("s3://bucket/cat") && text.contains("--unsafe-no-cas"), "{text}");
}

#[tokio::test]
async fn stores_without_conditions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let files = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let error = probe(&Base::with_store(Arc::new(files), "s3://b/cat").unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::NoConditionalPut { .. }), "{error}");
}

#[tokio::test]
async fn the_probe_bears_lost_answers() {
    let server = S3Server::start(S3Options::default());
    for n in 1..=6 {
        for fault in
            [Fault::SlowDown, Fault::CloseAfter, Fault::InternalAfter, Fault::ResetAfter, Fault::ResetBefore]
        {
            server.faults().set(Plan::at(n, fault.clone()));
            probe(&on_s3(&server)).await.unwrap_or_else(|e| panic!("{n} {fault:?}: {e}"));
        }
    }
}

/// A write whose answer is lost is known to be ours by reading back.
async fn settled(server: &S3Server, fault: Fault) {
    let base = Base::with_store(
        server.store_with("bucket", quick_retries(), Duration::from_millis(300)),
        "s3://bucket",
    )
    .unwrap();
    let rel = format!("{fault:?}").chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    server.faults().set(Plan::at(1, fault.clone()));
    let outcome = create(&base, &rel, bytes("mine")).await.unwrap();
    assert!(!matches!(outcome, Outcome::Done(_)), "{fault:?}: {outcome:?}");
    let seen = done(settle(&base, &rel, &bytes("mine"), outcome).await);
    server.faults().set(Plan::at(1, fault.clone()));
    let outcome = replace(&base, &rel, bytes("mine too"), &seen).await.unwrap();
    assert!(!matches!(outcome, Outcome::Done(_)), "{fault:?}: {outcome:?}");
    done(settle(&base, &rel, &bytes("mine too"), outcome).await);
    lost(settle(&base, &rel, &bytes("another's"), Outcome::Lost).await);
}

#[tokio::test]
async fn lost_answers_are_settled() {
    let server = S3Server::start(S3Options::default());
    settled(&server, Fault::ResetAfter).await;
    settled(&server, Fault::CloseAfter).await;
    settled(&server, Fault::InternalAfter).await;
    settled(&server, Fault::Stall(Duration::from_secs(2))).await;
}

#[tokio::test]
async fn what_certainly_failed_is_an_error() {
    let server = S3Server::start(S3Options { faults: Plan::always(Fault::Denied), ..S3Options::default() });
    assert!(matches!(create(&on_s3(&server), "x", bytes("1")).await, Err(Error::Denied { .. })));
    server.faults().clear();
    let missing = Base::with_store(server.store("no-such-b"), "s3://no-such-b/cat").unwrap();
    assert!(matches!(create(&missing, "x", bytes("1")).await, Err(Error::NoBucket { .. })));
}

#[tokio::test]
async fn other_failures_are_ambiguous() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let store = FailingStore::new(store, StorePlan { at: 1, how: How::Ambiguous });
    let base = Base::with_store(Arc::new(store.clone()), "memory://m").unwrap();
    let outcome = create(&base, "x", bytes("1")).await.unwrap();
    assert!(matches!(outcome, Outcome::Ambiguous(_)));
    done(settle(&base, "x", &bytes("1"), outcome).await);
    store.set(StorePlan { at: 1, how: How::Die });
    let outcome = create(&base, "y", bytes("1")).await.unwrap();
    let outcome = settle(&base, "y", &bytes("1"), outcome).await.unwrap();
    assert!(matches!(outcome, Outcome::Ambiguous(_)));
}

#[test]
fn refusals_are_told_from_faults() {
    assert!(is_refusal("status code: 400 Bad Request"));
    assert!(!is_refusal("status code: 429"));
    assert!(!is_refusal("status code: 503"));
    assert!(!is_refusal("connection reset"));
}
