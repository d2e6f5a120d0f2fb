//! The fetcher for object stores and local disks.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use earthcatalog_model::{ObjectRef, Reason, Rejection};
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::Semaphore;

use crate::fetch::{Failure, Fetch, Fetched};
use crate::local;
use crate::outset::{Outset, Trouble};
use crate::remote;

/// Local files read in one go.
const LOCAL_BATCH: usize = 32;

/// Threads that read local files: more than cores, for the disks that are far away.
const LOCAL_READERS: usize = 8;

/// Buckets whose kind is remembered.
const BUCKETS: usize = 1024;

/// Where an object is.
#[derive(Debug, Clone)]
pub struct Target {
    /// The store that has it.
    pub store: Arc<dyn ObjectStore>,
    /// Its path there.
    pub path: Path,
    /// The file, where the store is a local disk: it is read directly then.
    pub file: Option<PathBuf>,
}

/// Finds the place of a listed object: by its bucket, and by what the user maps buckets to.
///
/// The answer depends on the object's name alone, and does no I/O. All objects of a bucket are of one kind: with a
/// `file`, or without.
pub trait Resolve: Send + Sync + 'static {
    /// The place, or a message that says why there is none.
    ///
    /// # Errors
    /// Where the object's name cannot be a place: no store for such a bucket, a key that is no path.
    fn resolve(&self, object: &ObjectRef) -> Result<Target, String>;
}

/// Limits of one fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchOptions {
    /// The largest body, also after decompression, in bytes.
    pub max_bytes: u64,
    /// The time for one object, with all that is tried again.
    pub timeout: Duration,
    /// How often a body is asked for that comes empty, cut off, or as an error page. (A store's own errors are
    /// retried by the store's client.)
    pub attempts: u32,
    /// The pause before the second attempt; it doubles with each.
    pub backoff: Duration,
}

/// 64 MiB, two minutes, three attempts, 200 ms.
impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            timeout: Duration::from_secs(120),
            attempts: 3,
            backoff: Duration::from_millis(200),
        }
    }
}

/// Fetches through `object_store`, and from local disks directly.
///
/// Where the first 32 objects all fail in one way that no single object is to blame for (no connection, no
/// permission, no bucket), the answer is [`Failure::Fatal`] with a hint.
pub struct StoreFetch {
    resolve: Arc<dyn Resolve>,
    options: FetchOptions,
    outset: Outset,
    readers: Arc<Semaphore>,
    local: RwLock<HashMap<String, bool>>,
}

impl StoreFetch {
    /// A fetcher that finds objects through `resolve`.
    pub fn new(resolve: Arc<dyn Resolve>, options: FetchOptions) -> Self {
        Self {
            resolve,
            options,
            outset: Outset::default(),
            readers: Arc::new(Semaphore::new(LOCAL_READERS)),
            local: RwLock::default(),
        }
    }

    /// Where the object is, or why nowhere.
    fn place(&self, object: &ObjectRef) -> Result<Target, Failure> {
        self.resolve.resolve(object).map_err(|message| {
            let rejection = Rejection::new(object.clone(), Reason::Unreadable, message);
            self.outset.trouble(object, Trouble::Place, Failure::Rejected(rejection))
        })
    }

    async fn fetch_remote(&self, object: &ObjectRef, target: &Target) -> Result<Fetched, Failure> {
        let answer = remote::fetch(object, target, &self.options).await;
        self.judge(object, answer)
    }

    fn judge(&self, object: &ObjectRef, answer: Read) -> Result<Fetched, Failure> {
        answer.inspect(|_| self.outset.answered()).map_err(|(trouble, failure)| match trouble {
            Some(trouble) => self.outset.trouble(object, trouble, failure),
            None => {
                self.outset.answered();
                failure
            }
        })
    }

    /// Reads the files of a batch in one visit to a thread that may block; an answer each, yet to be judged.
    async fn fetch_files(&self, files: Vec<(ObjectRef, PathBuf)>) -> Vec<Read> {
        let count = files.len();
        let max_bytes = self.options.max_bytes;
        let permit = self.readers.clone().acquire_owned().await.ok();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            files.into_iter().map(|(object, file)| local::fetch(object, &file, max_bytes)).collect()
        });
        match task.await {
            Ok(answers) => answers,
            Err(error) => std::iter::repeat_with(|| Err((None, lost(&error)))).take(count).collect(),
        }
    }

    fn is_local(&self, object: &ObjectRef) -> bool {
        if let Some(known) = self.local.read().ok().and_then(|known| known.get(&object.bucket).copied()) {
            return known;
        }
        let Ok(target) = self.resolve.resolve(object) else { return false };
        let local = target.file.is_some();
        if let Ok(mut known) = self.local.write()
            && known.len() < BUCKETS
        {
            known.insert(object.bucket.clone(), local);
        }
        local
    }
}

/// What became of an object, and the trouble that a failure may be a sign of.
type Read = Result<Fetched, (Option<Trouble>, Failure)>;

fn unread() -> Read {
    Err((None, Failure::Retryable { message: "the file was not read".to_owned() }))
}

fn lost(error: &tokio::task::JoinError) -> Failure {
    Failure::Retryable { message: format!("the thread that read the file ended: {error}") }
}

#[async_trait]
impl Fetch for StoreFetch {
    async fn fetch(&self, object: &ObjectRef) -> Result<Fetched, Failure> {
        let target = self.place(object)?;
        match target.file {
            None => self.fetch_remote(object, &target).await,
            Some(file) => {
                let read = self.fetch_files(vec![(object.clone(), file)]).await.pop();
                self.judge(object, read.unwrap_or_else(unread))
            }
        }
    }

    fn batch_size(&self, object: &ObjectRef) -> usize {
        if self.is_local(object) { LOCAL_BATCH } else { 1 }
    }

    async fn fetch_batch(&self, objects: &[ObjectRef]) -> Vec<Result<Fetched, Failure>> {
        let targets: Vec<_> = objects.iter().map(|object| self.place(object)).collect();
        let files = objects.iter().zip(&targets).filter_map(|(object, target)| {
            target.as_ref().ok()?.file.clone().map(|file| (object.clone(), file))
        });
        let files: Vec<_> = files.collect();
        let mut read = if files.is_empty() { Vec::new() } else { self.fetch_files(files).await }.into_iter();
        let mut answers = Vec::with_capacity(objects.len());
        for (object, target) in objects.iter().zip(targets) {
            answers.push(match target {
                Err(failure) => Err(failure),
                Ok(Target { file: Some(_), .. }) => self.judge(object, read.next().unwrap_or_else(unread)),
                Ok(target) => self.fetch_remote(object, &target).await,
            });
        }
        answers
    }
}

#[cfg(test)]
#[path = "store_fetch_tests.rs"]
mod tests;
