//! The first phase: what is to be fetched, in chunks, and all that later tasks have to know.

use std::collections::HashMap;
use std::sync::Arc;

use earthcatalog_catalog::CommitId;
use earthcatalog_inventory::{Format, Inventory, ObjectBatch, Writer};
use earthcatalog_model::{IdHash, KeyHash, ObjectRef, Timestamp};
use earthcatalog_store::Base;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::hex;
use super::markers;
use super::options::BulkOptions;
use super::paths::Paths;
use super::register::ended;
use super::runs::{OpenRun, open_runs};
use super::work::BulkParts;
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::ingest::Job;
use crate::known::Known;
use crate::listing::{self, Listed};
use crate::options::{IngestOptions, Mode};
use crate::run::Run;
use crate::scratch::Scratch;
use crate::selection::{Selection, select};
use crate::worker::on_rayon;
use crate::write::FileWriter;

/// The version of a run: of its plan, and of the objects that are staged by it. 2: a staged line says what was found of its item.
const PLAN_VERSION: u32 = 2;

/// Chunk files that are written at once.
const AT_ONCE: usize = 4;

/// A run, decided: `plan.json`. It is written last, and never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulkPlan {
    /// Of this form.
    pub version: u32,
    /// The run's id: the same inventory, options and state of the catalog give the same one.
    pub run: String,
    /// A hash of what was asked for, whatever the state of the catalog was.
    pub(super) asked: String,
    /// `full` or `delta`.
    pub mode: String,
    /// The inventory's URL, without secrets.
    pub inventory: String,
    /// The grid's name.
    pub grid: String,
    /// The snapshot that the run was planned on.
    pub snapshot: Option<i64>,
    /// Chunks: tasks of staging, numbered from 0.
    pub chunks: u32,
    /// Objects to fetch.
    pub objects: u64,
    /// Lines of the inventory read.
    pub listed: u64,
    /// Of these, left out by the filters.
    pub filtered: u64,
    /// Of these, in the catalog already.
    pub known: u64,
    /// Of these, lines that list an object again.
    pub duplicates: u64,
    /// Rows of a file at most.
    pub compact_rows: u64,
    /// Bytes of the rows of a file at most.
    pub file_bytes: u64,
    /// The folder of chunks and staged objects.
    pub staging: String,
    /// `auto`, `struct` or `json`.
    pub assets: String,
    /// Whether the hash index is kept up to date.
    pub update_hash_index: bool,
    /// When the run was planned.
    pub started: Timestamp,
}

impl BulkPlan {
    pub(super) fn paths(&self) -> Result<Paths> {
        Paths::of(&self.run)
    }

    pub(super) fn is_full(&self) -> bool {
        self.mode == Mode::Full.as_str()
    }

    /// The plan of an open run, to go on with it.
    ///
    /// # Errors
    /// [`Error::NoRun`] where there is none; [`Error::Older`] and [`Error::Newer`] where another version has made it, whose files
    /// are of another form.
    pub async fn read(base: &Base, run: &str) -> Result<Self> {
        let plan = Self::find(base, run).await?;
        if plan.version < PLAN_VERSION {
            return Err(Error::Older { run: run.to_owned() });
        }
        Ok(plan)
    }

    /// The plan of an open run, also of one that is only to be looked at or given up.
    ///
    /// # Errors
    /// [`Error::NoRun`] where there is none; [`Error::Newer`] where it may say what is not understood.
    pub(super) async fn find(base: &Base, run: &str) -> Result<Self> {
        let paths = Paths::of(run)?;
        let plan: Option<Self> = markers::read(base, &paths.plan()).await?;
        match plan {
            None => Err(Error::NoRun { run: run.to_owned() }),
            Some(plan) if plan.version > PLAN_VERSION => Err(Error::Newer { run: run.to_owned() }),
            Some(plan) => Ok(plan),
        }
    }
}

/// An id that a changed object had when the run was planned.
#[derive(Serialize, Deserialize)]
pub(super) struct BeforeId {
    #[serde(with = "hex")]
    key: [u8; 16],
    #[serde(with = "hex")]
    id: [u8; 16],
}

/// Those ids, by the objects' keys.
pub(super) async fn read_before(base: &Base, plan: &BulkPlan) -> Result<HashMap<KeyHash, IdHash>> {
    let before: Vec<BeforeId> = markers::read_compressed(base, &plan.paths()?.before()).await?;
    Ok(before.into_iter().map(|entry| (KeyHash(entry.key), IdHash(entry.id))).collect())
}

