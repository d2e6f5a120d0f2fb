//! The table as an Iceberg v2 table whose catalog is one SQLite file beside the data.
//!
//! A commit reads the pointer, writes new metadata under fresh names and moves the pointer if it still is where it was
//! read. What is not certain to have happened is looked for by the commit's own id, never guessed.

use std::time::Duration;

use async_trait::async_trait;
use earthcatalog_model::{DataFile, TableSchema, Timestamp};
use earthcatalog_store::Base;
use iceberg::spec::{ManifestFile, Snapshot, SnapshotRef, TableMetadata};

use crate::commits;
use crate::datafile;
use crate::error::{Error, Result};
use crate::evolve::evolved;
use crate::expire::{Expiration, expired};
use crate::files::Files;
use crate::filter::Filter;
use crate::history::{self, Expiry, SnapshotEntry};
use crate::manifests::{self, Loaded};
use crate::metadata::{self, Next, State};
use crate::name_mapping;
use crate::pointer::{Pointer, Seen, Swap};
use crate::referenced;
use crate::snapshot::{COMMIT_ID, Stage};
use crate::table::{Change, Committed, Head, History, Operation, Table};

/// Where the table is, relative to the base.
const TABLE: &str = "warehouse/earthcatalog/stac_items";

/// How an Iceberg table is opened.
#[derive(Debug, Clone, Default)]
pub struct IcebergOptions {
    /// Commit without a condition, to a store that has none. Two writers can then lose each other's commits.
    pub unsafe_no_cas: bool,
}

/// How often a commit is tried while others are faster, or while answers get lost.
pub(crate) const ATTEMPTS: u32 = 30;

/// How often it is tried to find out what became of a commit whose answer got lost.
const READ_BACKS: u32 = 5;

/// The longest pause between two attempts is about this, times the number of the attempt.
const PAUSE: Duration = Duration::from_millis(20);

/// A table at a base.
#[derive(Debug, Clone)]
pub struct IcebergTable {
    base: Base,
    files: Files,
    pointer: Pointer,
}

/// What a table was when a commit looked at it.
struct Looked {
    seen: Seen,
    state: Option<State>,
}

/// What became of one attempt to commit.
enum Attempt {
    Done(Committed),
    /// Another was faster. These files are of no use any more, provided that this commit is really not there.
    Lost(Vec<String>),
    /// It may be done.
    Ambiguous(String),
}

/// A change made ready: the table after it, whose metadata are still to be written, and the manifests that were.
struct Prepared {
    state: State,
    snapshot_id: Option<i64>,
    written: Vec<String>,
}

impl IcebergTable {
    /// The table at `base`. Makes no request: it need not be there.
    pub fn new(base: Base, options: &IcebergOptions) -> Self {
        let pointer = Pointer::new(base.clone(), options.unsafe_no_cas);
        Self { files: Files::new(base.clone()), pointer, base }
    }

    async fn look(&self) -> Result<Looked> {
        let seen = self.pointer.read().await?;
        let state = match &seen.metadata {
            Some(location) => Some(State::read(&self.files, location).await?),
            None => None,
        };
        Ok(Looked { seen, state })
    }

