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
    #[error(
        "the inventory {name} is {what}; Parquet, ORC, CSV, NDJSON and lists of URLs can be read, the text gzipped or not"
    )]
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
    /// The file is no whole ORC file.
    #[error("failed to read the inventory {name} as ORC: {message}")]
    Orc {
        /// The inventory's URL.
        name: String,
        /// What the reader said.
        message: String,
    },
    /// A file's bytes are not those that its manifest names.
    #[error(
        "{name} has the MD5 checksum {found}, but its manifest says {expected}: it is damaged or of another inventory; fetch it anew, or read it as it is with --no-checksum"
    )]
    Checksum {
        /// The file's URL.
        name: String,
        /// What the manifest says, in hexadecimal.
        expected: String,
        /// What the bytes give.
        found: String,
    },
    /// A manifest cannot be read, or is of a kind or version that is not known.
    #[error("the manifest {name} {message}")]
    Manifest {
        /// The manifest's URL.
        name: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A data file that a manifest names is not where it should be.
    #[error(
        "the manifest {name} names the data file {file}, which is not there; an inventory without it would lose its objects. Copy the data files too, keeping their folders"
    )]
    NoDataFile {
        /// The manifest's URL.
        name: String,
        /// The data file's key, as the manifest has it.
        file: String,
    },
    /// A folder holds no inventory.
    #[error(
        "{name} is no inventory: there is neither a file of that name nor a folder with manifest.json or dated folders that have one ({name}/2026-04-28T01-00Z/manifest.json)"
    )]
    NoManifest {
        /// The folder's URL.
        name: String,
    },
    /// A document of a STAC catalog cannot be read, or is none.
    #[error("the STAC document {name}{of} {message}")]
    Document {
        /// Its URL.
        name: String,
        /// Which document links to it, in words.
        of: String,
        /// What is wrong.
        message: String,
    },
    /// A file of items is none, or not whole.
    #[error("{name} {message}")]
    Items {
        /// The file's URL.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// There is nothing below a folder that was to be listed.
    #[error(
        "nothing is below {name}: check the name, of which every part must be a whole folder; the listing of a file is given as it is, without `list:`"
    )]
    NothingListed {
        /// The folder's URL.
        name: String,
    },
    /// A temporary file could not be written or read.
    #[error("failed to {action} in {path}: {source}")]
    Temporary {
        /// What was tried.
        action: &'static str,
        /// The folder.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A listing could not be written.
    #[error("failed to write the inventory: {message}")]
    Write {
        /// What went wrong, for a reader of a pipe that has left.
        kind: std::io::ErrorKind,
        /// What the system said.
        message: String,
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