/// Reads the inventory, finds what is to be fetched, and writes it down in chunks; or finds the plan of the same run.
///
/// # Errors
/// Where the inventory or the catalog cannot be read, or nothing of the inventory passes the filters.
///
/// Boxed, as [`ingest`](crate::ingest) is.
pub fn plan<'a>(
    parts: &'a BulkParts,
    inventory: Arc<dyn Inventory>,
    options: &'a IngestOptions,
    bulk: &'a BulkOptions,
    observer: &'a dyn Observer,
) -> BoxFuture<'a, Result<BulkPlan>> {
    plan_run(parts, inventory, options, bulk, observer).boxed()
}

async fn plan_run(
    parts: &BulkParts,
    inventory: Arc<dyn Inventory>,
    options: &IngestOptions,
    bulk: &BulkOptions,
    observer: &dyn Observer,
) -> Result<BulkPlan> {
    bulk.check()?;
    if options.mode == Mode::Sync {
        return Err(Error::Options {
            message: "a bulk run is full or delta, and cannot delete what an inventory no longer lists"
                .to_owned(),
            hint: "use `earthcatalog ingest --mode sync` afterwards".to_owned(),
        });
    }
    let parts = parts.with(inventory);
    let run = Run::plan(&parts, options).await?.of_bulk(&identity(options, bulk));
    let paths = Paths::of(&run.id)?;
    if let Some(found) = found(&parts.base, &run, &paths).await? {
        let BulkPlan { run, mode, grid, started, .. } = &found;
        observer.on_event(&Event::Found { run_id: run, mode, grid, started: *started });
        return Ok(found);
    }
    parts.table.prepare().await?;
    observer.on_event(&Event::Started { run_id: &run.id, mode: run.mode.as_str(), grid: &run.grid });
    let writer = FileWriter::new(parts.base.clone(), parts.format.clone(), run.nonce.clone(), false);
    let job =
        Job { parts: &parts, options, observer, run, scratch: Scratch::new()?, writer: Arc::new(writer) };
    make(&job, bulk, &paths).await
}

/// An open run that was asked for the same. Of another state of the catalog, it is one of which the rest can be done: a
/// delta, whatever has been committed since, or what has itself been committed and only not yet been tidied away.
async fn found(base: &Base, run: &Run, paths: &Paths) -> Result<Option<BulkPlan>> {
    if let Some(found) = markers::read::<BulkPlan>(base, &paths.plan()).await? {
        return Ok(Some(found));
    }
    for OpenRun { plan } in open_runs(base).await? {
        if plan.asked == run.asked && (!plan.is_full() || is_committed(base, run, &plan).await?) {
            return Ok(Some(plan));
        }
    }
    Ok(None)
}

async fn is_committed(base: &Base, run: &Run, plan: &BulkPlan) -> Result<bool> {
    // Once the report is there the rest goes, the decision early on.
    if ended(base, &plan.run).await?.is_some() {
        return Ok(true);
    }
    let decision = Decision::current(base, &plan.paths()?).await?;
    let commit = decision.map(|decision| CommitId::new(decision.id));
    Ok(run.head.as_ref().zip(commit).is_some_and(|(head, commit)| head.has(&commit)))
}

/// What makes two bulk runs different ones, beside what makes two ingests so.
fn identity(options: &IngestOptions, bulk: &BulkOptions) -> String {
    format!(
        "bulk\0{}\0{}\0{:?}\0{}\0{}\0{}",
        bulk.chunk_size,
        bulk.compact_rows,
        bulk.staging,
        options.retry_rejected,
        options.update_hash_index,
        options.memory,
    )
}

