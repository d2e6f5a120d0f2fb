//! The contract of a fetcher: what it is asked and what it answers.

use async_trait::async_trait;
use bytes::Bytes;
use earthcatalog_model::{ObjectRef, Rejection};

/// An object and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The object; size, last_modified and etag are those of the listing, or else of the answer.
    pub object: ObjectRef,
    /// The item's JSON text, decompressed where the object was gzip.
    pub body: Bytes,
}

/// Why there are no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// This object is bad, or gone; to ask again gives the same.
    #[error("{}: {}", .0.reason, .0.message)]
    Rejected(Rejection),
    /// This object could not be had now (a timeout, a server's error) though it was tried again; later it may be.
    #[error("{message}")]
    Retryable {
        /// What was tried and how it failed.
        message: String,
    },
    /// No object can be had: going on is useless.
    #[error("{message}; {hint}")]
    Fatal {
        /// What failed, and where.
        message: String,
        /// What the user can do about it.
        hint: String,
    },
}

impl Failure {
    /// True where asking again later may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retryable { .. })
    }
}

/// Gets the bytes of objects.
///
/// An implementor retries by itself what is worth retrying, bounds the time and the size of each answer, and never
/// gives bytes that it knows to be incomplete. Many calls run at once.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Gets one object.
    async fn fetch(&self, object: &ObjectRef) -> Result<Fetched, Failure>;

    /// How many objects like this one are best asked for in one call of [`fetch_batch`](Self::fetch_batch): 1 where
    /// each is a request of its own, more where the way there costs more than the object (local files).
    fn batch_size(&self, _object: &ObjectRef) -> usize {
        1
    }

    /// Gets some objects, one after another; answers come in the order of `objects`, one for each.
    async fn fetch_batch(&self, objects: &[ObjectRef]) -> Vec<Result<Fetched, Failure>> {
        let mut answers = Vec::with_capacity(objects.len());
        for object in objects {
            answers.push(self.fetch(object).await);
        }
        answers
    }
}
