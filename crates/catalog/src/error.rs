//! What can go wrong between a change and its snapshot, and what to do about it.

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a table could not be read or changed. Every message fits after "failed to …: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table is no longer what the change was decided on. Nothing was changed.
    #[error("{table} was changed by another writer meanwhile ({reason}): decide again on its new state")]
    Conflict {
        /// The table's location.
        table: String,
        /// What is different.
        reason: String,
    },
    /// The change's schema and the table's disagree, mostly since another writer added columns first. Nothing was
    /// changed: the files have to be written again under the new schema.
    #[error(
        "the schema of {table} has column {column} otherwise ({reason}): write the files again under its new schema"
    )]
    SchemaConflict {
        /// The table's location.
        table: String,
        /// The dotted path of the column.
        column: String,
        /// Where they disagree.
        reason: String,
    },
    /// Other writers were always faster.
    #[error("{table} was changed by other writers {attempts} times in a row; try again when they are done")]
    Contended {
        /// The table's location.
        table: String,
        /// How often the commit was tried.
        attempts: u32,
    },
    /// The store gave no certain answer, and it could not be found out either. The same change may be committed again:
    /// its id keeps it from being applied twice.
    #[error("{table} may or may not have taken the commit {commit}: {message}; commit the same change again")]
    Unknown {
        /// The table's location.
        table: String,
        /// The commit's id.
        commit: String,
        /// The store's words.
        message: String,
    },
    /// The store cannot replace an object conditionally, so two writers could lose each other's work.
    #[error(
        "{store} does not honour conditional writes ({reason}): two writers could lose each other's commits; \
         use a store that does, or pass --unsafe-no-cas if there is never more than one writer"
    )]
    NoConditionalPut {
        /// The base that was probed.
        store: String,
        /// What the probe saw.
        reason: String,
    },
    /// A file of the catalog is not what it should be. It is left as it is.
    #[error(
        "{location} is not a usable part of a catalog: {reason}; it was left as it is: restore it, or use another base"
    )]
    Corrupt {
        /// The file.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The base cannot be written to.
    #[error("{location} cannot be written: {message}; a catalog opened from there can only be read")]
    ReadOnly {
        /// The file or folder.
        location: String,
        /// The store's words.
        message: String,
    },
    /// SQLite could not read or change the catalog's file.
    #[error("{location}: {message}")]
    Database {
        /// The file.
        location: String,
        /// SQLite's words.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// The table uses a part of Iceberg that earthcatalog does not.
    #[error("{table} {reason}")]
    Unsupported {
        /// The table's location.
        table: String,
        /// What it has, and what to do about it.
        reason: String,
    },
    /// The change contradicts itself: a mistake of the caller.
    #[error("the change {commit} cannot be committed: {reason}")]
    Invalid {
        /// The commit's id.
        commit: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An error of the store.
    #[error(transparent)]
    Store(earthcatalog_store::Error),
}

impl Error {
    /// Whether the same call may succeed later without a new decision.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Contended { .. } | Self::Unknown { .. } => true,
            Self::Database { retryable, .. } => *retryable,
            Self::Store(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the change may have been applied in spite of the error. With any other error it certainly was not.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

impl From<earthcatalog_store::Error> for Error {
    fn from(error: earthcatalog_store::Error) -> Self {
        match error {
            earthcatalog_store::Error::NoConditionalPut { store, reason } => {
                Self::NoConditionalPut { store, reason }
            }
            other => Self::Store(other),
        }
    }
}
