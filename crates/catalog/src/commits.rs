//! The log of the last commits, in a table property: commits without a snapshot leave no other trace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::table::{Change, CommitId, Operation};

/// The property that holds the log.
pub(crate) const PROPERTY: &str = "earthcatalog.commits";

/// How many commits it holds.
const KEPT: usize = 100;

/// One commit of the log: its id, and the snapshot it made.
#[derive(Serialize, Deserialize)]
struct Entry {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot: Option<i64>,
}

fn read(properties: &BTreeMap<String, String>) -> Vec<Entry> {
    properties.get(PROPERTY).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The snapshot of that commit (if it made one), where the log has it.
pub(crate) fn find(properties: &BTreeMap<String, String>, id: &CommitId) -> Option<Option<i64>> {
    read(properties).into_iter().find(|entry| entry.id == id.as_str()).map(|entry| entry.snapshot)
}

/// The properties after a change, with the change in the log.
pub(crate) fn applied(
    mut properties: BTreeMap<String, String>,
    change: &Change,
    snapshot: Option<i64>,
) -> BTreeMap<String, String> {
    let mut log = read(&properties);
    log.push(Entry { id: change.id.as_str().to_owned(), snapshot });
    let old = log.len().saturating_sub(KEPT);
    for (key, value) in &change.properties {
        match value {
            Some(value) => properties.insert(key.clone(), value.clone()),
            None => properties.remove(key),
        };
    }
    let text = serde_json::to_string(log.get(old..).unwrap_or_default()).unwrap_or_default();
    properties.insert(PROPERTY.to_owned(), text);
    properties
}

/// Why a change cannot be made on a state with this snapshot and these properties; None if it can.
pub(crate) fn outdated(
    change: &Change,
    snapshot: Option<i64>,
    properties: &BTreeMap<String, String>,
) -> Option<String> {
    let name = |id: Option<i64>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    if let Some(seen) = change.decided_on.filter(|seen| *seen != snapshot) {
        return Some(format!("its snapshot was {} and is {}", name(seen), name(snapshot)));
    }
    let other = change.expects.iter().find(|(key, value)| properties.get(*key) != value.as_ref());
    other.map(|(key, _)| format!("its property {key} is no longer what it was"))
}

/// Refuses a rewrite that is none: its rows have to be those of the files it takes out.
pub(crate) fn check_rewrite(change: &Change, removed: u64, added: u64) -> Result<()> {
    if !matches!(change.operation, Operation::Rewrite { .. }) || removed == added {
        return Ok(());
    }
    let reason = format!("it rewrites {removed} rows as {added}");
    Err(Error::Invalid { commit: change.id.to_string(), reason })
}

/// Refuses changes that make no sense on any table.
pub(crate) fn check(change: &Change) -> Result<()> {
    let reason = match &change.operation {
        operation
            if (operation.removes().is_some() || *operation == Operation::ReplaceAll)
                && change.decided_on.is_none() =>
        {
            "a replacement has to say on which snapshot it was decided"
        }
        Operation::Properties if !change.add.is_empty() => "files cannot be added without a snapshot",
        _ if change.id.as_str().is_empty() => "it has no id",
        _ => return Ok(()),
    };
    Err(Error::Invalid { commit: change.id.to_string(), reason: reason.to_owned() })
}
