//! A real S3 server that misbehaves.

use std::sync::Arc;

use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

use super::*;
use crate::concurrent::{Concurrency, fetch_all};
use crate::fetch::Fetch;
use crate::store_fetch::{Resolve, StoreFetch};

struct One(Arc<dyn ObjectStore>);

impl Resolve for One {
    fn resolve(&self, object: &ObjectRef) -> Result<Target, String> {
        Ok(Target { store: self.0.clone(), path: Path::from(object.key.as_str()), file: None })
    }
}

fn options() -> FetchOptions {
    FetchOptions {
        max_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
        attempts: 3,
        backoff: Duration::from_millis(1),
    }
}

fn few_retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(1),
        max_backoff: Duration::from_millis(2),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: 2, retry_timeout: Duration::from_secs(5) }
}

struct Setting {
    server: S3Server,
    store: Arc<dyn ObjectStore>,
}

impl Setting {
    async fn new() -> Self {
        let server = S3Server::start(S3Options::default());
        let store = server.store_with("bucket", few_retries(), Duration::from_millis(500));
        for i in 0..40 {
            let body = format!("{{\"n\":{i},\"text\":\"{}\"}}", "x".repeat(4000));
            store.put(&Path::from(format!("{i}.json")), body.into()).await.unwrap();
        }
        Self { server, store }
    }

    fn fetch(&self, options: FetchOptions) -> StoreFetch {
        StoreFetch::new(Arc::new(One(self.store.clone())), options)
    }
}

fn outcome(answer: &Result<Fetched, Failure>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(Failure::Rejected(rejection)) => format!("{}: {}", rejection.reason, rejection.message),
        Err(Failure::Retryable { message }) => format!("retryable: {message}"),
        Err(failure) => format!("fatal: {failure}"),
    }
}

async fn check(setting: &Setting, plan: Plan, expected: &str) {
    setting.server.faults().set(plan);
    let got = outcome(&setting.fetch(options()).fetch(&ObjectRef::new("bucket", "0.json")).await);
    setting.server.faults().clear();
    assert!(got.starts_with(expected), "{got:?} should be {expected:?}");
}

#[test]
fn messages_hold_no_signatures() {
    let message = "Error performing GET https://h/x?X-Amz-Signature=abc in 1s - why?";
    assert_eq!(without_queries(message), "Error performing GET https://h/x in 1s - why?");
}

#[tokio::test]
async fn what_goes_wrong_once_is_asked_again() {
    let setting = Setting::new().await;
    for fault in [
        Fault::SlowDown,
        Fault::Internal,
        Fault::ResetBefore,
        Fault::Truncate,
        Fault::Empty,
        Fault::ErrorIn200,
        Fault::Stall(Duration::from_secs(2)),
    ] {
        check(&setting, Plan::at(1, fault), "ok").await;
    }
}

#[tokio::test]
async fn what_goes_wrong_always_is_named() {
    let setting = Setting::new().await;
    check(&setting, Plan::always(Fault::Empty), "not_json: the body is empty").await;
    check(&setting, Plan::always(Fault::ErrorIn200), "not_json: an error page").await;
    check(&setting, Plan::always(Fault::Denied), "forbidden").await;
    check(&setting, Plan::always(Fault::SlowDown), "retryable").await;
    check(&setting, Plan::always(Fault::ResetBefore), "retryable").await;
    check(&setting, Plan::always(Fault::Truncate), "retryable").await;
}

#[tokio::test]
async fn what_is_not_there_or_too_large_is_rejected() {
    let setting = Setting::new().await;
    let missing = setting.fetch(options()).fetch(&ObjectRef::new("bucket", "none.json")).await;
    assert!(outcome(&missing).starts_with("not_found"), "{missing:?}");
    let small = FetchOptions { max_bytes: 4000, ..options() };
    let large = setting.fetch(small).fetch(&ObjectRef::new("bucket", "0.json")).await;
    assert!(outcome(&large).starts_with("too_large"), "{large:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let setting = Setting::new().await;
    setting.server.faults().set(Plan::always(Fault::Stall(Duration::from_secs(5))));
    let soon = FetchOptions { timeout: Duration::from_millis(100), ..options() };
    let answer = setting.fetch(soon).fetch(&ObjectRef::new("bucket", "0.json")).await;
    assert!(outcome(&answer).starts_with("retryable: no whole answer within 0.1 s"), "{answer:?}");
}

async fn fatal(setting: &Setting) -> Vec<String> {
    let objects = (0..40).map(|i| ObjectRef::new("bucket", format!("{i}.json")));
    let answers =
        fetch_all(Arc::new(setting.fetch(options())), futures::stream::iter(objects), Concurrency::default());
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.len(), 40);
    answers.iter().map(|(_, answer)| outcome(answer)).filter(|o| o.starts_with("fatal")).collect()
}

#[tokio::test]
async fn a_store_that_refuses_all_is_fatal_one_that_refuses_some_is_not() {
    let setting = Setting::new().await;
    setting.server.faults().set(Plan::always(Fault::Denied));
    let messages = fatal(&setting).await;
    assert!(messages.first().is_some_and(|m| m.contains("--anonymous")), "{messages:?}");
    setting
        .server
        .faults()
        .set(Plan::by(|request| (!request.path.ends_with("/7.json")).then_some(Fault::Denied)));
    let some = setting.fetch(options());
    assert!(some.fetch(&ObjectRef::new("bucket", "7.json")).await.is_ok());
    for i in 0..40 {
        let answer = some.fetch(&ObjectRef::new("bucket", format!("{i}.json"))).await;
        assert!(!matches!(answer, Err(Failure::Fatal { .. })), "{i}: {answer:?}");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_fatal() {
    let setting = Setting::new().await;
    setting.server.faults().set(Plan::always(Fault::ResetBefore));
    let messages = fatal(&setting).await;
    let told =
        |m: &String| m.contains("does not answer") && m.contains("bucket/") && m.contains("--map-bucket");
    assert!(messages.first().is_some_and(told), "{messages:?}");
}

#[tokio::test]
async fn a_rough_sea_loses_nothing() {
    let setting = Setting::new().await;
    let faults = vec![Fault::SlowDown, Fault::ResetBefore, Fault::Truncate, Fault::Empty, Fault::ErrorIn200];
    setting.server.faults().set(Plan::seeded(7, 0.1, faults));
    let objects = (0..400).map(|i| ObjectRef::new("bucket", format!("{}.json", i % 40)));
    let patient = FetchOptions { attempts: 8, ..options() };
    let answers =
        fetch_all(Arc::new(setting.fetch(patient)), futures::stream::iter(objects), Concurrency::default());
    let answers: Vec<_> = answers.collect().await;
    assert_eq!(answers.len(), 400);
    let whole = answers.iter().filter(|(_, answer)| answer.as_ref().is_ok_and(|f| f.body.len() > 4000));
    assert!(whole.count() >= 395);
}
