//! Many objects at once: requests in flight bounded by number and by bytes, answers in the order they come.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use earthcatalog_model::{ObjectRef, Reason, Rejection};
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt, stream};
use tokio::task::JoinHandle;

use crate::budget::{Budget, Share};
use crate::fetch::{Failure, Fetch, Fetched};

/// Objects looked at together when batches are formed; no batch is larger.
const GROUP: usize = 64;

/// A batch is closed when its objects reach this size, so that a few large files do not wait for one another.
const BATCH_BYTES: u64 = 1 << 20;

/// How much may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// Objects in flight, from the request until the answer is taken out of the stream; at least one. A batch of more
    /// travels alone.
    pub requests: usize,
    /// Bytes in flight, by listed size (or by the average so far, where a listing has none), from the request until
    /// the answer is taken out of the stream. An object larger than this travels alone.
    pub memory: u64,
}

/// 256 requests, 256 MiB.
impl Default for Concurrency {
    fn default() -> Self {
        Self { requests: 256, memory: 256 << 20 }
    }
}

/// An object and how it went.
type Answer = (ObjectRef, Result<Fetched, Failure>);

/// Fetches every object of the stream; each gets exactly one answer, in no order.
///
/// Requests run as tasks of the runtime, so that they go on while the consumer is busy; dropping the stream ends
/// them. A panic in the fetcher is an answer too: a rejection with [`Reason::Internal`].
pub fn fetch_all<S>(
    fetch: Arc<dyn Fetch>,
    objects: S,
    concurrency: Concurrency,
) -> BoxStream<'static, (ObjectRef, Result<Fetched, Failure>)>
where
    S: Stream<Item = ObjectRef> + Send + 'static,
{
    let budget = Arc::new(Budget::new(concurrency.requests, concurrency.memory));
    let (grouping, sizing) = ((fetch.clone(), budget.clone()), budget.clone());
    objects
        .ready_chunks(GROUP)
        .flat_map(move |chunk| stream::iter(group(&*grouping.0, &grouping.1, chunk)))
        .then(move |batch| admit(sizing.clone(), batch))
        .map(move |(batch, share)| run(fetch.clone(), budget.clone(), batch, share))
        .buffer_unordered(concurrency.requests.max(1))
        .flat_map(|(answers, share)| stream::iter(answers.into_iter().map(move |a| hold(a, &share))))
        .boxed()
}

/// The share stays with the iterator until the last answer of its batch is taken.
fn hold(answer: Answer, _share: &Share) -> Answer {
    answer
}

/// Objects that go together, and what they will probably take.
struct Batch {
    objects: Vec<ObjectRef>,
    bytes: u64,
}

fn group(fetch: &dyn Fetch, budget: &Budget, chunk: Vec<ObjectRef>) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut open = Batch { objects: Vec::new(), bytes: 0 };
    for object in chunk {
        let (size, bytes) = (fetch.batch_size(&object), budget.estimate(&object));
        if size <= 1 {
            batches.push(Batch { objects: vec![object], bytes });
            continue;
        }
        open.objects.push(object);
        open.bytes += bytes;
        if open.objects.len() >= size || open.bytes >= BATCH_BYTES {
            batches.push(std::mem::replace(&mut open, Batch { objects: Vec::new(), bytes: 0 }));
        }
    }
    if !open.objects.is_empty() {
        batches.push(open);
    }
    batches
}

async fn admit(budget: Arc<Budget>, batch: Batch) -> (Batch, Share) {
    let share = budget.take(batch.objects.len(), batch.bytes).await;
    (batch, share)
}

/// A task that ends with its handle.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(
    fetch: Arc<dyn Fetch>,
    budget: Arc<Budget>,
    batch: Batch,
    mut share: Share,
) -> (Vec<Answer>, Share) {
    let objects = Arc::new(batch.objects);
    let asked = objects.clone();
    let mut task =
        Task(tokio::spawn(async move { AssertUnwindSafe(fetch.fetch_batch(&asked)).catch_unwind().await }));
    let answers = match (&mut task.0).await {
        Ok(Ok(answers)) => answers,
        // It panicked; each of its objects gets an answer below.
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let (bodies, bytes) = weigh(&answers);
    budget.settle(&mut share, bodies, bytes);
    // The task has ended, and its share of the objects with it.
    let objects = Arc::try_unwrap(objects).unwrap_or_else(|shared| (*shared).clone());
    (pair(objects, answers), share)
}

fn weigh(answers: &[Result<Fetched, Failure>]) -> (u64, u64) {
    let bodies = || answers.iter().flatten();
    (bodies().count() as u64, bodies().map(|fetched| fetched.body.len() as u64).sum())
}

/// One answer for each object, whatever the fetcher did.
fn pair(objects: Vec<ObjectRef>, answers: Vec<Result<Fetched, Failure>>) -> Vec<Answer> {
    let answers = answers.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    let answered = |(object, answer): (ObjectRef, Option<_>)| {
        let answer = answer.unwrap_or_else(|| Err(unanswered(&object)));
        (object, answer)
    };
    objects.into_iter().zip(answers).map(answered).collect()
}

fn unanswered(object: &ObjectRef) -> Failure {
    let message = "the fetcher ended without an answer for this object; please report it";
    Failure::Rejected(Rejection::new(object.clone(), Reason::Internal, message))
}

#[cfg(test)]
#[path = "concurrent_tests.rs"]
mod tests;
