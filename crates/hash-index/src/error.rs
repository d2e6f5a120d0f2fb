//! What can go wrong with an index.

use std::io;
use std::path::{Path, PathBuf};

use earthcatalog_model::IdHash;

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an index could not be built or read. Messages fit behind "failed to …: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder for temporary files has no room left.
    #[error("no space left in {}: free some, or name a larger folder for temporary files (TMPDIR)", dir.display())]
    DiskFull {
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A local file could not be written or read.
    #[error("could not {what} in {}: check that the folder is there and can be written", dir.display())]
    File {
        /// What was tried, e.g. `write a temporary file`.
        what: &'static str,
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Hashes were given to a writer out of order, or twice.
    #[error("hash {next:?} came after {previous:?}: the index takes every hash once, in ascending order")]
    Unsorted {
        /// The hash written before.
        previous: IdHash,
        /// The hash that does not follow it.
        next: IdHash,
    },
    /// The rows of a file of the index are not in the order of their hashes, or a hash is there twice.
    #[error("{path} is not sorted by its hashes (row {row}): rebuild the index")]
    Disordered {
        /// The path in the store.
        path: String,
        /// The first row, counted from 0, that does not follow the one before it.
        row: u64,
    },
    /// The file holds hashes and nothing of where their rows are: it is whole, but another program's.
    #[error("{path} was not written by this earthcatalog (0.6.1 writes such files): rebuild the index")]
    Foreign {
        /// The path in the store.
        path: String,
    },
    /// The description of the index (the table property `earthcatalog.hash_index`) cannot be read.
    #[error("the table property earthcatalog.hash_index is damaged: rebuild the index")]
    Description {
        /// What is wrong with the JSON.
        source: serde_json::Error,
    },
    /// The index was described by a later version of earthcatalog.
    #[error(
        "the index is of version {version}, this earthcatalog knows {known}: use a newer one, or rebuild the index"
    )]
    Version {
        /// The version found.
        version: u32,
        /// The latest that is understood.
        known: u32,
    },
    /// A thread or task of the index ended without a word.
    #[error("the background task that was to {what} ended early: try again, and report it if it stays so")]
    Worker {
        /// What it was to do, e.g. `read a file`.
        what: &'static str,
    },
    /// Writing Parquet failed.
    #[error("could not write the index as Parquet")]
    Write {
        /// The writer's error.
        source: parquet::errors::ParquetError,
    },
    /// What was to be uploaded could not be read.
    #[error("could not read the index to upload")]
    Input {
        /// The system's error.
        source: io::Error,
    },
    /// A store failed.
    #[error("could not {what} the index at {path}")]
    Store {
        /// `read` or `upload`.
        what: &'static str,
        /// The path in the store.
        path: String,
        /// The store's error.
        source: object_store::Error,
    },
    /// There is no index file where one should be.
    #[error("there is no index at {path}: rebuild the index from the table")]
    Missing {
        /// The path in the store.
        path: String,
    },
    /// The file is damaged, or not an index.
    #[error("{path} is no file of the hash index ({reason}): rebuild the index from the table")]
    Corrupt {
        /// The path in the store.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// True where the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Store { source: object_store::Error::Generic { .. }, .. })
    }

    /// For a failure on a local file in `dir`; a full disk is told apart, because it has a remedy of its own.
    pub(crate) fn file(what: &'static str, dir: &Path, source: io::Error) -> Self {
        let dir = dir.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { dir, source },
            _ => Self::File { what, dir, source },
        }
    }

    pub(crate) fn write(source: impl Into<parquet::errors::ParquetError>) -> Self {
        Self::Write { source: source.into() }
    }

    pub(crate) fn store(
        what: &'static str,
        path: &object_store::path::Path,
        source: object_store::Error,
    ) -> Self {
        let path = path.to_string();
        match source {
            object_store::Error::NotFound { .. } => Self::Missing { path },
            source => Self::Store { what, path, source },
        }
    }

    pub(crate) fn corrupt(path: &object_store::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt { path: path.to_string(), reason: reason.to_string() }
    }

    /// For what a Parquet reader over a store says: the store's own errors come wrapped in it.
    pub(crate) fn read(path: &object_store::path::Path, error: parquet::errors::ParquetError) -> Self {
        use parquet::errors::ParquetError::External;
        match error {
            External(source) => match source.downcast::<object_store::Error>() {
                Ok(source) => Self::store("read", path, *source),
                Err(source) => Self::corrupt(path, source),
            },
            other => Self::corrupt(path, other),
        }
    }
}
