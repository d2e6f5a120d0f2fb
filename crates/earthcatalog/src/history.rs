//! The states that a catalog was in, and the way back to one of them.

use std::fmt;
use std::str::FromStr;

use earthcatalog_catalog::{Head, SnapshotEntry};
use earthcatalog_model::Timestamp;
use serde::Serialize;

use crate::catalog::Catalog;
use crate::error::{Error, Result};

/// The entry of a snapshot's summary that names the run, and the one that names a command of maintenance.
const RUN_ID: &str = "earthcatalog.run-id";
const MAINTENANCE: &str = "earthcatalog.maintenance";

/// Table properties that are of the current state alone.
const OF_THE_CURRENT: [&str; 2] = ["earthcatalog.hash_index", "earthcatalog.hash_index_path"];

/// How many snapshots an error names.
const CHOICES: usize = 5;

/// A state of a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// That of a snapshot, by its id.
    Snapshot(i64),
    /// The one that was current then.
    Time(Timestamp),
}

impl FromStr for At {
    type Err = String;

    /// A whole number is a snapshot's id, all else a time.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if let Ok(id) = text.trim().parse() {
            return Ok(Self::Snapshot(id));
        }
        Timestamp::parse(text.trim()).map(Self::Time).map_err(|_| {
            format!("{text:?} is neither a snapshot's id nor a time: use 2026-04-28 or 2026-04-28T06:00:00Z")
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot(id) => write!(f, "{id}"),
            Self::Time(time) => write!(f, "at {time}"),
        }
    }
}

/// A snapshot: a row of `history`. Counts are None where the snapshot's writer did not note them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// Its id.
    pub snapshot_id: i64,
    /// The one before it.
    pub parent_id: Option<i64>,
    /// When it was committed, RFC 3339.
    pub committed: Option<String>,
    /// `append`, `overwrite`, `delete` or `replace`.
    pub operation: String,
    /// True for the current one.
    pub current: bool,
    /// Files and rows that it added and took away.
    pub added_files: Option<u64>,
    /// Rows of the added files.
    pub added_rows: Option<u64>,
    /// Files that it took away.
    pub removed_files: Option<u64>,
    /// Rows of those.
    pub removed_rows: Option<u64>,
    /// Files after it.
    pub files: Option<u64>,
    /// Rows after it.
    pub rows: Option<u64>,
    /// The run that made it.
    pub run_id: Option<String>,
    /// The command of maintenance that made it: `compact`.
    pub maintenance: Option<String>,
    /// The commit that made it.
    pub commit_id: Option<String>,
}

impl From<&SnapshotEntry> for HistoryEntry {
    fn from(entry: &SnapshotEntry) -> Self {
        // A writer of ours leaves out what is zero; where not even the total is there, nothing is known.
        let known = entry.count("total-records").map(|_| 0);
        let count = |name: &str| entry.count(name).or(known);
        Self {
            snapshot_id: entry.id,
            parent_id: entry.parent,
            committed: entry.time.map(|time| time.to_string()),
            operation: entry.operation.clone(),
            current: entry.current,
            added_files: count("added-data-files"),
            added_rows: count("added-records"),
            removed_files: count("deleted-data-files"),
            removed_rows: count("deleted-records"),
            files: entry.count("total-data-files"),
            rows: entry.count("total-records"),
            run_id: entry.summary.get(RUN_ID).cloned(),
            maintenance: entry.summary.get(MAINTENANCE).cloned(),
            commit_id: entry.commit_id().map(str::to_owned),
        }
    }
}

impl Catalog {
    /// The snapshots, the oldest first: what each added and took away. Those that expired are not among them.
    ///
    /// # Errors
    /// Where there is no catalog, or it cannot be read.
    pub async fn history(&self) -> Result<Vec<HistoryEntry>> {
        self.head_now().await?;
        Ok(self.table.snapshots().await?.iter().map(HistoryEntry::from).collect())
    }

    /// The head of an older state.
    pub(crate) async fn head_at(&self, at: &At) -> Result<Head> {
        let now = self.head_now().await?;
        let snapshots = self.table.snapshots().await?;
        let found = match at {
            At::Snapshot(id) => snapshots.iter().find(|entry| entry.id == *id),
            At::Time(time) => snapshots.iter().rfind(|entry| entry.time.is_some_and(|made| made <= *time)),
        };
        let missing = || Error::NoSnapshot {
            catalog: self.base.url().to_owned(),
            asked: at.to_string(),
            choices: choices(&snapshots),
        };
        let entry = found.ok_or_else(missing)?;
        let mut head = self.table.head_at(entry.id).await?.ok_or_else(missing)?;
        if head.snapshot_id != now.snapshot_id {
            OF_THE_CURRENT.iter().for_each(|name| drop(head.properties.remove(*name)));
        }
        Ok(head)
    }
}

/// The last snapshots, the newest first.
fn choices(snapshots: &[SnapshotEntry]) -> String {
    let name = |entry: &SnapshotEntry| match entry.time {
        Some(time) => format!("{} ({time})", entry.id),
        None => entry.id.to_string(),
    };
    let last: Vec<String> = snapshots.iter().rev().take(CHOICES).map(name).collect();
    match snapshots.len().saturating_sub(CHOICES) {
        _ if last.is_empty() => "none".to_owned(),
        0 => last.join(", "),
        more => format!("{} and {more} older", last.join(", ")),
    }
}