    /// Tries until the change is in, is refused, or it is unknown whether it is in.
    async fn commit_with(&self, change: &Change) -> Result<Committed> {
        let mut lost: Vec<String> = Vec::new();
        let mut unknown: Option<String> = None;
        let mut failures = 0;
        for attempt in 1..=ATTEMPTS {
            match self.try_once(change, std::mem::take(&mut lost)).await {
                Ok(Attempt::Done(done)) => return Ok(done),
                Ok(Attempt::Lost(files)) => lost = files,
                Ok(Attempt::Ambiguous(message)) => unknown = Some(message),
                // An earlier attempt may have landed, or may yet: this error says nothing about that.
                Err(error) if unknown.is_some() && !decides(&error) => {
                    unknown = Some(error.to_string());
                    failures += 1;
                }
                Err(error) => return Err(error),
            }
            if failures == READ_BACKS {
                break;
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(self.gave_up(change, unknown))
    }

    fn gave_up(&self, change: &Change, unknown: Option<String>) -> Error {
        let table = self.base.location(TABLE);
        match unknown {
            Some(message) => Error::Unknown { table, commit: change.id.to_string(), message },
            None => Error::Contended { table, attempts: ATTEMPTS },
        }
    }

    /// Looks for the change; where it is not, removes what an earlier attempt left behind and tries again.
    async fn try_once(&self, change: &Change, lost: Vec<String>) -> Result<Attempt> {
        let looked = self.look().await?;
        if let Some(done) = done_before(&looked, change)? {
            return Ok(Attempt::Done(done));
        }
        self.files.remove(&lost).await;
        self.attempt(&looked, change).await
    }

    async fn attempt(&self, looked: &Looked, change: &Change) -> Result<Attempt> {
        let previous = looked.state.as_ref().map(|state| state.location.as_str());
        let before = match &looked.state {
            Some(state) => state.metadata.clone(),
            None => self.create(change)?,
        };
        check_decision(&before, change)?;
        let Prepared { state, snapshot_id, mut written } =
            self.prepare_files(&before, previous, change).await?;
        let bytes = metadata::encode(&state.metadata).map_err(|reason| invalid(change, reason))?;
        written.push(state.location.clone());
        self.files.write(&state.location, bytes).await?;
        Ok(match self.pointer.swap(&looked.seen, &state.location).await? {
            Swap::Done => Attempt::Done(Committed { snapshot_id, head: state.head()? }),
            Swap::Lost => Attempt::Lost(written),
            Swap::Ambiguous(message) => Attempt::Ambiguous(message),
        })
    }

    /// The table after the change, and the manifests that go with it.
    async fn prepare_files(
        &self,
        before: &TableMetadata,
        previous: Option<&str>,
        change: &Change,
    ) -> Result<Prepared> {
        let refuse = |error: iceberg::Error| invalid(change, error.message().to_owned());
        let (schema, grown) = schema_after(before, change)?;
        let (mut snapshot, mut written) = (None, Vec::new());
        if change.operation != Operation::Properties {
            let under = metadata::under(before, &schema).map_err(refuse)?;
            let stage = Stage { files: &self.files, metadata: &under, schema: &schema, change };
            let (staged, files) = stage.run().await?;
            (snapshot, written) = (Some(staged), files);
        }
        let snapshot_id = snapshot.as_ref().map(Snapshot::snapshot_id);
        let mut properties = commits::applied(metadata::properties(before), change, snapshot_id);
        if let Some(mapping) = properties.get_mut(name_mapping::PROPERTY)
            && let Some(extended) = name_mapping::extended(mapping, &schema)
        {
            *mapping = extended;
        }
        let next = Next { schema: grown.then_some(schema), snapshot, properties };
        let metadata = metadata::next(before, previous, next).map_err(refuse)?;
        let location = metadata::next_location(before.location(), previous);
        Ok(Prepared { state: State { location, metadata }, snapshot_id, written })
    }

    /// The table that the change begins.
    fn create(&self, change: &Change) -> Result<TableMetadata> {
        let location = self.base.location(TABLE);
        let Some(schema) = &change.schema else {
            return Err(invalid(change, "there is no table, and it brings no schema for one".to_owned()));
        };
        metadata::create(&location, schema)
    }

    async fn metadata_of(&self, head: &Head) -> Result<State> {
        State::read(&self.files, &head.metadata_location).await
    }
}

#[async_trait]
impl Table for IcebergTable {
    async fn head(&self) -> Result<Option<Head>> {
        self.look().await?.state.map(|state| state.head()).transpose()
    }

    async fn files(&self, head: &Head, filter: &Filter) -> Result<Vec<DataFile>> {
        let Some(snapshot) = head.snapshot_id else { return Ok(Vec::new()) };
        let metadata = self.metadata_of(head).await?.metadata;
        let snapshot = metadata.snapshot_by_id(snapshot).ok_or_else(|| Error::Corrupt {
            location: head.metadata_location.clone(),
            reason: format!("the snapshot {snapshot} is not in it"),
        })?;
        let mut manifests = manifests::list(&self.files, snapshot, metadata.format_version()).await?;
        if manifests.iter().any(manifests::is_deletes) {
            return Err(manifests::unsupported_deletes(&metadata));
        }
        manifests
            .retain(|manifest| manifests::may_be_alive(manifest) && may_hold(&metadata, manifest, filter));
        let prepared = filter.prepare(&head.schema);
        let mut found = Vec::new();
        manifests::load_all(&self.files, manifests, |loaded| {
            let files = data_files(&metadata, &loaded)?;
            found.extend(files.filter(|file| prepared.keeps(file)));
            Ok(())
        })
        .await?;
        Ok(found)
    }

    async fn prepare(&self) -> Result<()> {
        self.pointer.probe().await
    }

    async fn commit(&self, change: Change) -> Result<Committed> {
        commits::check(&change)?;
        self.pointer.probe().await?;
        self.commit_with(&change).await
    }
}

#[async_trait]
impl History for IcebergTable {
    async fn snapshots(&self) -> Result<Vec<SnapshotEntry>> {
        let state = self.look().await?.state;
        Ok(state.map(|state| history::entries(&state.metadata)).unwrap_or_default())
    }

    async fn head_at(&self, snapshot: i64) -> Result<Option<Head>> {
        let Some(state) = self.look().await?.state else { return Ok(None) };
        Ok(history::head_at(&state.metadata, state.head()?, snapshot))
    }

    async fn expire(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>> {
        self.pointer.probe().await?;
        Expiration::new(&self.files, &self.pointer, expiry).run().await
    }

    async fn expirable(&self, expiry: &Expiry) -> Result<Vec<SnapshotEntry>> {
        let Some(state) = self.look().await?.state else { return Ok(Vec::new()) };
        expired(&state, expiry)
    }

    async fn referenced(&self, each: &mut (dyn for<'p> FnMut(&'p str) + Send)) -> Result<Option<Head>> {
        let Some(state) = self.look().await?.state else { return Ok(None) };
        referenced::visit(&self.files, &state, each).await?;
        state.head().map(Some)
    }
}

fn invalid(change: &Change, reason: String) -> Error {
    Error::Invalid { commit: change.id.to_string(), reason }
}

/// The answer to a change that is in the table already.
fn done_before(looked: &Looked, change: &Change) -> Result<Option<Committed>> {
    let Some(state) = &looked.state else { return Ok(None) };
    let by_log = commits::find(&metadata::properties(&state.metadata), &change.id);
    let by_snapshot = || {
        let named = |snapshot: &&SnapshotRef| {
            let name = snapshot.summary().additional_properties.get(COMMIT_ID);
            name.is_some_and(|name| name == change.id.as_str())
        };
        state.metadata.snapshots().find(named).map(|snapshot| Some(snapshot.snapshot_id()))
    };
    match by_log.or_else(by_snapshot) {
        Some(snapshot_id) => Ok(Some(Committed { snapshot_id, head: state.head()? })),
        None => Ok(None),
    }
}

/// Whether an error of a later attempt also settles what became of the earlier ones: the table was read, and the commit
/// was not in it, though the pointer had moved on.
fn decides(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. } | Error::SchemaConflict { .. })
}

