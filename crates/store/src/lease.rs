//! The lock file of a catalog: who is writing, since when, for how long.
//!
//! It saves wasted work; among writers of this program correctness never rests on it. JSON, in a form that earthcatalog
//! 0.6.1 reads and writes too: `{owner, pid, hostname, acquired, ttl_hours}`, to which we add a nonce by which a writer
//! knows its own. That program's lock may lie elsewhere: a base can name a second [`LockFile`].

mod file;
mod held;
mod holder;

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use object_store::ObjectStoreExt;
use uuid::Uuid;

use crate::conditional::{self, Outcome, Version, settle};
use crate::error::{Error, Result};
use crate::local;

pub use file::LockFile;
pub use held::{Leases, acquire_all};
pub use holder::{Holder, hostname};

/// How a lease is taken.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Who takes it, for others to read: the program, the run.
    pub owner: String,
    /// After how many hours without renewal others may take it over.
    pub ttl_hours: f64,
}

impl Default for LeaseOptions {
    fn default() -> Self {
        Self { owner: "earthcatalog".into(), ttl_hours: 12.0 }
    }
}

/// A held lease. Dropping it leaves the lock file in place: [`release`](Lease::release) it.
#[derive(Debug)]
pub struct Lease {
    file: LockFile,
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
pub async fn acquire(file: &LockFile, options: &LeaseOptions) -> Result<Lease> {
    conditional::probe(&file.base).await?;
    let holder = Holder::this_process(&options.owner, options.ttl_hours);
    let mut last = String::from("it keeps changing");
    for _ in 0..ATTEMPTS {
        match attempt(file, &holder).await? {
            Outcome::Done(version) => return Ok(Lease { file: file.clone(), holder, version }),
            Outcome::Lost => {}
            Outcome::Ambiguous(error) => last = error.to_string(),
        }
    }
    Err(Error::LeaseUnknown { url: file.url(), message: last })
}

/// One attempt: create the file, else take over a stale one.
async fn attempt(file: &LockFile, holder: &Holder) -> Result<Outcome> {
    let (base, rel) = (&file.base, file.name.as_str());
    let bytes = holder.to_bytes();
    let created = conditional::create(base, rel, bytes.clone()).await?;
    match settle(base, rel, &bytes, created).await? {
        Outcome::Lost => {}
        other => return Ok(other),
    }
    let Some((other, version)) = read_holder(file).await? else { return Ok(Outcome::Lost) };
    if other.is(holder) {
        return Ok(Outcome::Done(version));
    }
    if !other.is_stale(Utc::now()) {
        return Err(other.locked(file.url()));
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
        let LockFile { base, name } = &self.file;
        if base.local().is_some() {
            let removed = local::remove(conditional::file(base, name), version).await?;
            return if removed { Ok(()) } else { Err(self.lost("it was taken over just now")) };
        }
        if self.holder.rest(Utc::now()) > SAFE_TO_DELETE {
            return base.delete(name).await;
        }
        match self.swap(&self.holder.released().to_bytes()).await? {
            Outcome::Done(_) => Ok(()),
            Outcome::Lost => Err(self.lost("it was taken over just now")),
            Outcome::Ambiguous(error) => Err(error),
        }
    }

    async fn swap(&self, bytes: &Bytes) -> Result<Outcome> {
        let LockFile { base, name } = &self.file;
        let replaced = conditional::replace(base, name, bytes.clone(), &self.version).await?;
        settle(base, name, bytes, replaced).await
    }

    /// The lock file's version, provided that it is ours.
    async fn own_version(&self) -> Result<Version> {
        match read_holder(&self.file).await? {
            Some((holder, version)) if holder.is(&self.holder) => Ok(version),
            Some((other, _)) => Err(self.lost(&format!("{} holds it now", other.owner))),
            None => Err(self.lost("it was removed")),
        }
    }

    fn lost(&self, reason: &str) -> Error {
        Error::LeaseLost { url: self.url(), reason: reason.into() }
    }

    fn url(&self) -> String {
        self.file.url()
    }
}

/// Who holds the lock, stale or not; nothing if nobody does.
///
/// # Errors
/// Those of the store.
pub async fn read(file: &LockFile) -> Result<Option<Holder>> {
    Ok(read_holder(file).await?.map(|(holder, _)| holder))
}

/// Removes the lock, whoever holds it, and tells who did.
///
/// # Errors
/// Those of the store.
pub async fn break_lock(file: &LockFile) -> Result<Option<Holder>> {
    let holder = read(file).await?;
    if holder.is_some() {
        file.base.delete(&file.name).await?;
    }
    Ok(holder)
}

async fn read_holder(file: &LockFile) -> Result<Option<(Holder, Version)>> {
    let Some((bytes, version)) = conditional::read(&file.base, &file.name).await? else { return Ok(None) };
    let holder = match Holder::parse(&bytes) {
        Some(holder) => holder,
        None => Holder::unreadable(written(file).await),
    };
    Ok(Some((holder, version)))
}

async fn written(file: &LockFile) -> Option<chrono::DateTime<Utc>> {
    let meta = file.base.store().head(&file.base.path(&file.name)).await;
    meta.ok().map(|meta| meta.last_modified)
}

fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
#[path = "lease_tests.rs"]
mod tests;
