//! The states a table was in: its snapshots as a list, one of them as a head, and what their removal leaves.

use std::collections::BTreeMap;

use earthcatalog_model::Timestamp;
use iceberg::spec::{Snapshot, TableMetadata};

use crate::error::{Error, Result};
use crate::snapshot::COMMIT_ID;
use crate::table::Head;

/// A snapshot of a table, as its metadata has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// Its id.
    pub id: i64,
    /// The one before it; it may have expired.
    pub parent: Option<i64>,
    /// When it was made.
    pub time: Option<Timestamp>,
    /// `append`, `overwrite`, `delete` or `replace` (table spec, "Snapshots").
    pub operation: String,
    /// The rest of its summary.
    pub summary: BTreeMap<String, String>,
    /// True for the table's current one.
    pub current: bool,
}

impl SnapshotEntry {
    /// A count of the summary; None where it does not say.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.summary.get(name)?.parse().ok()
    }

    /// The commit that made it, where it was one of ours.
    pub fn commit_id(&self) -> Option<&str> {
        self.summary.get(COMMIT_ID).map(String::as_str)
    }
}

/// Which snapshots are to expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The last so many stay, the current one among them.
    pub keep_last: usize,
    /// Only those made before it expire; None: whenever they were made.
    pub before: Option<Timestamp>,
}

impl Expiry {
    /// Those of the entries (the oldest first) that expire. The current one never does, nor does one that is `kept`.
    pub(crate) fn expired<'a>(
        &self,
        entries: &'a [SnapshotEntry],
        kept: impl Fn(i64) -> bool,
    ) -> Vec<&'a SnapshotEntry> {
        let old = entries.len().saturating_sub(self.keep_last);
        let is_before = |entry: &SnapshotEntry| {
            self.before.is_none_or(|before| entry.time.is_some_and(|time| time < before))
        };
        let old = entries.get(..old).unwrap_or_default().iter();
        old.filter(|entry| !entry.current && !kept(entry.id) && is_before(entry)).collect()
    }
}

/// The snapshots, the oldest first.
pub(crate) fn entries(metadata: &TableMetadata) -> Vec<SnapshotEntry> {
    let mut snapshots: Vec<_> = metadata.snapshots().collect();
    snapshots.sort_by_key(|snapshot| (snapshot.sequence_number(), snapshot.timestamp_ms()));
    let current = metadata.current_snapshot_id();
    let entry = |snapshot: &Snapshot| SnapshotEntry {
        id: snapshot.snapshot_id(),
        parent: snapshot.parent_snapshot_id(),
        time: time_of(snapshot),
        operation: snapshot.summary().operation.as_str().to_owned(),
        summary: snapshot.summary().additional_properties.clone().into_iter().collect(),
        current: current == Some(snapshot.snapshot_id()),
    };
    snapshots.into_iter().map(|snapshot| entry(snapshot)).collect()
}

fn time_of(snapshot: &Snapshot) -> Option<Timestamp> {
    Timestamp::from_micros(snapshot.timestamp_ms().checked_mul(1000)?)
}

/// The head as it is, but with an older snapshot's content; None where that snapshot is not there.
pub(crate) fn head_at(metadata: &TableMetadata, head: Head, id: i64) -> Option<Head> {
    let snapshot = metadata.snapshot_by_id(id)?;
    let total = |name: &str| snapshot.summary().additional_properties.get(name)?.parse().ok();
    Some(Head {
        snapshot_id: Some(id),
        snapshot_time: time_of(snapshot),
        rows: total("total-records"),
        files: total("total-data-files"),
        bytes: total("total-files-size"),
        ..head
    })
}

/// The snapshots that branches and tags name, of whatever writer. Iceberg's library keeps them to itself.
///
/// # Errors
/// [`Error::Corrupt`] where the metadata cannot be written as JSON.
pub(crate) fn named(location: &str, metadata: &TableMetadata) -> Result<Vec<i64>> {
    let corrupt =
        |e: serde_json::Error| Error::Corrupt { location: location.to_owned(), reason: e.to_string() };
    let document = serde_json::to_value(metadata).map_err(corrupt)?;
    let refs = document.get("refs").and_then(|refs| refs.as_object());
    let ids = refs.into_iter().flat_map(|refs| refs.values()).filter_map(|r| r.get("snapshot-id")?.as_i64());
    Ok(ids.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keep_last: usize, before: Option<i64>, expected: &[i64]) {
        let entry = |id: i64| SnapshotEntry {
            id,
            parent: Some(id - 1),
            time: Timestamp::from_micros(id),
            operation: "append".to_owned(),
            summary: BTreeMap::new(),
            current: id == 5,
        };
        let entries: Vec<SnapshotEntry> = (1..=6).map(entry).collect();
        let expiry = Expiry { keep_last, before: before.and_then(Timestamp::from_micros) };
        let expired = expiry.expired(&entries, |id| id == 2);
        assert_eq!(expired.iter().map(|entry| entry.id).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_expires() {
        check(2, None, &[1, 3, 4]);
        check(2, Some(4), &[1, 3]);
        check(0, None, &[1, 3, 4, 6]);
        check(0, Some(1), &[]);
        check(6, None, &[]);
        check(100, Some(100), &[]);
    }
}
