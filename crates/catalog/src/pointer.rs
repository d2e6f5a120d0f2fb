//! `<base>/earthcatalog.db`: reading the pointer to the table's metadata, and moving it by compare-and-swap.
//!
//! In an object store the file is read whole, changed in memory and put back if nobody else did. On a local disk it is
//! changed in place in a transaction: PyIceberg has the same file open, so it must not be renamed away under it.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use earthcatalog_store::conditional::{self, settle};
use earthcatalog_store::{Base, Outcome, Version};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::database;
use crate::error::{Error, Result};

/// The catalog's file, relative to the base.
pub(crate) const FILE: &str = "earthcatalog.db";

/// How long a local writer waits for another's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// Bytes of a SQLite file's header that say how it is journalled (SQLite file format, §1.3.3); 2 is WAL.
const JOURNAL_BYTES: std::ops::Range<usize> = 18..20;

/// What the pointer was when it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Where the table's metadata is; None where there is no table.
    pub(crate) metadata: Option<String>,
    /// The file that held the pointer, in an object store.
    object: Option<(Bytes, Version)>,
}

/// What became of moving the pointer.
#[derive(Debug)]
pub(crate) enum Swap {
    /// It is moved.
    Done,
    /// It was somewhere else by then (or this very swap had been done before, and its answer got lost).
    Lost,
    /// It may have been moved, or may yet be.
    Ambiguous(String),
}

/// The pointer of one base.
#[derive(Debug, Clone)]
pub(crate) struct Pointer {
    base: Base,
    /// Put without a condition: for stores that have none, and one writer.
    unconditional: bool,
}

impl Pointer {
    pub(crate) fn new(base: Base, unconditional: bool) -> Self {
        Self { base, unconditional }
    }

    /// Makes sure that [`swap`](Self::swap) can work here at all.
    pub(crate) async fn probe(&self) -> Result<()> {
        if !self.unconditional {
            conditional::probe(&self.base).await?;
        }
        Ok(())
    }

    /// Where the catalog's file is.
    pub(crate) fn location(&self) -> String {
        self.base.location(FILE)
    }

    pub(crate) async fn read(&self) -> Result<Seen> {
        match self.local() {
            Some(path) => {
                let metadata = blocking(self.location(), move || read_local(&path)).await?;
                Ok(Seen { metadata, object: None })
            }
            None => self.read_object().await,
        }
    }

    async fn read_object(&self) -> Result<Seen> {
        let Some(object) = conditional::read(&self.base, FILE).await? else { return Ok(Seen::default()) };
        let database = self.load(&object.0)?;
        let metadata = database::pointer(&database).map_err(|e| self.error(&e))?;
        Ok(Seen { metadata, object: Some(object) })
    }

    /// Moves the pointer to `next` if it still is what was seen.
    pub(crate) async fn swap(&self, seen: &Seen, next: &str) -> Result<Swap> {
        match self.local() {
            Some(path) => {
                let (seen, next) = (seen.metadata.clone(), next.to_owned());
                blocking(self.location(), move || swap_local(&path, seen.as_deref(), &next)).await
            }
            None => self.swap_object(seen, next).await,
        }
    }

    async fn swap_object(&self, seen: &Seen, next: &str) -> Result<Swap> {
        let bytes = self.changed(seen, next)?;
        let outcome = match &seen.object {
            _ if self.unconditional => {
                self.base.put(FILE, bytes).await?;
                return Ok(Swap::Done);
            }
            Some((_, version)) => conditional::replace(&self.base, FILE, bytes.clone(), version).await?,
            None => conditional::create(&self.base, FILE, bytes.clone()).await?,
        };
        // The bytes hold the new metadata's location, whose name is a nonce: nobody else's file is the same.
        Ok(match settle(&self.base, FILE, &bytes, outcome).await? {
            Outcome::Done(_) => Swap::Done,
            Outcome::Lost => Swap::Lost,
            Outcome::Ambiguous(error) => Swap::Ambiguous(error.to_string()),
        })
    }

    /// The file with its pointer moved.
    fn changed(&self, seen: &Seen, next: &str) -> Result<Bytes> {
        let database = match &seen.object {
            Some((bytes, _)) => self.load(bytes)?,
            None => Connection::open_in_memory().map_err(|e| self.error(&e))?,
        };
        database::swap(&database, seen.metadata.as_deref(), next).map_err(|e| self.error(&e))?;
        let bytes = database.serialize("main").map_err(|e| self.error(&e))?;
        Ok(Bytes::copy_from_slice(&bytes))
    }

    /// A database in memory. A file left in WAL mode has no log beside it in a store: it is whole, and taken as such.
    fn load(&self, bytes: &Bytes) -> Result<Connection> {
        let mut bytes = bytes.to_vec();
        if bytes.is_empty() {
            return Err(self.corrupt("it is empty"));
        }
        match bytes.get_mut(JOURNAL_BYTES) {
            Some(journal) if journal.contains(&2) => journal.fill(1),
            _ => {}
        }
        let size = bytes.len();
        let mut database = Connection::open_in_memory().map_err(|e| self.error(&e))?;
        database.deserialize_read_exact("main", &*bytes, size, false).map_err(|e| self.error(&e))?;
        Ok(database)
    }

    fn local(&self) -> Option<PathBuf> {
        self.base.local().map(|folder| folder.join(FILE))
    }

    fn corrupt(&self, reason: &str) -> Error {
        Error::Corrupt { location: self.location(), reason: reason.to_owned() }
    }

    fn error(&self, error: &rusqlite::Error) -> Error {
        meaning(self.location(), error)
    }
}

fn read_local(path: &std::path::Path) -> rusqlite::Result<Option<String>> {
    if !path.exists() {
        return Ok(None);
    }
    // Not read-only: a writer that was killed leaves a journal that the next one to open the file has to roll back.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(BUSY)?;
    database::pointer(&database)
}

fn swap_local(path: &std::path::Path, seen: Option<&str>, next: &str) -> rusqlite::Result<Swap> {
    let mut database = open_to_write(path)?;
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !database::swap(&transaction, seen, next)? {
        return Ok(Swap::Lost);
    }
    Ok(match transaction.commit() {
        Ok(()) => Swap::Done,
        Err(error) => Swap::Ambiguous(error.to_string()),
    })
}

fn open_to_write(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.busy_timeout(BUSY)?;
    // With a log beside it the file alone would not be the catalog, and copies of it would be stale.
    database.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(database)
}

async fn blocking<T: Send + 'static>(
    location: String,
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|error| meaning(location, &error)),
        Err(error) => Err(Error::Database { location, message: error.to_string(), retryable: false }),
    }
}

fn meaning(location: String, error: &rusqlite::Error) -> Error {
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            Error::Corrupt { location, reason: message }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            Error::ReadOnly { location, message }
        }
        code => {
            let retryable = matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
            Error::Database { location, message, retryable }
        }
    }
}

#[cfg(test)]
#[path = "pointer_tests.rs"]
mod tests;
