//! What can be wrong with an inventory. Everything here ends the reading: a listing is whole or it is none.

/// Why an inventory cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store did not give the bytes.
    #[error("failed to read the inventory {name}: {source}")]
    Read {
        /// The inventory's URL.
        name: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// The object is not the one that was opened, or not all of it came.
    #[error("the inventory {name} changed or was cut off while it was read: {message}")]
    Changed {
        /// The inventory's URL.
        name: String,
        /// What was expected and what came.
        message: String,
    },
    /// There is not one byte in it.
    #[error("the inventory {name} is empty (0 bytes): not even a header is there")]
    Empty {
        /// The inventory's URL.
        name: String,
    },
    /// The bytes are of a kind that is not read.
    #[error("the inventory {name} is {what}; Parquet, CSV and gzipped CSV can be read")]
    Unsupported {
        /// The inventory's URL.
        name: String,
        /// What it seems to be.
        what: String,
    },
    /// There is no column of keys.
    #[error("the inventory {name} has no column `key`; it has: {seen}{hint}")]
    NoKey {
        /// The inventory's URL.
        name: String,
        /// The columns' names.
        seen: String,
        /// What may be the matter.
        hint: &'static str,
    },
    /// No row says which bucket it is of, nor do the options.
    #[error("the inventory {name} has no column `bucket`; name the bucket of its keys with --bucket NAME")]
    NoBucket {
        /// The inventory's URL.
        name: String,
    },
    /// A column is of a type that cannot be what its name says.
    #[error("the inventory {name} has a column `{column}` of type {found}; expected {expected}")]
    ColumnType {
        /// The inventory's URL.
        name: String,
        /// The column's name in the file.
        column: String,
        /// Its type.
        found: String,
        /// Types that can be read.
        expected: &'static str,
    },
    /// A line of a text is wrong.
    #[error("{name} line {line}: {message}")]
    Line {
        /// The inventory's URL.
        name: String,
        /// The line of the decompressed text where the record begins, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// Something in a run of rows is wrong.
    #[error("{name} row {row}: {message}")]
    Row {
        /// The inventory's URL.
        name: String,
        /// The row, from 0; of a batch the first, where the row itself is not known.
        row: u64,
        /// What is wrong.
        message: String,
    },
    /// The file is no whole Parquet file.
    #[error("failed to read the inventory {name} as Parquet: {source}")]
    Parquet {
        /// The inventory's URL.
        name: String,
        /// What the reader said.
        source: ::parquet::errors::ParquetError,
    },
    /// The thread that decodes ended without a word; a defect.
    #[error("failed to read the inventory {name}: its reader ended unexpectedly: {message}")]
    Worker {
        /// The inventory's URL.
        name: String,
        /// How it ended.
        message: String,
    },
}

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// True where reading again may succeed, with the same file.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Read { source, .. } => matches!(source, object_store::Error::Generic { .. }),
            Self::Changed { .. } => true,
            _ => false,
        }
    }
}
