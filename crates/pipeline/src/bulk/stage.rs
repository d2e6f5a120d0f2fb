//! The second phase, a chunk at a time: fetch, cover, and put the items into one object, by partition.

use std::sync::Arc;
use std::time::Instant;

use earthcatalog_fetch::{Concurrency, fetch_all};
use earthcatalog_hash_index::upload_from;
use earthcatalog_inventory::{Filter, Inventory, OpenOptions};
use earthcatalog_model::{PartitionKey, Timestamp};
use earthcatalog_store::Base;
use futures::StreamExt;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::frames::{Frames, Object};
use super::line;
use super::markers::{self, VERSION};
use super::plan::BulkPlan;
use super::rounds::Rounds;
use super::tail::{StagedItem, Tail};
use super::task::TaskOptions;
use super::work::BulkParts;
use crate::answers::prepared;
use crate::error::{Error, Result};
use crate::event::{Event, Observer, Progress};
use crate::listing;
use crate::parts::Parts;
use crate::prepare::Batch;
use crate::worker::on_rayon;

/// The marker of a chunk that is staged, and the report of the task. The first one that was made is the one that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    pub(super) version: u32,
    /// The chunk.
    pub number: u32,
    /// The staged object, relative to the base.
    pub object: String,
    /// Its bytes.
    pub bytes: u64,
    /// Where its tail begins.
    pub(super) tail: u64,
    /// Bytes of its lines.
    pub raw_bytes: u64,
    /// Items staged.
    pub items: u64,
    /// Their rows.
    pub rows: u64,
    /// Objects that are no items.
    pub rejected: u64,
    /// Objects that could not be had now.
    pub pending: u64,
    /// Bytes fetched.
    pub fetched_bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// When it was done.
    pub done: Timestamp,
}

pub(super) type Staged = StageReport;

impl Staged {
    /// The markers of all chunks; None for each that is yet to be staged.
    pub(super) async fn read_all(base: &Base, plan: &BulkPlan, rounds: &Rounds) -> Result<Vec<Option<Self>>> {
        let paths = plan.paths()?;
        markers::read_all(base, (0..rounds.chunks()).map(|chunk| paths.staged(chunk)).collect()).await
    }
}

/// The tail of a staged object.
pub(super) async fn read_tail(base: &Base, staged: &Staged) -> Result<Tail> {
    let read = base.store().get_range(&base.path(&staged.object), staged.tail..staged.bytes).await;
    let bytes = read.map_err(|error| base.error(&staged.object, &error))?;
    on_rayon(move || Tail::decode(&bytes))
        .await?
        .map_err(|error| Error::Damaged { path: base.location(&staged.object), message: error.to_string() })
}

/// Stages a chunk. Where it is staged already, by whomever, that is the answer.
pub(super) async fn stage(
    parts: &BulkParts,
    plan: &BulkPlan,
    number: u32,
    options: &TaskOptions,
    observer: &dyn Observer,
) -> Result<StageReport> {
    let clock = Instant::now();
    let paths = plan.paths()?;
    let path = paths.chunk(&plan.staging, number);
    let inventory = open_chunk(&parts.base, &path).await?;
    let mut making = Making::new(options.memory / 4)?;
    run(&parts.with(inventory), options, observer, &mut making).await?;
    let Making { progress, pending, rejected, frames, tail, .. } = making;
    let items = tail.items.len() as u64;
    let object = on_rayon(move || frames.finish(tail)).await??;
    let rel = paths.object(&plan.staging, number, object.content);
    let (bytes, tail, raw_bytes) = (object.bytes, object.tail, object.raw);
    put(&parts.base, &rel, object).await?;
    let report = StageReport {
        version: VERSION,
        number,
        object: rel.clone(),
        bytes,
        tail,
        raw_bytes,
        items,
        rows: progress.rows,
        rejected,
        pending,
        fetched_bytes: progress.bytes,
        seconds: clock.elapsed().as_secs_f64(),
        done: Timestamp::now(),
    };
    let first: StageReport = markers::create(&parts.base, &paths.staged(number), report).await?;
    if first.object != rel {
        // Another was faster; what it staged counts, and nothing will ever name this.
        parts.base.delete(&rel).await?;
    }
    Ok(first)
}

