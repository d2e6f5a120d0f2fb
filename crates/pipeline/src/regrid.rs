//! Every row's geometry covered anew, in the same grid or another: what stands behind `earthcatalog regrid`.
//!
//! The rows are read twice: once to find the newest row of every id, and once to write those items anew, as an ingest
//! writes what it has fetched. One snapshot replaces all others' files, and it is that of the state that was read, or none.

mod rows;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use earthcatalog_catalog::{Change, CommitId, Filter, Head, Operation, Table};
use earthcatalog_grid::Grid;
use earthcatalog_hash_index::{
    self as index, Fate, IndexFile, IndexFiles, ObjectLog, ObjectRow, ObjectsWriter,
};
use earthcatalog_model::{DataFile, Item, KeyHash};
use earthcatalog_store::Base;
use earthcatalog_writer::{Assets, Format};
use futures::StreamExt;
use serde::Serialize;

use crate::duplicates::{Layout, RUN_IDS, resolve};
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::fates::Fates;
use crate::feed::TELL_EVERY;
use crate::grid_properties::{self, grid_of, grid_spec};
use crate::index_update::{named, put_index};
use crate::intake::{Budget, Intake, SchemaOf};
use crate::known::{INDEX, is_current, on_index};
use crate::leased::under_lease;
use crate::options::{DEFAULT_MEMORY, Stop};
use crate::parts::Href;
use crate::prepare::{Batch, Prepared};
use crate::scratch::Scratch;
use crate::worker::on_rayon;
use crate::write::FileWriter;
use rows::Rows;

/// The options of [`regrid`].
#[derive(Debug, Clone)]
pub struct RegridOptions {
    /// Bytes that the run may hold, estimated.
    pub memory: u64,
    /// Cover everything, but write nothing.
    pub dry_run: bool,
    /// Do not take the lease.
    pub no_lock: bool,
    /// Who takes the lease, for the eyes of others.
    pub owner: Option<String>,
    /// Ends the run; nothing is committed then.
    pub stop: Stop,
}

impl Default for RegridOptions {
    fn default() -> Self {
        Self { memory: DEFAULT_MEMORY, dry_run: false, no_lock: false, owner: None, stop: Stop::default() }
    }
}

/// What it takes to cover a table anew.
#[derive(Clone)]
pub struct RegridParts {
    /// Where the catalog's files are.
    pub base: Base,
    /// The table; its locations are below `base`.
    pub table: Arc<dyn Table>,
    /// The grid that the rows are covered by from now on.
    pub grid: Arc<dyn Grid>,
    /// How files are read and written.
    pub format: Arc<dyn Format>,
    /// What objects are called.
    pub href: Arc<dyn Href>,
}

/// What became of a table. In a dry run: what would.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Regridded {
    /// The catalog's base.
    pub catalog: String,
    /// True if nothing was written.
    pub dry_run: bool,
    /// The grid before.
    pub grid_before: String,
    /// The grid now.
    pub grid: String,
    /// Items, each once.
    pub items: u64,
    /// Rows before.
    pub rows_before: u64,
    /// Rows now: one an item and cell.
    pub rows: u64,
    /// Files before.
    pub files_before: u64,
    /// Files now. None in a dry run.
    pub files: Option<u64>,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes now. None in a dry run.
    pub bytes: Option<u64>,
    /// Partitions now.
    pub partitions: u64,
    /// The snapshot that it made.
    pub snapshot_id: Option<i64>,
    /// How long it took.
    pub seconds: f64,
}

/// A run at work.
struct Job<'a> {
    parts: &'a RegridParts,
    options: &'a RegridOptions,
    observer: &'a dyn Observer,
    scratch: Scratch,
    writer: Arc<FileWriter>,
    head: Head,
}

