//! The fourth phase, a task at a time: frames of all chunks become GeoParquet files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use earthcatalog_model::{CellId, DataFile, Item, TableSchema};
use earthcatalog_store::Base;
use earthcatalog_writer::{Encoded, Format, Row};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use memchr::memchr_iter;
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zstd::bulk::Decompressor;

use super::decision::Decision;
use super::frames::decompress;
use super::line;
use super::markers::{self, VERSION};
use super::paths::Paths;
use super::plan::BulkPlan;
use super::slots::{FrameOf, Rewrite, Slot, Work};
use super::task::TaskOptions;
use super::work::BulkParts;
use crate::error::{Error, Result};
use crate::worker::on_rayon;
use crate::write::{FileWriter, NewFile};

/// Chunks that are read at once.
const READS_AT_ONCE: usize = 32;

/// Files that are encoded or put at once.
const FILES_AT_ONCE: usize = 32;

/// What a row takes in memory while its file is encoded, as a multiple of its line: the line, its item, its columns.
const EXPANSION: u64 = 4;

/// The marker of a task of writing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Written {
    version: u32,
    pub(super) files: Vec<DataFile>,
    /// Values that went to `_extra`, by property.
    pub(super) extra: BTreeMap<String, u64>,
    /// Rows of slots; those of files written anew are not counted.
    pub(super) rows: u64,
    seconds: f64,
}

/// What a task of writing did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteReport {
    /// The task.
    pub number: u32,
    /// Files written.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Written {
    pub(super) async fn read(base: &Base, paths: &Paths, name: &str) -> Result<Option<Self>> {
        markers::read(base, &paths.written(name)).await
    }

    /// The tasks of a decision that have no marker, by a listing of those that there are.
    pub(super) async fn undone(base: &Base, paths: &Paths, decision: &Decision) -> Result<Vec<u32>> {
        let listed = markers::list(base, &paths.written_folder()).await?;
        let names = listed.iter().filter_map(|(path, _)| path.filename()?.strip_suffix(".json"));
        let there: HashSet<&str> = names.collect();
        let undone = decision.names.iter().enumerate().filter(|(_, name)| !there.contains(name.as_str()));
        Ok(undone.map(|(number, _)| number as u32).collect())
    }

    pub(super) fn report(&self, number: u32) -> WriteReport {
        WriteReport {
            number,
            files: self.files.len() as u64,
            rows: self.files.iter().map(|file| file.rows).sum(),
            bytes: self.files.iter().map(|file| file.bytes).sum(),
            seconds: self.seconds,
        }
    }
}

/// Writes the files of a task.
pub(super) async fn write(
    parts: &BulkParts,
    plan: &BulkPlan,
    decision: &Decision,
    number: u32,
    options: &TaskOptions,
) -> Result<WriteReport> {
    let clock = Instant::now();
    let paths = plan.paths()?;
    let work = decision.work(&parts.base, &paths, number).await?;
    let writing = Writing {
        base: &parts.base,
        format: &parts.format,
        run: &plan.run,
        schema: Arc::new(decision.schema.clone()),
        memory: Semaphore::new(permits(options.memory / 2)),
        most: permits(options.memory / 2) as u32,
        options,
    };
    let frames = read_frames(&parts.base, &work).await?;
    // Boxed, or the compiler cannot see that all this may move to another thread.
    let slots: Vec<_> = work.slots.iter().map(|slot| writing.slot(slot, &frames).boxed()).collect();
    let written: Vec<(DataFile, BTreeMap<String, u64>)> =
        stream::iter(slots).buffered(FILES_AT_ONCE).try_collect().await?;
    let rewrites: Vec<_> = work.rewrites.iter().map(|rewrite| writing.rewrite(rewrite).boxed()).collect();
    let rewritten: Vec<Option<DataFile>> = stream::iter(rewrites).buffered(4).try_collect().await?;
    let mut marker = Written {
        version: VERSION,
        rows: written.iter().map(|(file, _)| file.rows).sum(),
        files: Vec::new(),
        extra: BTreeMap::new(),
        seconds: clock.elapsed().as_secs_f64(),
    };
    for (file, extra) in written {
        marker.files.push(file);
        for (property, count) in extra {
            *marker.extra.entry(property).or_default() += count;
        }
    }
    marker.files.extend(rewritten.into_iter().flatten());
    // Another may have done the same: its files are these very ones.
    let marker = markers::create(&parts.base, &paths.written(&work.name), marker).await?;
    Ok(marker.report(number))
}

/// Memory in units of 64 kB, as many as a semaphore can count.
fn permits(bytes: u64) -> usize {
    (bytes >> 16).clamp(1, 1 << 24) as usize
}

/// Frames by chunk and offset.
type Frames = HashMap<(u32, u64), Bytes>;

