//! The ledger of a run, and the report that is made of it.

use std::collections::BTreeMap;

use earthcatalog_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Where every line of the inventory went. The sum is a promise: see [`Ledger::check`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Lines of the inventory read, up to the limit.
    pub listed: u64,
    /// Left out by suffix, prefix, date, as delete marker or as an old version.
    pub filtered: u64,
    /// This very version of the object is in the catalog already.
    pub known: u64,
    /// Lost to a newer object of the same id.
    pub superseded: u64,
    /// Rows of `rejected.parquet`.
    pub rejected: u64,
    /// Could not be fetched yet.
    pub pending: u64,
    /// Items that are in the catalog now because of this run.
    pub ingested: u64,
}

impl Ledger {
    /// `filtered + known + superseded + rejected + pending + ingested`.
    pub fn sum(&self) -> u64 {
        self.filtered + self.known + self.superseded + self.rejected + self.pending + self.ingested
    }

    /// The sum must be `listed`.
    ///
    /// # Errors
    /// [`Error::Ledger`] where it is not: the run has failed, whatever else it did.
    pub fn check(&self) -> Result<()> {
        if self.sum() == self.listed { Ok(()) } else { Err(Error::Ledger { ledger: *self }) }
    }
}

/// What a run did: `runs/<run>/report.json`, and the answer of [`crate::ingest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The run's id: the same inventory, options and state of the catalog give the same one.
    pub run_id: String,
    /// `full`.
    pub mode: String,
    /// True if nothing was written.
    pub dry_run: bool,
    /// The inventory: its URL, without secrets, and its identity.
    pub inventory: String,
    /// The catalog's base.
    pub catalog: String,
    /// The grid's name.
    pub grid: String,
    /// The sum of the lines.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Of the ingested, those that took the place of an older version.
    pub updated: u64,
    /// Items that are gone because the listing no longer has them.
    pub deleted: u64,
    /// Rows written: items times the cells that they touch.
    pub rows: u64,
    /// Files registered.
    pub files: u64,
    /// Files read and written again to take out rows of older versions.
    pub rewritten_files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Partitions (cell and year) with rows of this run.
    pub partitions: u64,
    /// The snapshot that this run made.
    pub snapshot_id: Option<i64>,
    /// Rejections by their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Where the rejected objects are listed; None if there are none.
    pub rejected_path: Option<String>,
    /// Values that no column could give back and that are kept in `_extra`, by property.
    pub extra: BTreeMap<String, u64>,
    /// When the run began.
    pub started: Timestamp,
    /// How long it took.
    pub seconds: f64,
}