/// Covers the geometry of every item of the table at `head` by the grid of `parts`, and replaces all rows in one snapshot.
///
/// Of rows of one id the newest is the item: by `updated`, then by the object's `last_modified`, then by the age of the
/// file. Items do not change by it.
///
/// # Errors
/// [`earthcatalog_catalog::Error::Conflict`] where another writer has committed since `head`; [`Error::Row`] for a row that
/// is no valid item. After any error the catalog is as it was; only [`earthcatalog_catalog::Error`] can say that it does
/// not know whether its commit arrived.
pub async fn regrid(
    parts: &RegridParts,
    head: Head,
    options: &RegridOptions,
    observer: &dyn Observer,
) -> Result<Regridded> {
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let grid = grid_spec(&parts.grid.spec());
    observer.on_event(&Event::Started { run_id: &nonce, mode: "regrid", grid: &grid });
    let owner = options.owner.clone().unwrap_or_else(|| format!("regrid {nonce}"));
    let writer = FileWriter::new(parts.base.clone(), parts.format.clone(), nonce, options.dry_run);
    let job = Job { parts, options, observer, scratch: Scratch::new()?, writer: Arc::new(writer), head };
    if options.dry_run {
        return job.work().await;
    }
    // Before the first write: a store that cannot take the commit is refused while nothing is lost by it.
    parts.table.prepare().await?;
    if options.no_lock {
        job.work().await
    } else {
        under_lease(&parts.base, owner, observer, job.work()).await
    }
}

