//! What can go wrong between items and files.

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no file, or nothing to be read from one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The body of an item is no JSON object any more; it was one when it was staged.
    #[error("failed to encode the item {id:?}: {message}")]
    Item {
        /// The item's id.
        id: String,
        /// What is wrong with it.
        message: String,
    },
    /// Rows of several partitions, or none, in one file.
    #[error("failed to encode a file: it would have no rows")]
    NoRows,
    /// The table's schema lacks a column without which items cannot be stored.
    #[error("failed to encode a file: the table has no column {column:?} of type {expected}")]
    Schema {
        /// The column.
        column: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A file holds what it should not.
    #[error("failed to read items back: {message}")]
    Content {
        /// What, and in which column.
        message: String,
    },
    /// Arrow.
    #[error("failed to build columns: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// Parquet.
    #[error("failed to encode or decode Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The metadata of the file.
    #[error("failed to encode the file's metadata: {0}")]
    Metadata(#[from] serde_json::Error),
}
