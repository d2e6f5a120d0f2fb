//! An object store that dies, or fails without saying whether it did what it was asked.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The operation that fails, counted from 1 since the plan was set; 0: none.
    pub at: u64,
    /// How.
    pub how: How,
}

/// Ways to fail at operation n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// It and everything after it fails, nothing is done: the process died before it.
    #[default]
    Die,
    /// It is done, and it and everything after it fails: the process died before it heard so.
    DieAfter,
    /// It is done, but an error is returned; all goes well afterwards. A read only fails.
    Ambiguous,
    /// It fails, nothing is done; all goes well afterwards.
    Once,
}

/// Wraps a store and counts its operations: each put, part, completion, get, delete, list and copy is one.
/// Clones share the count and the plan.
#[derive(Clone)]
pub struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    plan: Mutex<Plan>,
    /// Since the plan was set.
    ops: AtomicU64,
}

/// What is to be done about one operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Well,
    /// Fail without doing it.
    Fail,
    /// Do it, then fail.
    DoAndFail,
}

impl FailingStore {
    /// `inner`, failing by `plan`.
    pub fn new(inner: Arc<dyn ObjectStore>, plan: Plan) -> Self {
        let state = State { plan: Mutex::new(plan), ops: AtomicU64::new(0) };
        Self { inner, state: Arc::new(state) }
    }

    /// Operations since the plan was set.
    pub fn ops(&self) -> u64 {
        self.state.ops.load(Ordering::SeqCst)
    }

    /// A new plan; the count begins anew. `Plan::default()` brings a dead store back to life.
    pub fn set(&self, plan: Plan) {
        let mut current = self.state.plan.lock().unwrap_or_else(PoisonError::into_inner);
        *current = plan;
        self.state.ops.store(0, Ordering::SeqCst);
    }

    /// The store inside.
    pub fn inner(&self) -> &Arc<dyn ObjectStore> {
        &self.inner
    }
}

impl State {
    fn next(&self) -> Fate {
        let plan = *self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let n = self.ops.fetch_add(1, Ordering::SeqCst) + 1;
        let (now, later) = (plan.at == n, plan.at != 0 && n > plan.at);
        match plan.how {
            How::Die if now || later => Fate::Fail,
            How::DieAfter if later => Fate::Fail,
            How::DieAfter | How::Ambiguous if now => Fate::DoAndFail,
            How::Once if now => Fate::Fail,
            _ => Fate::Well,
        }
    }

    /// Does `work` as the plan has it.
    async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.next() {
            Fate::Well => work.await,
            Fate::Fail => Err(failure()),
            Fate::DoAndFail => work.await.and(Err(failure())),
        }
    }
}

/// The error that a plan makes: of the kind whose outcome is unknown.
fn failure() -> Error {
    Error::Generic { store: "FailingStore", source: "failed by the test's plan".into() }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailingStore({})", self.inner)
    }
}

impl fmt::Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailingStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.state.run(self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.state.run(self.inner.put_multipart_opts(location, opts)).await?;
        Ok(Box::new(FailingUpload { inner: upload, state: Arc::clone(&self.state) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.state.run(self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.state.run(self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        locations
            .then(move |location| {
                let this = this.clone();
                async move {
                    let location = location?;
                    this.state.run(this.inner.delete(&location)).await.map(|()| location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.state.next() {
            Fate::Well => self.inner.list(prefix),
            _ => futures::stream::once(async { Err(failure()) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.state.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.state.run(self.inner.copy_opts(from, to, options)).await
    }
}

/// An upload whose parts and completion are operations too.
#[derive(Debug)]
struct FailingUpload {
    inner: Box<dyn MultipartUpload>,
    state: Arc<State>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("ops", &self.ops).finish_non_exhaustive()
    }
}

#[async_trait]
impl MultipartUpload for FailingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let part = self.inner.put_part(data);
        let state = Arc::clone(&self.state);
        Box::pin(async move { state.run(part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.state.run(self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.state.run(self.inner.abort()).await
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