fn check_decision(before: &TableMetadata, change: &Change) -> Result<()> {
    let properties = metadata::properties(before);
    match commits::outdated(change, before.current_snapshot_id(), &properties) {
        Some(reason) => Err(Error::Conflict { table: before.location().to_owned(), reason }),
        None => Ok(()),
    }
}

/// The schema after the change, and whether it differs from that before.
fn schema_after(before: &TableMetadata, change: &Change) -> Result<(TableSchema, bool)> {
    let table = before.location();
    let now = crate::schema::from_iceberg(table, before.current_schema(), before.last_column_id())?;
    let after = evolved(table, &now, change.schema.as_ref())?;
    let grown = after.fields != now.fields;
    Ok((after, grown))
}

pub(crate) fn pause(attempt: u32) -> Duration {
    // Random, so that two writers that met once do not meet again at every attempt.
    let share = f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
    (PAUSE * attempt).mul_f64(share)
}

/// The files of a manifest that are in the table, each with the time of the snapshot that added it.
fn data_files<'a>(
    metadata: &'a TableMetadata,
    loaded: &'a Loaded,
) -> Result<impl Iterator<Item = DataFile> + 'a> {
    let places = manifests::places(metadata, &loaded.file)?;
    Ok(loaded.alive().map(move |entry| {
        let added = metadata.snapshot_by_id(entry.snapshot);
        let added = added.and_then(|snapshot| Timestamp::from_micros(snapshot.timestamp_ms() * 1000));
        DataFile { added, ..datafile::from_iceberg(&entry.file, &places) }
    }))
}

/// Whether a manifest may hold files of the cells that are asked for, by the bounds of its partitions.
fn may_hold(metadata: &TableMetadata, manifest: &ManifestFile, filter: &Filter) -> bool {
    let Some(cells) = &filter.cells else { return true };
    let place = manifests::places(metadata, manifest).ok().and_then(|places| places.cell());
    let Some(summary) = place.and_then(|place| manifest.partitions.as_ref()?.get(place)) else { return true };
    let (Some(lower), Some(upper)) = (&summary.lower_bound, &summary.upper_bound) else { return true };
    cells.iter().any(|cell| {
        let name = cell.as_str().as_bytes();
        lower.as_slice() <= name && name <= upper.as_slice()
    })
}