impl Job<'_> {
    async fn work(&self) -> Result<Regridded> {
        let schema = SchemaOf::new(Some(self.head.schema.clone()), Assets::Auto);
        let mut intake = Intake::new(Budget::of(self.options.memory), self.writer.clone(), schema);
        let outcome = self.run_through(&mut intake).await;
        if outcome.as_ref().is_err_and(Error::nothing_was_committed) {
            intake.abandon().await;
            let names: Vec<String> = intake.names().collect();
            self.writer.remove(names.iter().map(String::as_str)).await;
            self.writer.remove(self.writer.others().iter().map(String::as_str)).await;
        }
        outcome
    }

    async fn run_through(&self, intake: &mut Intake) -> Result<Regridded> {
        let clock = Instant::now();
        let files = self.parts.table.files(&self.head, &Filter::default()).await?;
        let mut report = self.report(&files)?;
        let mut objects = ObjectLog::new(self.options.memory / 16, None);
        report.items = self.read(files, intake, &mut objects).await?;
        intake.settle().await?;
        report.rows = intake.progress.rows;
        report.partitions = intake.buffers.partitions().len() as u64;
        if !self.options.dry_run {
            self.observer.on_event(&Event::Writing { files: intake.buffers.numbers_waiting().len() as u64 });
            intake.write_rest(&std::collections::HashMap::new()).await?;
            self.commit(intake, objects, &mut report).await?;
        }
        report.seconds = clock.elapsed().as_secs_f64();
        Ok(report)
    }

    fn report(&self, files: &[DataFile]) -> Result<Regridded> {
        Ok(Regridded {
            catalog: self.parts.base.url().to_owned(),
            dry_run: self.options.dry_run,
            grid_before: grid_spec(&grid_of(&self.head.properties)?),
            grid: grid_spec(&self.parts.grid.spec()),
            rows_before: files.iter().map(|file| file.rows).sum(),
            files_before: files.len() as u64,
            bytes_before: files.iter().map(|file| file.bytes).sum(),
            ..Regridded::default()
        })
    }

    /// Reads the newest row of every id and takes the items in; how many there are.
    async fn read(&self, files: Vec<DataFile>, intake: &mut Intake, objects: &mut ObjectLog) -> Result<u64> {
        let rows = Rows::new(self.parts.base.clone(), files);
        let newest = Arc::new(rows.newest(self.options.memory / 8, &self.options.stop).await?);
        let items = newest.len();
        (intake.progress.selected, intake.progress.listing_done) = (items, true);
        let mut told = Instant::now();
        let mut prepared = std::pin::pin!(rows.prepare(self.parts, newest, self.options.memory));
        loop {
            if self.options.stop.is_stopped() {
                return Err(Error::Interrupted);
            }
            tokio::select! {
                biased;
                written = intake.written(), if intake.is_writing() => written?,
                batch = prepared.next(), if !intake.is_full() => match batch {
                    Some(batch) => take_in(batch?, intake, objects)?,
                    None => break,
                },
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.observer.on_event(&Event::Progress(intake.progress));
            }
        }
        self.observer.on_event(&Event::Progress(intake.progress));
        Ok(items)
    }

    async fn commit(&self, intake: &mut Intake, objects: ObjectLog, report: &mut Regridded) -> Result<()> {
        let index = self.index(intake, objects).await?;
        if self.options.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let add = intake.data_files()?;
        let (files, rows) = (add.len() as u64, add.iter().map(|file| file.rows).sum());
        report.rows = rows;
        report.files = Some(files);
        report.bytes = Some(add.iter().map(|file| file.bytes).sum());
        let mut properties = grid_properties::properties(&self.parts.grid.spec());
        properties.extend(named(&self.parts.base, &index)?);
        let change = Change {
            id: CommitId::new(self.writer.nonce()),
            operation: Operation::ReplaceAll,
            add,
            schema: Some((*intake.schema()).clone()),
            properties,
            decided_on: Some(self.head.snapshot_id),
            expects: on_index(&self.head),
            summary: BTreeMap::from([("earthcatalog.maintenance".to_owned(), "regrid".to_owned())]),
        };
        self.observer.on_event(&Event::Committing { files, rows });
        report.snapshot_id = self.parts.table.commit(change).await?.snapshot_id;
        Ok(())
    }

    /// The index after it. The ids have other partitions now. The objects are what they were: an index that is current
    /// also knows those that were superseded or rejected; else they are the rows' own.
    async fn index(&self, intake: &mut Intake, objects: ObjectLog) -> Result<IndexFiles> {
        let layout = intake.buffers.partitions().iter().map(Layout::from).collect();
        let none = Fates::new(0, HashMap::new())?;
        let (resolution, _) = resolve(intake.take_log(), layout, &self.scratch, none, None).await?;
        let mut files = IndexFiles::new(self.writer.nonce());
        files.unique_items = resolution.unique;
        files.ids.push(put_index(&self.writer, &self.scratch, RUN_IDS, resolution.ids).await?);
        files.objects = match self.objects_before()? {
            Some(before) => before,
            None => vec![self.put_objects(objects).await?],
        };
        Ok(files)
    }

    /// The files of objects of an index that belongs to the state that was read.
    fn objects_before(&self) -> Result<Option<Vec<IndexFile>>> {
        let Some(described) = self.head.properties.get(INDEX) else { return Ok(None) };
        match IndexFiles::from_json(described) {
            Err(error @ index::Error::Version { .. }) => Err(error.into()),
            Ok(files) if is_current(&self.head, &files) => Ok(Some(files.objects)),
            _ => Ok(None),
        }
    }

    async fn put_objects(&self, objects: ObjectLog) -> Result<IndexFile> {
        let sink = self.scratch.create("objects")?;
        let made = on_rayon(move || objects.write(ObjectsWriter::base(sink)?)).await??;
        put_index(&self.writer, &self.scratch, "objects", made).await
    }
}

fn take_in(batch: Batch, intake: &mut Intake, objects: &mut ObjectLog) -> Result<()> {
    for Prepared { item, .. } in &batch.prepared {
        if !item.source.href.is_empty() {
            objects.push(&object(item))?;
        }
    }
    intake.take_in(batch)
}

/// What the index says of the object that an item came from.
fn object(item: &Item) -> ObjectRow {
    let object = &item.source.object;
    ObjectRow {
        key: KeyHash::of(&object.bucket, &object.key),
        id: Some(item.id_hash),
        last_modified: object.last_modified,
        etag: object.etag.clone(),
        fate: Fate::Ingested,
    }
}