async fn open_chunk(base: &Base, rel: &str) -> Result<Arc<dyn Inventory>> {
    let (store, path) = (base.store().clone(), base.path(rel));
    let inventory =
        earthcatalog_inventory::open(store, path, &base.location(rel), &OpenOptions::default()).await?;
    Ok(Arc::from(inventory))
}

async fn put(base: &Base, rel: &str, object: Object) -> Result<()> {
    let file = tokio::fs::File::from_std(object.file);
    upload_from(file, base.store(), &base.path(rel)).await?;
    Ok(())
}

/// Fetches and prepares the objects of a chunk, and takes them in.
async fn run(
    parts: &Parts,
    options: &TaskOptions,
    observer: &dyn Observer,
    making: &mut Making,
) -> Result<()> {
    let every = Filter { suffixes: Vec::new(), ..Filter::default() };
    let (listing, objects) = listing::start(&*parts.inventory, every, None);
    let concurrency = Concurrency { requests: options.concurrency, memory: options.memory / 16 };
    let fetched = fetch_all(parts.fetch.clone(), objects, concurrency);
    let mut prepared = prepared(fetched, parts);
    while let Some(batch) = prepared.next().await {
        if options.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        making.take_in(batch?, observer)?;
        observer.on_event(&Event::Progress(making.progress));
    }
    let listed = listing.finish().await?;
    making.check(listed.listed)
}

/// A chunk being staged.
struct Making {
    frames: Frames,
    tail: Tail,
    /// The line of an item, in memory that is used again.
    line: Vec<u8>,
    progress: Progress,
    rejected: u64,
    pending: u64,
}

impl Making {
    fn new(memory: u64) -> Result<Self> {
        Ok(Self {
            frames: Frames::new(memory)?,
            tail: Tail::default(),
            line: Vec::new(),
            progress: Progress::default(),
            rejected: 0,
            pending: 0,
        })
    }

    fn take_in(&mut self, batch: Batch, observer: &dyn Observer) -> Result<()> {
        let Batch { prepared, rejected, pending, sketch, bytes } = batch;
        self.progress.fetched += (prepared.len() + rejected.len() + pending.len()) as u64;
        self.progress.rejected += rejected.len() as u64;
        self.progress.bytes += bytes;
        for prepared in prepared {
            self.push(&prepared)?;
        }
        for rejection in &rejected {
            observer.on_event(&Event::Rejected(rejection));
        }
        (self.rejected, self.pending) =
            (self.rejected + rejected.len() as u64, self.pending + pending.len() as u64);
        self.tail.rejected.extend(rejected);
        self.tail.pending.extend(pending);
        self.tail.sketch.merge(sketch);
        Ok(())
    }

    fn push(&mut self, prepared: &crate::prepare::Prepared) -> Result<()> {
        self.line.clear();
        line::encode(self.tail.items.len() as u32, prepared, &mut self.line).map_err(Error::Report)?;
        let year = prepared.item.datetime.map(|t| t.year());
        let mut partitions = Vec::with_capacity(prepared.cells.len());
        for cell in &prepared.cells {
            partitions.push(self.frames.push(PartitionKey::new(cell.clone(), year), &self.line)?);
        }
        self.progress.rows += partitions.len() as u64;
        self.tail.items.push(StagedItem::new(prepared, partitions));
        Ok(())
    }

    /// Every object of the chunk has become something.
    fn check(&self, listed: u64) -> Result<()> {
        let found = self.tail.items.len() as u64 + self.rejected + self.pending;
        if found == listed {
            return Ok(());
        }
        Err(Error::Worker(format!("a chunk has {listed} objects, and {found} of them were accounted for")))
    }
}