/// Reads all frames of a task: of each chunk, one range or a few.
async fn read_frames(base: &Base, work: &Work) -> Result<Frames> {
    let mut wanted: BTreeMap<u32, Vec<FrameOf>> = BTreeMap::new();
    for frame in work.slots.iter().flat_map(|slot| &slot.frames) {
        wanted.entry(frame.chunk).or_default().push(*frame);
    }
    let reads = wanted.into_iter().map(|(chunk, frames)| read_chunk(base, work.objects.get(&chunk), frames));
    let read: Vec<Vec<((u32, u64), Bytes)>> =
        stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

async fn read_chunk(
    base: &Base,
    object: Option<&String>,
    frames: Vec<FrameOf>,
) -> Result<Vec<((u32, u64), Bytes)>> {
    let Some(object) = object else {
        return Err(Error::Worker("a task names a frame of an object that it does not name".to_owned()));
    };
    let ranges: Vec<Range<u64>> =
        frames.iter().map(|frame| frame.offset..frame.offset + u64::from(frame.bytes)).collect();
    let read = base.store().get_ranges(&base.path(object), &ranges).await;
    let bytes = read.map_err(|error| base.error(object, &error))?;
    Ok(frames.iter().map(|frame| (frame.chunk, frame.offset)).zip(bytes).collect())
}

/// A task of writing at work.
struct Writing<'a> {
    base: &'a Base,
    format: &'a Arc<dyn Format>,
    run: &'a str,
    schema: Arc<TableSchema>,
    memory: Semaphore,
    most: u32,
    options: &'a TaskOptions,
}

impl Writing<'_> {
    /// Names begin with the run, by which what is garbage tells that the run is still open.
    fn writer(&self, name: &str) -> FileWriter {
        FileWriter::new(self.base.clone(), self.format.clone(), format!("{}-{name}", self.run), false)
    }

    async fn slot(&self, slot: &Slot, frames: &Frames) -> Result<(DataFile, BTreeMap<String, u64>)> {
        let raw: u64 = slot.frames.iter().map(|frame| frame.raw).sum();
        let permits = (permits(raw * EXPANSION) as u32).min(self.most);
        // Closed is what a semaphore of ours never is.
        let _share = self.memory.acquire_many(permits).await;
        if self.options.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let encoded = self.encode(slot, frames).await?;
        if encoded.rows != slot.rows() {
            return Err(Error::Worker(format!(
                "a file of {} has {} rows where {} were staged",
                slot.partition.hive_path(),
                encoded.rows,
                slot.rows()
            )));
        }
        let extra = encoded.extra.clone();
        let NewFile { file, .. } = self.writer(&slot.name).put(slot.partition.clone(), encoded).await?;
        Ok((file, extra))
    }

    async fn encode(&self, slot: &Slot, frames: &Frames) -> Result<Encoded> {
        let mut parts = Vec::with_capacity(slot.frames.len());
        for frame in &slot.frames {
            let bytes = frames.get(&(frame.chunk, frame.offset)).cloned().unwrap_or_default();
            parts.push((*frame, bytes));
        }
        let lost: HashSet<(u32, u32)> = slot.lost.iter().copied().collect();
        let (format, schema, cell) = (self.format.clone(), self.schema.clone(), slot.partition.cell.clone());
        on_rayon(move || encode(&*format, &schema, &cell, &parts, &lost)).await?
    }

    async fn rewrite(&self, rewrite: &Rewrite) -> Result<Option<DataFile>> {
        let writer = self.writer(&rewrite.name);
        writer.replace(&rewrite.file, rewrite.ids.clone(), self.schema.clone()).await
    }
}

fn encode(
    format: &dyn Format,
    schema: &TableSchema,
    cell: &CellId,
    frames: &[(FrameOf, Bytes)],
    lost: &HashSet<(u32, u32)>,
) -> Result<Encoded> {
    let mut items = Vec::new();
    // One for all: a frame of a few lines is decompressed faster than a decompressor is made.
    let mut decompressor = Decompressor::new().map_err(Error::Temporary)?;
    for (frame, bytes) in frames {
        items_of(frame, bytes, &mut decompressor, lost, &mut items)
            .map_err(|message| Error::Worker(format!("chunk {}: {message}", frame.chunk)))?;
    }
    let rows: Vec<Row<'_>> = items.iter().map(|item| Row { item, cell }).collect();
    Ok(format.encode(schema, &rows)?)
}

/// The items of a frame that are to become rows.
fn items_of(
    frame: &FrameOf,
    bytes: &[u8],
    decompressor: &mut Decompressor<'_>,
    lost: &HashSet<(u32, u32)>,
    items: &mut Vec<Item>,
) -> std::result::Result<(), String> {
    let lines = decompress(decompressor, bytes, frame.raw).map_err(|error| error.to_string())?;
    let lines = Bytes::from(lines);
    let mut start = 0;
    for end in memchr_iter(b'\n', &lines) {
        let read = line::decode(&lines, lines.get(start..end).unwrap_or_default())?;
        start = end + 1;
        if !lost.contains(&(frame.chunk, read.seq)) {
            items.push(read.item()?);
        }
    }
    Ok(())
}
