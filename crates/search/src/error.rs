//! What can go wrong in a search.

use earthcatalog_model::Timestamp;

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a query could not be understood or answered. Messages fit behind "failed to …: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that is no box.
    #[error("{text:?} is no box: use west,south,east,north in degrees, such as -60,60,-20,85")]
    Bbox {
        /// The text.
        text: String,
    },
    /// Text that is no time.
    #[error(
        "{text:?} is no time: use 2020, 2020-05, 2020-05-01 or 2020-05-01T12:00:00Z, or an interval A/B, A/.. or ../B"
    )]
    Time {
        /// The text.
        text: String,
    },
    /// An interval whose ends are exchanged.
    #[error("the interval ends before it begins: {start} is after {end}")]
    Backwards {
        /// Its beginning.
        start: Timestamp,
        /// Its end.
        end: Timestamp,
    },
    /// Text that is no geometry.
    #[error("no geometry: {reason}; use GeoJSON, WKT, or @ and the name of a file that holds one")]
    Geometry {
        /// What is wrong, and where.
        reason: String,
    },
    /// A local file with a geometry could not be read.
    #[error("could not read the geometry in {path}")]
    File {
        /// The file.
        path: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The query's geometry is nowhere on Earth, or cannot be covered.
    #[error("could not cover the geometry")]
    Grid(#[from] earthcatalog_grid::GridError),
    /// A location of the table is not of this catalog's store.
    #[error(transparent)]
    Store(#[from] earthcatalog_store::Error),
    /// The table could not be read.
    #[error(transparent)]
    Table(#[from] earthcatalog_catalog::Error),
    /// The rows of a file could not be turned into items.
    #[error("could not turn the rows of {path} into items")]
    Rows {
        /// The file's location.
        path: String,
        /// What is wrong with them.
        source: earthcatalog_writer::Error,
    },
    /// A file of the table could not be read.
    #[error("could not read {path}")]
    Read {
        /// Its location.
        path: String,
        /// The reader's error.
        source: parquet::errors::ParquetError,
    },
}

impl Error {
    /// True where the same call may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Table(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            Self::Read { source: parquet::errors::ParquetError::External(source), .. } => {
                matches!(source.downcast_ref(), Some(object_store::Error::Generic { .. }))
            }
            _ => false,
        }
    }
}
