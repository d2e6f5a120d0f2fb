//! Any fetcher, many objects: one answer each, within the bounds.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;

use super::*;

/// Answers after a while, and notes how much was under way.
#[derive(Default)]
struct Slow {
    batch: usize,
    now: AtomicUsize,
    most: AtomicUsize,
    bytes_now: AtomicU64,
    bytes_most: AtomicU64,
    begun: AtomicUsize,
    largest_batch: AtomicUsize,
}

#[async_trait]
impl Fetch for Slow {
    async fn fetch(&self, object: &ObjectRef) -> Result<Fetched, Failure> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let size = object.size.unwrap_or_default();
        let bytes = self.bytes_now.fetch_add(size, Ordering::SeqCst) + size;
        self.bytes_most.fetch_max(bytes, Ordering::SeqCst);
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.bytes_now.fetch_sub(size, Ordering::SeqCst);
        match object.key.as_str() {
            "panic" => panic!("as asked"),
            _ => Ok(Fetched { object: object.clone(), body: Bytes::from_static(b"{}") }),
        }
    }

    fn batch_size(&self, _: &ObjectRef) -> usize {
        self.batch
    }

    async fn fetch_batch(&self, objects: &[ObjectRef]) -> Vec<Result<Fetched, Failure>> {
        self.largest_batch.fetch_max(objects.len(), Ordering::SeqCst);
        let mut answers = Vec::new();
        for object in objects.iter().filter(|object| object.key != "forgotten") {
            answers.push(self.fetch(object).await);
        }
        answers
    }
}

fn objects(count: usize, size: u64) -> impl Stream<Item = ObjectRef> + Send + 'static {
    stream::iter(
        (0..count).map(move |i| ObjectRef { size: Some(size), ..ObjectRef::new("b", i.to_string()) }),
    )
}

async fn keys(answers: BoxStream<'static, Answer>) -> BTreeSet<String> {
    let answers: Vec<_> = answers.collect().await;
    let keys: BTreeSet<_> = answers.iter().map(|(object, _)| object.key.clone()).collect();
    assert_eq!(keys.len(), answers.len(), "an object was answered twice");
    keys
}

#[tokio::test]
async fn each_object_gets_one_answer_and_requests_are_bounded() {
    for batch in [1, 7, 1000] {
        let slow = Arc::new(Slow { batch, ..Slow::default() });
        let bound = Concurrency { requests: 5, memory: 1 << 30 };
        assert_eq!(keys(fetch_all(slow.clone(), objects(500, 10), bound)).await.len(), 500);
        assert!(slow.most.load(Ordering::SeqCst) <= 5);
        assert!(slow.largest_batch.load(Ordering::SeqCst) <= batch.min(GROUP));
    }
}

#[tokio::test]
async fn bytes_in_flight_are_bounded() {
    let slow = Arc::new(Slow { batch: 1, ..Slow::default() });
    let bound = Concurrency { requests: 256, memory: 100 << 10 };
    assert_eq!(keys(fetch_all(slow.clone(), objects(100, 10 << 10), bound)).await.len(), 100);
    let most = slow.bytes_most.load(Ordering::SeqCst);
    assert!(most <= 100 << 10 && slow.most.load(Ordering::SeqCst) > 1, "{most}");
}

#[tokio::test]
async fn what_is_larger_than_the_bound_travels_alone() {
    let slow = Arc::new(Slow { batch: 1, ..Slow::default() });
    let bound = Concurrency { requests: 256, memory: 1 };
    assert_eq!(keys(fetch_all(slow.clone(), objects(10, 1 << 20), bound)).await.len(), 10);
    assert_eq!(slow.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_panic_and_a_missing_answer_are_rejections() {
    let slow = Arc::new(Slow { batch: 4, ..Slow::default() });
    for key in ["panic", "forgotten"] {
        let objects = stream::iter([ObjectRef::new("b", key)]);
        let answers: Vec<_> = fetch_all(slow.clone(), objects, Concurrency::default()).collect().await;
        let [(object, Err(Failure::Rejected(rejection)))] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!((object.key.as_str(), rejection.reason), (key, Reason::Internal));
    }
}

#[tokio::test]
async fn dropping_the_stream_ends_it() {
    let slow = Arc::new(Slow { batch: 1, ..Slow::default() });
    let mut answers =
        fetch_all(slow.clone(), objects(10_000, 10), Concurrency { requests: 8, ..Concurrency::default() });
    assert!(answers.next().await.is_some());
    drop(answers);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let begun = slow.begun.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(slow.begun.load(Ordering::SeqCst), begun);
    assert!(begun < 100, "{begun}");
}

#[tokio::test]
async fn an_empty_stream_ends() {
    let slow = Arc::new(Slow::default());
    assert!(keys(fetch_all(slow, stream::empty(), Concurrency::default())).await.is_empty());
}
