//! A table in memory, for tests and for what is not to be kept.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use earthcatalog_model::{DataFile, TableSchema, Timestamp};

use crate::commits;
use crate::error::{Error, Result};
use crate::evolve::evolved;
use crate::filter::Filter;
use crate::history::{Expiry, SnapshotEntry};
use crate::snapshot::COMMIT_ID;
use crate::table::{Change, Committed, Head, History, Operation, Table};

/// A table in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct MemoryTable {
    location: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    head: Option<Head>,
    versions: u64,
    snapshots: BTreeMap<i64, Arc<Vec<DataFile>>>,
    /// Of the snapshots that did not expire, in the order of their making.
    entries: Vec<SnapshotEntry>,
}

impl MemoryTable {
    /// A table that is to be at the base `base`; it is there with the first commit.
    pub fn new(base: impl AsRef<str>) -> Self {
        let location = format!("{}/warehouse/earthcatalog/stac_items", base.as_ref().trim_end_matches('/'));
        Self { location: location.into(), state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_table(&self) -> Head {
        Head {
            uuid: uuid::Uuid::new_v4().to_string(),
            location: self.location.to_string(),
            metadata_location: String::new(),
            snapshot_id: None,
            snapshot_time: None,
            schema: TableSchema::default(),
            properties: BTreeMap::new(),
            rows: Some(0),
            files: Some(0),
            bytes: Some(0),
        }
    }

    fn apply(&self, state: &mut State, change: &Change) -> Result<Committed> {
        let old = state.head.clone().unwrap_or_else(|| self.no_table());
        if let Some(snapshot_id) = commits::find(&old.properties, &change.id) {
            return Ok(Committed { snapshot_id, head: old });
        }
        if let Some(reason) = commits::outdated(change, old.snapshot_id, &old.properties) {
            return Err(self.conflict(reason));
        }
        let schema = evolved(&self.location, &old.schema, change.schema.as_ref())?;
        let made = self.snapshot(state, &old, change)?;
        let head = self.next(state, &old, change, schema, made);
        state.entries.extend(made.map(|id| entry(id, &old, &head, change)));
        state.head = Some(head.clone());
        Ok(Committed { snapshot_id: made, head })
    }

    /// Adds the snapshot that the change makes; its id.
    fn snapshot(&self, state: &mut State, old: &Head, change: &Change) -> Result<Option<i64>> {
        let live = old.snapshot_id.and_then(|id| state.snapshots.get(&id).cloned()).unwrap_or_default();
        let mut files = match &change.operation {
            Operation::Properties => return Ok(None),
            Operation::Append => live.to_vec(),
            Operation::ReplaceAll => Vec::new(),
            Operation::Replace { remove } => self.without(&live, remove)?,
            Operation::Rewrite { remove } => {
                let kept = self.without(&live, remove)?;
                let rows = |files: &[DataFile]| files.iter().map(|file| file.rows).sum::<u64>();
                commits::check_rewrite(change, rows(&live) - rows(&kept), rows(&change.add))?;
                kept
            }
        };
        let now = Timestamp::now();
        files.extend(change.add.iter().map(|file| DataFile { added: Some(now), ..file.clone() }));
        let id = state.snapshots.last_key_value().map_or(1, |(id, _)| id + 1);
        state.snapshots.insert(id, Arc::new(files));
        Ok(Some(id))
    }

    fn without(&self, live: &[DataFile], remove: &[String]) -> Result<Vec<DataFile>> {
        let mut gone: HashSet<&str> = remove.iter().map(String::as_str).collect();
        let kept = live.iter().filter(|file| !gone.remove(file.path.as_str())).cloned().collect();
        match gone.into_iter().next() {
            Some(path) => Err(self.conflict(format!("{path} is no longer in it"))),
            None => Ok(kept),
        }
    }

    fn next(
        &self,
        state: &mut State,
        old: &Head,
        change: &Change,
        schema: TableSchema,
        made: Option<i64>,
    ) -> Head {
        state.versions += 1;
        let properties = commits::applied(old.properties.clone(), change, made);
        let version = state.versions;
        let metadata_location = format!("{}/metadata/{version:05}.metadata.json", self.location);
        let mut head = Head { metadata_location, schema, properties, ..old.clone() };
        if let Some(files) = made.and_then(|id| state.snapshots.get(&id)) {
            head.snapshot_id = made;
            head.snapshot_time = Some(Timestamp::now());
            head.files = Some(files.len() as u64);
            head.rows = Some(files.iter().map(|file| file.rows).sum());
            head.bytes = Some(files.iter().map(|file| file.bytes).sum());
        }
        head
    }

    fn conflict(&self, reason: String) -> Error {
        Error::Conflict { table: self.location.to_string(), reason }
    }
}

#[async_trait]
impl Table for MemoryTable {
    async fn head(&self) -> Result<Option<Head>> {
        Ok(self.state().head.clone())
    }

    async fn files(&self, head: &Head, filter: &Filter) -> Result<Vec<DataFile>> {
        let files =
            head.snapshot_id.and_then(|id| self.state().snapshots.get(&id).cloned()).unwrap_or_default();
        let filter = filter.prepare(&head.schema);
        Ok(files.iter().filter(|file| filter.keeps(file)).cloned().collect())
    }

    async fn commit(&self, change: Change) -> Result<Committed> {
        commits::check(&change)?;
        self.apply(&mut self.state(), &change)
    }
}

#[async_trait]
impl History for MemoryTable {
    async fn snapshots(&self) -> Result<Vec<SnapshotEntry>> {
        Ok(self.state().entries())
    }

    async fn head_at(&self, snapshot: i64) -> Result<Option<Head>> {
        let state = self.state();
        let Some(head) = state.head.clone() else { return Ok(None) };
        let Some(entry) = state.entries.iter().find(|entry| entry.id == snapshot) else { return Ok(None) };
        let total = |name: &str| entry.count(name);
        Ok(Some(Head {
            snapshot_id: Some(snapshot),
            snapshot_time: entry.time,
            rows: total("total-records"),
            files: total("total-data-files"),
            bytes: total("total-files-size"),
            ..head
        }))
    }

    async fn expire(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>> {
        let mut state = self.state();
        let entries = state.entries();
        let gone: Vec<SnapshotEntry> = expiry.expired(&entries, |_| false).into_iter().cloned().collect();
        state.entries.retain(|entry| !gone.iter().any(|gone| gone.id == entry.id));
        // Files by snapshot stay: the ids of snapshots count on, and a state that was read before can be read still.
        Ok(gone)
    }

    async fn expirable(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>> {
        let entries = self.state().entries();
        Ok(expiry.expired(&entries, |_| false).into_iter().cloned().collect())
    }

    async fn referenced(&self, each: &mut (dyn for<'p> FnMut(&'p str) + Send)) -> Result<Option<Head>> {
        let state = self.state();
        let live = state.entries.iter().filter_map(|entry| state.snapshots.get(&entry.id));
        live.flat_map(|files| files.iter()).for_each(|file| each(&file.path));
        Ok(state.head.clone())
    }
}

impl State {
    fn entries(&self) -> Vec<SnapshotEntry> {
        let current = self.head.as_ref().and_then(|head| head.snapshot_id);
        let entry =
            |entry: &SnapshotEntry| SnapshotEntry { current: current == Some(entry.id), ..entry.clone() };
        self.entries.iter().map(entry).collect()
    }
}

/// What the snapshot that a change made is listed as.
fn entry(id: i64, old: &Head, head: &Head, change: &Change) -> SnapshotEntry {
    let mut summary = change.summary.clone();
    let totals =
        [("total-records", head.rows), ("total-data-files", head.files), ("total-files-size", head.bytes)];
    summary.extend(totals.iter().filter_map(|(name, n)| Some(((*name).to_owned(), (*n)?.to_string()))));
    summary.insert(COMMIT_ID.to_owned(), change.id.to_string());
    let operation = match change.operation {
        Operation::Append => "append",
        Operation::Rewrite { .. } => "replace",
        _ => "overwrite",
    };
    let (parent, time) = (old.snapshot_id, head.snapshot_time);
    SnapshotEntry { id, parent, time, operation: operation.to_owned(), summary, current: true }
}
