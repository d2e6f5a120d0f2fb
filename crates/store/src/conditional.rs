//! Writes that happen only if nobody else wrote: create-if-absent and compare-and-swap.
//!
//! On object stores by `If-None-Match: *` and `If-Match`; on local folders under a file lock, as
//! `LocalFileSystem` has no compare-and-swap.
//!
//! Two traps of real networks shape this module. An answer may get lost although the write landed
//! ([`Outcome::Ambiguous`]); and a client that then repeats the write by itself meets its own first attempt and is
//! refused ([`Outcome::Lost`]). Content that holds a nonce settles both: [`settle`] reads back and knows its own.

use bytes::Bytes;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutResult, UpdateVersion};

use crate::again::again;
use crate::base::{Base, none_if_missing};
use crate::error::{Error, Result};
use crate::local;
use crate::probe::EtagForm;
pub use crate::probe::probe;

/// A state of an object, as its store tells states apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The entity tag as the store gave it, quotes included.
    pub e_tag: Option<String>,
    /// The generation, where the store has one (Google).
    pub version: Option<String>,
}

/// What became of a conditional write.
#[derive(Debug)]
pub enum Outcome {
    /// It is written; this is its version.
    Done(Version),
    /// The condition did not hold. After a repeated request this may be one's own first attempt: see [`settle`].
    Lost,
    /// No certain answer: it may be written, or may yet be.
    Ambiguous(Error),
}

/// Writes `rel` if there is no such object.
///
/// # Errors
/// What certainly refused the write: permissions, a missing bucket, a store that has no conditional writes.
pub async fn create(base: &Base, rel: &str, bytes: Bytes) -> Result<Outcome> {
    match base.local() {
        Some(_) => local::create(file(base, rel), bytes).await,
        None => put(base, rel, bytes, PutMode::Create).await,
    }
}

/// Writes `rel` if it is still as it was when it had the version `seen`.
///
/// # Errors
/// As [`create`].
pub async fn replace(base: &Base, rel: &str, bytes: Bytes, seen: &Version) -> Result<Outcome> {
    match base.local() {
        Some(_) => local::replace(file(base, rel), bytes, seen.clone()).await,
        None => {
            let form = base.capability.get().map_or(EtagForm::AsGiven, |capability| capability.etag);
            replace_as(base, rel, bytes, seen, form).await
        }
    }
}

pub(crate) async fn replace_as(
    base: &Base,
    rel: &str,
    bytes: Bytes,
    seen: &Version,
    form: EtagForm,
) -> Result<Outcome> {
    let e_tag = seen.e_tag.as_deref().map(|tag| form.of(tag).to_owned());
    let seen = UpdateVersion { e_tag, version: seen.version.clone() };
    put(base, rel, bytes, PutMode::Update(seen)).await
}

/// Reads `rel` with its version; nothing if it is not there.
///
/// # Errors
/// Those of the store.
pub async fn read(base: &Base, rel: &str) -> Result<Option<(Bytes, Version)>> {
    match base.local() {
        Some(_) => local::read(file(base, rel)).await,
        None => {
            let read = || async { read_object(base, rel).await.map_err(|e| base.error(rel, &e)) };
            none_if_missing(again(read, |error: &Error| Some(error)).await)
        }
    }
}

async fn read_object(base: &Base, rel: &str) -> object_store::Result<(Bytes, Version)> {
    let got = base.store().get(&base.path(rel)).await?;
    let version = Version { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
    Ok((got.bytes().await?, version))
}

/// Finds out whether a write of `bytes` that did not end in [`Outcome::Done`] landed nevertheless, by reading back.
///
/// `bytes` must be unique to this write (hold a nonce). What is still unknown stays [`Outcome::Ambiguous`]: nothing is
/// there (it may land yet), or something else is (ours may have come and gone, its nonce may be in a log there).
///
/// # Errors
/// None of its own: if reading back fails, the outcome is ambiguous.
pub async fn settle(base: &Base, rel: &str, bytes: &Bytes, outcome: Outcome) -> Result<Outcome> {
    if matches!(outcome, Outcome::Done(_)) {
        return Ok(outcome);
    }
    match read(base, rel).await {
        Ok(Some((found, version))) if found == *bytes => Ok(Outcome::Done(version)),
        Ok(_) => Ok(outcome),
        Err(e) => Ok(Outcome::Ambiguous(e)),
    }
}

/// The file of `rel`. A local base's keys are paths from the root of the file system.
pub(crate) fn file(base: &Base, rel: &str) -> std::path::PathBuf {
    base.location(rel).into()
}

async fn put(base: &Base, rel: &str, bytes: Bytes, mode: PutMode) -> Result<Outcome> {
    let options = PutOptions { mode, ..PutOptions::default() };
    match base.store().put_opts(&base.path(rel), bytes.into(), options).await {
        Ok(PutResult { e_tag, version, .. }) => Ok(Outcome::Done(Version { e_tag, version })),
        Err(e) => judge(base, rel, &e),
    }
}

/// Sorts a failed conditional write: lost, certainly refused, or unknown.
fn judge(base: &Base, rel: &str, error: &object_store::Error) -> Result<Outcome> {
    use object_store::Error as E;
    let meaning = base.error(rel, error);
    match error {
        E::AlreadyExists { .. } | E::Precondition { .. } | E::NotModified { .. } => Ok(Outcome::Lost),
        E::NotImplemented { .. } | E::NotSupported { .. } => {
            Err(Error::NoConditionalPut { store: base.url().to_owned(), reason: error.to_string() })
        }
        E::InvalidPath { .. } | E::UnknownConfigurationKey { .. } => Err(meaning),
        _ => match meaning {
            Error::Denied { .. } | Error::NoBucket { .. } | Error::NotFound { .. } => Err(meaning),
            Error::Store { ref message, .. } if is_refusal(message) => Err(meaning),
            _ => Ok(Outcome::Ambiguous(meaning)),
        },
    }
}

/// Answers of the 400 kind were not carried out (408 and 429 may be sent by a gateway that already passed it on).
fn is_refusal(message: &str) -> bool {
    let status = message.split("status code: ").nth(1).and_then(|rest| rest.get(..3));
    matches!(status, Some(code) if code.starts_with('4') && code != "408" && code != "429")
}

#[cfg(test)]
#[path = "conditional_tests.rs"]
mod tests;
