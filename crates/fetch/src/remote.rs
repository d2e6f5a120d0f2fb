//! Objects of a store: one request each, its size bounded, its body looked at before it is believed.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use earthcatalog_model::{ObjectRef, Reason, Rejection, Timestamp};
use futures::StreamExt;
use object_store::{GetResult, ObjectMeta, ObjectStoreExt};

use crate::body::{self, Defect};
use crate::fetch::{Failure, Fetched};
use crate::outset::Trouble;
use crate::store_fetch::{FetchOptions, Target};

/// A failure, and the trouble of the whole store that it may be a sign of.
type Failed = (Option<Trouble>, Failure);

/// Bodies larger than this are decompressed where it is no matter to block.
const INLINE_GUNZIP: usize = 256 << 10;

/// How one request went wrong.
enum Fault {
    Store(object_store::Error),
    Body(Defect),
}

impl From<object_store::Error> for Fault {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Defect> for Fault {
    fn from(defect: Defect) -> Self {
        Self::Body(defect)
    }
}

/// Fetches one object within the time there is for it.
///
/// # Errors
/// The failure, and the trouble it may be a sign of.
pub(crate) async fn fetch(
    object: &ObjectRef,
    target: &Target,
    options: &FetchOptions,
) -> Result<Fetched, Failed> {
    match tokio::time::timeout(options.timeout, attempts(target, options)).await {
        Ok(Ok((body, meta))) => Ok(Fetched { object: fill(object, &meta), body }),
        Ok(Err(Fault::Store(error))) => Err(refused(object, &error)),
        Ok(Err(Fault::Body(defect))) => Err((None, rejected(object, defect, options.attempts))),
        Err(_) => Err(late(options.timeout)),
    }
}

/// Asks again for a body that came damaged. Errors of the store are retried by its client, not here.
async fn attempts(target: &Target, options: &FetchOptions) -> Result<(Bytes, ObjectMeta), Fault> {
    let mut pause = options.backoff;
    for _ in 1..options.attempts {
        match once(target, options.max_bytes).await {
            Err(Fault::Body(Defect::Incomplete(message))) => {
                tracing::debug!(path = %target.path, %message, "asking again");
            }
            other => return other,
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2);
    }
    once(target, options.max_bytes).await
}

async fn once(target: &Target, max_bytes: u64) -> Result<(Bytes, ObjectMeta), Fault> {
    let answer = target.store.get(&target.path).await?;
    if answer.meta.size > max_bytes {
        return Err(Defect::TooLarge(max_bytes).into());
    }
    let meta = answer.meta.clone();
    let raw = collect(answer, max_bytes).await?;
    if (raw.len() as u64) < meta.size {
        let message = format!("{} of {} bytes came", raw.len(), meta.size);
        return Err(Defect::Incomplete(message.into()).into());
    }
    Ok((text(raw, max_bytes).await?, meta))
}

/// The body, read no further than the limit. One chunk is taken as it is.
async fn collect(answer: GetResult, max_bytes: u64) -> Result<Bytes, Fault> {
    let expected = answer.meta.size as usize;
    let mut chunks = answer.into_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if (first.len() + rest.len() + chunk.len()) as u64 > max_bytes {
            return Err(Defect::TooLarge(max_bytes).into());
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(expected.max(first.len() + chunk.len()));
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&chunk);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

async fn text(raw: Bytes, max_bytes: u64) -> Result<Bytes, Fault> {
    if raw.len() <= INLINE_GUNZIP {
        return Ok(body::text(raw, max_bytes)?);
    }
    match tokio::task::spawn_blocking(move || body::text(raw, max_bytes)).await {
        Ok(text) => Ok(text?),
        Err(error) => Err(Fault::Store(error.into())),
    }
}

fn fill(object: &ObjectRef, meta: &ObjectMeta) -> ObjectRef {
    let mut object = object.clone();
    object.size = object.size.or(Some(meta.size));
    if object.last_modified.is_none() {
        object.last_modified = Timestamp::from_micros(meta.last_modified.timestamp_micros());
    }
    if object.etag.is_none() {
        object.etag = meta.e_tag.as_deref().map(bare).map(str::to_owned);
    }
    object
}

fn bare(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|e| e.strip_suffix('"')).unwrap_or(etag)
}

fn rejected(object: &ObjectRef, defect: Defect, attempts: u32) -> Failure {
    let (reason, message) = match defect {
        Defect::TooLarge(_) => (Reason::TooLarge, defect.to_string()),
        Defect::Incomplete(message) => (Reason::NotJson, format!("{message} ({attempts} attempts)")),
    };
    Failure::Rejected(Rejection::new(object.clone(), reason, message))
}

fn late(timeout: Duration) -> Failed {
    let message = format!("no whole answer within {} s", timeout.as_secs_f64());
    (Some(Trouble::Connection), Failure::Retryable { message })
}

fn refused(object: &ObjectRef, error: &object_store::Error) -> Failed {
    use object_store::Error;
    let message = without_queries(&error.to_string());
    let rejected = |reason| Failure::Rejected(Rejection::new(object.clone(), reason, message.clone()));
    match error {
        Error::NotFound { .. } if message.contains("NoSuchBucket") => {
            (Some(Trouble::Bucket), rejected(Reason::NotFound))
        }
        Error::NotFound { .. } => (None, rejected(Reason::NotFound)),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            (Some(Trouble::Permission), rejected(Reason::Forbidden))
        }
        Error::InvalidPath { .. } | Error::NotSupported { .. } | Error::NotImplemented { .. } => {
            (Some(Trouble::Place), rejected(Reason::Unreadable))
        }
        _ => (Some(trouble(&message)), Failure::Retryable { message }),
    }
}

/// Signed URLs carry their secret in the query, and clients put the whole URL into their messages.
fn without_queries(message: &str) -> String {
    let bare = |word: &str| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => url.to_owned(),
        _ => word.to_owned(),
    };
    message.split(' ').map(bare).collect::<Vec<_>>().join(" ")
}

/// Without credentials a client asks the machine's metadata service, and fails there.
fn trouble(message: &str) -> Trouble {
    let signs = ["credential", "169.254.", "latest/api/token", "metadata.google.internal"];
    if signs.iter().any(|sign| message.contains(sign)) { Trouble::Credentials } else { Trouble::Connection }
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