async fn make(job: &Job<'_>, bulk: &BulkOptions, paths: &Paths) -> Result<BulkPlan> {
    // A run that changed no snapshot has given its id to this one; its report would be taken for this one's.
    job.parts.base.delete(&paths.report()).await?;
    let staging = bulk.staging_folder()?;
    let selection = selection(job).await?;
    let first = selection.listed.as_ref().map(|listed| listed.listed);
    let (listing, objects) = listing::start(&*job.parts.inventory, job.filter(), selection.seqs.clone());
    let written = write_chunks(job, objects, bulk, |chunk| paths.chunk(staging, chunk)).await;
    // Where the listing failed, its error is the reason for all others.
    let listed = listing.finish().await?;
    let (chunks, objects) = written?;
    check(job, &listed, first)?;
    put_before(job, paths, &selection).await?;
    let plan = BulkPlan {
        version: PLAN_VERSION,
        run: job.run.id.clone(),
        asked: job.run.asked.clone(),
        mode: job.run.mode.as_str().to_owned(),
        inventory: job.parts.inventory.name().to_owned(),
        grid: job.run.grid.clone(),
        snapshot: job.run.snapshot(),
        chunks,
        objects,
        listed: listed.listed,
        filtered: listed.filtered,
        known: selection.known,
        duplicates: selection.duplicates,
        compact_rows: bulk.compact_rows,
        file_bytes: job.options.memory / 8,
        staging: staging.to_owned(),
        assets: job.options.assets.to_string(),
        update_hash_index: job.options.update_hash_index,
        started: job.run.started,
    };
    // Another driver may have planned the same: then its plan is the run's, and its chunks are the same as these.
    markers::create(&job.parts.base, &paths.plan(), plan).await
}

async fn selection(job: &Job<'_>) -> Result<Selection> {
    let Some(head) = job.run.head.as_ref().filter(|_| job.run.mode != Mode::Full) else {
        return Ok(Selection::default());
    };
    let known = Known::open(job, head).await?;
    select(job, &known).await
}

fn check(job: &Job<'_>, listed: &Listed, first: Option<u64>) -> Result<()> {
    let inventory = job.parts.inventory.name().to_owned();
    if let Some(before) = first.filter(|before| *before != listed.listed) {
        return Err(Error::InventoryChanged { inventory, before, after: listed.listed });
    }
    if listed.listed == listed.filtered && !(first.is_some() && job.options.since.is_some()) {
        return Err(Error::NothingSelected { inventory, message: listed.summary.clone() });
    }
    Ok(())
}

/// Writes the objects in chunks; how many of either there are.
async fn write_chunks(
    job: &Job<'_>,
    objects: impl Stream<Item = ObjectRef> + Send,
    bulk: &BulkOptions,
    path: impl Fn(u32) -> String,
) -> Result<(u32, u64)> {
    let stop = &job.options.stop;
    let size = usize::try_from(bulk.chunk_size).unwrap_or(usize::MAX);
    let chunks = objects.chunks(size.min(1 << 24)).enumerate();
    let puts = chunks.map(|(number, objects)| {
        let path = path(number as u32);
        async move {
            if stop.is_stopped() {
                return Err(Error::Interrupted);
            }
            let count = objects.len() as u64;
            let file = on_rayon(move || chunk_file(&objects)).await??;
            job.parts.base.put(&path, file.into()).await?;
            Ok(count)
        }
    });
    let counts: Vec<u64> = puts.buffered(AT_ONCE).try_collect().await?;
    Ok((counts.len() as u32, counts.iter().sum()))
}

/// A chunk as a file: an inventory like any other.
fn chunk_file(objects: &[ObjectRef]) -> Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new(), Format::Parquet)?;
    for objects in objects.chunks(8192) {
        let batch: ObjectBatch = objects.iter().collect();
        for object in batch.iter() {
            writer.push(&object)?;
        }
    }
    Ok(writer.finish()?)
}

async fn put_before(job: &Job<'_>, paths: &Paths, selection: &Selection) -> Result<()> {
    let mut before: Vec<BeforeId> =
        selection.before.iter().map(|(key, id)| BeforeId { key: key.0, id: id.0 }).collect();
    before.sort_by_key(|entry| entry.key);
    markers::put_compressed(&job.parts.base, &paths.before(), &before).await
}

/// Some objects as chunks, for a round of retries.
pub(super) async fn put_chunks(
    base: &Base,
    objects: Vec<ObjectRef>,
    size: u64,
    path: impl Fn(u32) -> String,
) -> Result<u32> {
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let chunks: Vec<Vec<ObjectRef>> = objects.chunks(size).map(<[ObjectRef]>::to_vec).collect();
    let count = chunks.len() as u32;
    let puts = chunks.into_iter().enumerate().map(|(number, objects)| {
        let path = path(number as u32);
        async move {
            let file = on_rayon(move || chunk_file(&objects)).await??;
            Ok::<_, Error>(base.put(&path, file.into()).await?)
        }
    });
    stream::iter(puts).buffered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(count)
}
