//! The lock file of a catalog: who is writing, since when, for how long.
//!
//! It saves wasted work; correctness never rests on it. JSON, in a form that earthcatalog 0.6.1 reads and writes
//! too: `{owner, pid, hostname, acquired, ttl_hours}`, to which we add a nonce by which a writer knows its own.

mod holder;

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use object_store::ObjectStoreExt;
use uuid::Uuid;

use crate::base::Base;
use crate::conditional::{self, Outcome, Version, settle};
use crate::error::{Error, Result};
use crate::local;

pub use holder::{Holder, hostname};

/// The lock file's usual name, relative to the base.
pub const LOCK_PATH: &str = ".lock";

/// How a lease is taken.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Who takes it, for others to read: the program, the run.
    pub owner: String,
    /// After how many hours without renewal others may take it over.
    pub ttl_hours: f64,
    /// The lock file: relative to the base, or a whole location in the same store (`s3://bucket/.lock`, which is where
    /// 0.6.1 looks if its store is the bucket).
    pub rel_path: String,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { owner: "earthcatalog".into(), ttl_hours: 12.0, rel_path: LOCK_PATH.into() }
    }
}

/// A held lease. Dropping it leaves the lock file in place: [`release`](Lease::release) it.
#[derive(Debug)]
pub struct Lease {
    base: Base,
    rel: String,
    holder: Holder,
    version: Version,
}

/// How often the lock is tried again after it changed under our hands or an answer got lost.
const ATTEMPTS: usize = 5;

/// Below this rest of its time a lease is not deleted but marked as released: another might take it meanwhile.
const SAFE_TO_DELETE: Duration = Duration::from_secs(60);

/// Takes the lease: a free one, or one that outlived its time. Nobody waits here.
///
/// # Errors
/// [`Error::Locked`] if another holds it, [`Error::NoConditionalPut`] if the store can't keep a lock,
/// [`Error::LeaseUnknown`] if no attempt got an answer, and those of the store.
pub async fn acquire(base: &Base, options: &LeaseOptions) -> Result<Lease> {
    conditional::probe(base).await?;
    let (base, rel) = lock_file(base, &options.rel_path)?;
    let holder = Holder::this_process(&options.owner, options.ttl_hours);
    let mut last = String::from("it keeps changing");
    for _ in 0..ATTEMPTS {
        match attempt(&base, &rel, &holder).await? {
            Outcome::Done(version) => return Ok(Lease { base, rel, holder, version }),
            Outcome::Lost => {}
            Outcome::Ambiguous(error) => last = error.to_string(),
        }
    }
    Err(Error::LeaseUnknown { url: base.location(&rel), message: last })
}

/// One attempt: create the file, else take over a stale one.
async fn attempt(base: &Base, rel: &str, holder: &Holder) -> Result<Outcome> {
    let bytes = holder.to_bytes();
    let created = conditional::create(base, rel, bytes.clone()).await?;
    match settle(base, rel, &bytes, created).await? {
        Outcome::Lost => {}
        other => return Ok(other),
    }
    let Some((other, version)) = read_holder(base, rel).await? else { return Ok(Outcome::Lost) };
    if other.is(holder) {
        return Ok(Outcome::Done(version));
    }
    if !other.is_stale(Utc::now()) {
        return Err(other.locked(base.location(rel)));
    }
    tracing::warn!(owner = other.owner, since = other.since(), "taking over a lock that outlived its time");
    let replaced = conditional::replace(base, rel, bytes.clone(), &version).await?;
    settle(base, rel, &bytes, replaced).await
}

impl Lease {
    /// What stands in the lock file.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Starts the lease's time anew.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if the lock is another's by now, or gone; those of the store.
    pub async fn renew(&mut self) -> Result<()> {
        let renewed = self.holder.renewed();
        let mut last = String::from("it keeps changing");
        for _ in 0..ATTEMPTS {
            match self.swap(&renewed.to_bytes()).await? {
                Outcome::Done(version) => {
                    (self.holder, self.version) = (renewed, version);
                    return Ok(());
                }
                Outcome::Lost => self.version = self.own_version().await?,
                Outcome::Ambiguous(error) => last = error.to_string(),
            }
        }
        Err(Error::LeaseUnknown { url: self.url(), message: last })
    }

