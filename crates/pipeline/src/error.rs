//! What ends a run.

use crate::report::Ledger;

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a run ended without its snapshot. A bad item never does; it is a rejection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options do not fit the catalog or each other.
    #[error("{message}")]
    Options {
        /// What does not fit.
        message: String,
        /// What to do.
        hint: String,
    },
    /// No line of the inventory passed the filters.
    #[error("no key of {inventory} passes the filters: {message}")]
    NothingSelected {
        /// The inventory's URL.
        inventory: String,
        /// What the filters were, and what the inventory has.
        message: String,
    },
    /// Every object was rejected: such a run must not replace anything.
    #[error(
        "all {rejected} selected objects were rejected, nothing was committed; the reasons are in {path}"
    )]
    AllRejected {
        /// How many.
        rejected: u64,
        /// `rejected.parquet`.
        path: String,
        /// The bulk run, which keeps what it has found until it is given up.
        bulk: Option<String>,
    },
    /// A sync would delete more than it may.
    #[error(
        "the inventory lacks the objects of {deleted} of the catalog's {items} items, and at most {most} may be deleted; nothing was committed"
    )]
    TooManyDeletions {
        /// Items that would go.
        deleted: u64,
        /// Items of the catalog.
        items: u64,
        /// How many may go.
        most: u64,
    },
    /// The inventory was another when it was read again.
    #[error("{inventory} changed while it was read: it had {before} lines, then {after}")]
    InventoryChanged {
        /// Its name.
        inventory: String,
        /// Lines at first.
        before: u64,
        /// Lines the second time.
        after: u64,
    },
    /// A data file of the table could not be read.
    #[error("could not read the data file {path}")]
    File {
        /// Its location.
        path: String,
        /// What the reader says.
        source: parquet::errors::ParquetError,
    },
    /// A data file of the table has no ids.
    #[error("the data file {path} has no column id of text: it is no file of a table of items")]
    NoId {
        /// Its location.
        path: String,
    },
    /// A data file is not the one that the table describes.
    #[error("the data file {path} has {found} rows, and the table says {expected}; nothing was committed")]
    RowCount {
        /// Its location.
        path: String,
        /// Rows that it has.
        found: u64,
        /// Rows that the table says it has.
        expected: u64,
    },
    /// A row of the table is not what an item can be.
    #[error("item {id:?} in the data file {path} cannot be covered anew: {message}; nothing was committed")]
    Row {
        /// The file's location.
        path: String,
        /// The item.
        id: String,
        /// What is wrong with it.
        message: String,
    },
    /// There is no such bulk run, or it has ended.
    #[error("there is no open bulk run {run}")]
    NoRun {
        /// Its id.
        run: String,
    },
    /// A bulk run was planned by a later version of earthcatalog.
    #[error("the bulk run {run} was planned by a later version of earthcatalog")]
    Newer {
        /// Its id.
        run: String,
    },
    /// A bulk run was planned by an earlier version of earthcatalog, whose staged objects are of another form.
    #[error("the bulk run {run} was planned by an earlier version of earthcatalog")]
    Older {
        /// Its id.
        run: String,
    },
    /// A phase of a bulk run that has to come first is not done.
    #[error("the bulk run {run} is not that far: {what}")]
    Unfinished {
        /// Its id.
        run: String,
        /// What is missing.
        what: String,
    },
    /// Objects of a bulk run could not be fetched, and nobody has said what is to become of them.
    #[error(
        "{pending} objects of the bulk run {run} could not be fetched, e.g. {example}; nothing was committed"
    )]
    Pending {
        /// Its id.
        run: String,
        /// How many.
        pending: u64,
        /// One of them, and why.
        example: String,
    },
    /// A file that a bulk run left for its tasks is not what was written.
    #[error("the file {path} of the bulk run cannot be used: {message}")]
    Damaged {
        /// Its location.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The fetcher says that going on is useless.
    #[error("failed to fetch items: {message}")]
    Fetch {
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The run's counts do not add up; a defect, and nothing was committed.
    #[error("the ledger does not close: {} listed, {} accounted for ({ledger:?})", ledger.listed, ledger.sum())]
    Ledger {
        /// The counts.
        ledger: Ledger,
    },
    /// The run was asked to stop.
    #[error("interrupted; nothing was committed")]
    Interrupted,
    /// A worker thread ended; a defect.
    #[error("a worker ended unexpectedly: {0}")]
    Worker(String),
    /// A local file of the run, e.g. the temporary list of rejections.
    #[error("failed to write the run's temporary file: {0}")]
    Temporary(#[source] std::io::Error),
    /// The list of rejections could not be encoded.
    #[error("failed to encode rejected.parquet: {0}")]
    Rejected(#[source] parquet::errors::ParquetError),
    /// The report could not be encoded.
    #[error("failed to encode the report: {0}")]
    Report(#[source] serde_json::Error),
    /// Storage.
    #[error(transparent)]
    Store(#[from] earthcatalog_store::Error),
    /// The inventory.
    #[error(transparent)]
    Inventory(#[from] earthcatalog_inventory::Error),
    /// The grid.
    #[error(transparent)]
    Grid(#[from] earthcatalog_grid::GridError),
    /// The files.
    #[error(transparent)]
    Writer(#[from] earthcatalog_writer::Error),
    /// The hash index.
    #[error(transparent)]
    HashIndex(#[from] earthcatalog_hash_index::Error),
    /// The table.
    #[error(transparent)]
    Catalog(#[from] earthcatalog_catalog::Error),
}

impl Error {
    /// True if it is certain that no snapshot was made, so that the files of the run are garbage.
    pub(crate) fn nothing_was_committed(&self) -> bool {
        match self {
            Self::Catalog(error) => !error.is_ambiguous(),
            _ => true,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Options { hint, .. } | Self::Fetch { hint, .. } => Some(hint.clone()),
            Self::NothingSelected { .. } => {
                Some("give the right ending with --suffix, e.g. --suffix .json".to_owned())
            }
            Self::TooManyDeletions { .. } => Some(
                "see with --dry-run what would go; if it is right, allow it with --max-delete, e.g. --max-delete 100%"
                    .to_owned(),
            ),
            Self::RowCount { .. } => Some("see with `earthcatalog verify` what else is wrong".to_owned()),
            Self::Row { .. } => {
                Some("ingest a valid version of that item first, or replace the content with --mode full".to_owned())
            }
            Self::AllRejected { bulk: Some(run), .. } => Some(format!(
                "mend the cause, give the run up with `earthcatalog bulk clean {run}`, and begin anew: the same command alone finds what was rejected"
            )),
            Self::NoRun { .. } => Some("see with `earthcatalog bulk status` which runs are open".to_owned()),
            Self::Newer { .. } => Some("update earthcatalog on this machine".to_owned()),
            Self::Older { run } => Some(format!(
                "finish it with the version that planned it, or give it up with `earthcatalog bulk clean {run}` and begin anew"
            )),
            Self::Unfinished { run, .. } => {
                Some(format!("see with `earthcatalog bulk status {run}` which tasks are left, and run them"))
            }
            Self::Pending { .. } => Some(
                "try them again with --retry-pending, or go on without them with --accept-rejected".to_owned(),
            ),
            Self::Damaged { .. } => {
                Some("end the run with `earthcatalog bulk clean`, and begin anew".to_owned())
            }
            Self::InventoryChanged { .. } => {
                Some("run again when the inventory is complete".to_owned())
            }
            _ => None,
        }
    }

    /// True if another writer came first: decided anew, the run may succeed.
    pub(crate) fn is_conflict(&self) -> bool {
        use earthcatalog_catalog::Error::{Conflict, SchemaConflict};
        matches!(self, Self::Catalog(Conflict { .. } | SchemaConflict { .. }))
    }
}
