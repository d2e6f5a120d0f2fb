//! Does a store keep its promise about conditional writes? Asked once, before the first of them.

use bytes::Bytes;
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::base::Base;
use crate::conditional::{Outcome, Version, create, read, replace_as, settle};
use crate::error::{Error, Result};

/// What a store was found to be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// How its entity tags must be sent back.
    pub etag: EtagForm,
}

/// How an entity tag goes into `If-Match`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EtagForm {
    /// As the store gave it, quoted (RFC 9110 §8.8.3).
    #[default]
    AsGiven,
    /// Without quotes: Ceph's RGW compares the header with the bare hash.
    Bare,
}

impl EtagForm {
    pub(crate) fn of(self, tag: &str) -> &str {
        match self {
            Self::AsGiven => tag,
            Self::Bare => tag.trim_matches('"'),
        }
    }
}

/// Probes the base's store, once for a base and its clones: two creates and two swaps of a file with a random name,
/// the second of each having to be refused. Local folders need no probe.
///
/// # Errors
/// [`Error::NoConditionalPut`] if the store ignores or lacks conditional writes; those of the store.
pub async fn probe(base: &Base) -> Result<Capability> {
    if let Some(known) = base.capability.get() {
        return Ok(*known);
    }
    let found = match base.local() {
        Some(_) => Capability { etag: EtagForm::AsGiven },
        None => probe_store(base).await?,
    };
    Ok(*base.capability.get_or_init(|| found))
}

async fn probe_store(base: &Base) -> Result<Capability> {
    let rel = format!(".probe-{}", Uuid::new_v4());
    let found = try_all(base, &rel).await;
    if let Err(error) = base.delete(&rel).await {
        tracing::warn!(%error, "the probe's file could not be deleted");
    }
    found
}

async fn try_all(base: &Base, rel: &str) -> Result<Capability> {
    let first = nonce();
    let made = insist(|| Box::pin(create_settled(base, rel, &first))).await?;
    expect_done(base, made, "it refused to create a new object")?;
    let again = insist(|| Box::pin(create(base, rel, nonce()))).await?;
    expect_lost(base, again, "it accepted a create over an existing object")?;
    let Some((_, seen)) = read(base, rel).await? else {
        return Err(refuse(base, "an object just written is not there"));
    };
    if seen.e_tag.is_none() && seen.version.is_none() {
        return Err(refuse(base, "it gives no entity tags"));
    }
    let etag = swap(base, rel, &seen).await?;
    let stale = insist(|| Box::pin(replace_as(base, rel, nonce(), &seen, etag))).await?;
    expect_lost(base, stale, "it accepted a swap with a stale entity tag")?;
    Ok(Capability { etag })
}

/// The form of entity tag by which the swap succeeds.
async fn swap(base: &Base, rel: &str, seen: &Version) -> Result<EtagForm> {
    let bytes = nonce();
    for form in [EtagForm::AsGiven, EtagForm::Bare] {
        if let Outcome::Done(_) = insist(|| Box::pin(swap_settled(base, rel, &bytes, seen, form))).await? {
            return Ok(form);
        }
    }
    Err(refuse(base, "it refused a swap with the current entity tag"))
}

async fn create_settled(base: &Base, rel: &str, bytes: &Bytes) -> Result<Outcome> {
    settle(base, rel, bytes, create(base, rel, bytes.clone()).await?).await
}

async fn swap_settled(
    base: &Base,
    rel: &str,
    bytes: &Bytes,
    seen: &Version,
    form: EtagForm,
) -> Result<Outcome> {
    settle(base, rel, bytes, replace_as(base, rel, bytes.clone(), seen, form).await?).await
}

/// A certain outcome: what is ambiguous is tried again, a few times.
async fn insist<'a>(attempt: impl Fn() -> BoxFuture<'a, Result<Outcome>>) -> Result<Outcome> {
    let mut left = 3;
    loop {
        left -= 1;
        match attempt().await? {
            Outcome::Ambiguous(error) if left == 0 => return Err(error),
            Outcome::Ambiguous(_) => {}
            certain => return Ok(certain),
        }
    }
}

fn expect_done(base: &Base, outcome: Outcome, otherwise: &str) -> Result<()> {
    if matches!(outcome, Outcome::Done(_)) { Ok(()) } else { Err(refuse(base, otherwise)) }
}

fn expect_lost(base: &Base, outcome: Outcome, otherwise: &str) -> Result<()> {
    if matches!(outcome, Outcome::Lost) { Ok(()) } else { Err(refuse(base, otherwise)) }
}

fn refuse(base: &Base, reason: &str) -> Error {
    Error::NoConditionalPut { store: base.url().to_owned(), reason: reason.to_owned() }
}

fn nonce() -> Bytes {
    Bytes::from(Uuid::new_v4().to_string())
}