    /// Gives the lease back: deletes the lock file if it is still one's own.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if it is another's (which stays) or gone; those of the store.
    pub async fn release(self) -> Result<()> {
        let version = self.own_version().await?;
        if self.base.local().is_some() {
            let removed = local::remove(conditional::file(&self.base, &self.rel), version).await?;
            return if removed { Ok(()) } else { Err(self.lost("it was taken over just now")) };
        }
        if self.holder.rest(Utc::now()) > SAFE_TO_DELETE {
            return self.base.delete(&self.rel).await;
        }
        match self.swap(&self.holder.released().to_bytes()).await? {
            Outcome::Done(_) => Ok(()),
            Outcome::Lost => Err(self.lost("it was taken over just now")),
            Outcome::Ambiguous(error) => Err(error),
        }
    }

    async fn swap(&self, bytes: &Bytes) -> Result<Outcome> {
        let replaced = conditional::replace(&self.base, &self.rel, bytes.clone(), &self.version).await?;
        settle(&self.base, &self.rel, bytes, replaced).await
    }

    /// The lock file's version, provided that it is ours.
    async fn own_version(&self) -> Result<Version> {
        match read_holder(&self.base, &self.rel).await? {
            Some((holder, version)) if holder.is(&self.holder) => Ok(version),
            Some((other, _)) => Err(self.lost(&format!("{} holds it now", other.owner))),
            None => Err(self.lost("it was removed")),
        }
    }

    fn lost(&self, reason: &str) -> Error {
        Error::LeaseLost { url: self.url(), reason: reason.into() }
    }

    fn url(&self) -> String {
        self.base.location(&self.rel)
    }
}

/// Who holds the base's lock, stale or not; nothing if nobody does.
///
/// # Errors
/// Those of the store.
pub async fn read(base: &Base) -> Result<Option<Holder>> {
    read_at(base, LOCK_PATH).await
}

/// [`read`] for a lock file elsewhere, named as in [`LeaseOptions::rel_path`].
///
/// # Errors
/// Those of the store.
pub async fn read_at(base: &Base, rel_path: &str) -> Result<Option<Holder>> {
    let (base, rel) = lock_file(base, rel_path)?;
    Ok(read_holder(&base, &rel).await?.map(|(holder, _)| holder))
}

/// Removes the base's lock, whoever holds it, and tells who did.
///
/// # Errors
/// Those of the store.
pub async fn break_lock(base: &Base) -> Result<Option<Holder>> {
    break_lock_at(base, LOCK_PATH).await
}

/// [`break_lock`] for a lock file elsewhere, named as in [`LeaseOptions::rel_path`].
///
/// # Errors
/// Those of the store.
pub async fn break_lock_at(base: &Base, rel_path: &str) -> Result<Option<Holder>> {
    let (base, rel) = lock_file(base, rel_path)?;
    let holder = read_holder(&base, &rel).await?.map(|(holder, _)| holder);
    if holder.is_some() {
        base.delete(&rel).await?;
    }
    Ok(holder)
}

/// The lock file as a file of a base: its own, or the folder of the location given.
fn lock_file(base: &Base, rel_path: &str) -> Result<(Base, String)> {
    if !rel_path.contains("://") && !rel_path.starts_with('/') {
        return Ok((base.clone(), rel_path.to_owned()));
    }
    base.beside(rel_path)
}

async fn read_holder(base: &Base, rel: &str) -> Result<Option<(Holder, Version)>> {
    let Some((bytes, version)) = conditional::read(base, rel).await? else { return Ok(None) };
    let holder = match Holder::parse(&bytes) {
        Some(holder) => holder,
        None => Holder::unreadable(written(base, rel).await),
    };
    Ok(Some((holder, version)))
}

async fn written(base: &Base, rel: &str) -> Option<chrono::DateTime<Utc>> {
    base.store().head(&base.path(rel)).await.ok().map(|meta| meta.last_modified)
}

fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
