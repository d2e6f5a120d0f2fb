//! The hash index at the size of an archive: one task a process, so that its memory and CPU can be told.
//!
//! `earthcatalog-bench-index TASK FOLDER ROWS`, where the task is
//!
//! - `build`: an index of so many ids, staged in no order, as a run makes it;
//! - `prepare`: what the other tasks need: ids and objects of so many, and a segment of 30,000 ids;
//! - `merge`: the ids and the segment as one file;
//! - `probe`: 30,000 ids in the index of ids, half of them there;
//! - `compare`: a listing of all objects and 30,000 new ones, with the objects of the index.
//!
//! It prints what it did as JSON. Ids, keys, times and entity tags are made from counters, and take no memory.
#![expect(clippy::print_stdout, reason = "a tool of the command line: what it prints is its work")]

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use earthcatalog_hash_index::{
    Before, CompareOptions, Entry, Fate, IdLog, IdLogOptions, Ids, IdsSegmentWriter, IdsWriter, Listed,
    Listing, ListingOptions, ObjectLog, ObjectRow, Objects, ObjectsWriter, Summary,
};
use earthcatalog_model::{IdHash, KeyHash, PartitionKey, Timestamp};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "usage: earthcatalog-bench-index build|prepare|merge|probe|compare FOLDER ROWS";

/// A day's new objects.
const NEW: u64 = 30_000;

const IDS: &str = "ids.parquet";
const SEGMENT: &str = "ids-segment.parquet";
const OBJECTS: &str = "objects.parquet";
const MERGED: &str = "ids-merged.parquet";

const BUCKET: &str = "its-live-data";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [task, folder, rows] = words.as_slice() else { return Err(USAGE.into()) };
    let (folder, rows) = (Path::new(folder), rows.parse()?);
    std::fs::create_dir_all(folder)?;
    let done = match task.as_str() {
        "build" => shown("rows", build(folder, rows)?),
        "prepare" => prepare(folder, rows)?,
        "merge" => shown("rows", merge(folder).await?),
        "probe" => probe(folder, rows).await?,
        "compare" => compare(folder, rows).await?,
        _ => return Err(USAGE.into()),
    };
    println!("{done}");
    Ok(())
}

fn shown(rows: &str, summary: Summary) -> Value {
    json!({rows: summary.rows, "bytes": summary.bytes})
}

/// Scrambles a counter (splitmix64): what is made from neighbours has nothing in common.
fn scrambled(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

/// The id of an item, in a buffer that is used again.
fn id(n: u64, text: &mut String) -> IdHash {
    text.clear();
    // Writing to a text cannot fail.
    let _ = write!(text, "LC08_L1TP_009011_20200703_20200913_02_T1_X_LC08_{n:012}_G0120V02_P073");
    IdHash::of(text)
}

/// The hash of an object's name.
fn key(n: u64, text: &mut String) -> KeyHash {
    text.clear();
    let _ = write!(
        text,
        "velocity_image_pair/landsatOLI/v02/N60W040/LC08_L1TP_009011_20200703_20200913_02_T1_X_LC08_{n:012}_G0120V02_P073.stac.json"
    );
    KeyHash::of(BUCKET, text)
}

/// Some second of eight years.
fn modified(n: u64) -> Option<Timestamp> {
    Timestamp::from_micros(1_500_000_000_000_000 + (scrambled(n) % 250_000_000) as i64 * 1_000_000)
}

fn etag(n: u64, text: &mut String) {
    text.clear();
    let _ = write!(text, "{:016x}{:016x}", scrambled(n), scrambled(!n));
}

/// The partitions of 300 cells in eight years; every fourth item is in two of them.
fn partitions() -> Vec<PartitionKey> {
    let cells = 0..300u64;
    cells
        .flat_map(|cell| {
            let name = format!("81{:05x}fffffffff", scrambled(cell) & 0xf_ffff);
            (2014..2022).map(move |year| PartitionKey::new(name.as_str().into(), Some(year)))
        })
        .collect()
}

fn partitions_of(n: u64, of: u64) -> Vec<u32> {
    let first = scrambled(n) % of;
    let second = (first + 8) % of;
    let both = [first as u32, second as u32];
    both.into_iter().take(if n.is_multiple_of(4) { 2 } else { 1 }).collect()
}

fn build(folder: &Path, rows: u64) -> Result<Summary> {
    write_ids(&folder.join("ids-built.parquet"), rows)
}

fn write_ids(path: &Path, rows: u64) -> Result<Summary> {
    let names = partitions();
    let mut log = IdLog::new(IdLogOptions { memory: 128 << 20, ..IdLogOptions::default() });
    let mut text = String::new();
    for n in 0..rows {
        log.push(Entry {
            id_hash: id(n, &mut text),
            updated: modified(n),
            last_modified: modified(n),
            seq: n,
            partitions: partitions_of(n, names.len() as u64),
        })?;
    }
    let mut writer = IdsWriter::create(path)?;
    let mut keys = Vec::new();
    for resolved in log.finish()? {
        let winner = resolved?.winner;
        keys.clear();
        keys.extend(winner.partitions.iter().filter_map(|p| names.get(*p as usize)).cloned());
        writer.write(&winner.id_hash, &keys)?;
    }
    Ok(writer.finish()?)
}

fn prepare(folder: &Path, rows: u64) -> Result<Value> {
    let ids = write_ids(&folder.join(IDS), rows)?;
    let segment = write_segment(&folder.join(SEGMENT), rows)?;
    let objects = write_objects(&folder.join(OBJECTS), rows)?;
    Ok(json!({
        "ids": shown("rows", ids),
        "segment": shown("rows", segment),
        "objects": shown("rows", objects),
    }))
}

/// A day's ids: nine of ten are new.
fn write_segment(path: &Path, rows: u64) -> Result<Summary> {
    let (names, mut text) = (partitions(), String::new());
    let mut hashes: Vec<(IdHash, u64)> =
        (0..NEW).map(|i| if i % 10 == 0 { i } else { rows + i }).map(|n| (id(n, &mut text), n)).collect();
    hashes.sort_unstable();
    let mut writer = IdsSegmentWriter::new(File::create(path)?)?;
    for (hash, n) in hashes {
        let before = if n < rows { Before::Present } else { Before::Absent };
        let keys: Vec<PartitionKey> = partitions_of(n, names.len() as u64)
            .iter()
            .filter_map(|p| names.get(*p as usize))
            .cloned()
            .collect();
        writer.write(&hash, &keys, before)?;
    }
    Ok(writer.finish()?.0)
}

fn write_objects(path: &Path, rows: u64) -> Result<Summary> {
    let mut log = ObjectLog::new(256 << 20, None);
    let (mut text, mut tag) = (String::new(), String::new());
    for n in 0..rows {
        etag(n, &mut tag);
        log.push(&ObjectRow {
            key: key(n, &mut text),
            id: Some(id(n, &mut text)),
            last_modified: modified(n),
            etag: Some(tag.clone()),
            fate: if n % 50 == 0 { Fate::Superseded } else { Fate::Ingested },
        })?;
    }
    Ok(log.write(ObjectsWriter::base(File::create(path)?)?)?)
}

fn store(folder: &Path) -> Result<Arc<dyn ObjectStore>> {
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?))
}

async fn merge(folder: &Path) -> Result<Summary> {
    let ids = Ids::open(&store(folder)?, &[StorePath::from(IDS), StorePath::from(SEGMENT)]).await?;
    let merged = ids.merge(File::create(folder.join(MERGED))?).await?;
    let counted = ids.unique_items()?;
    if merged.rows != counted {
        return Err(format!("{} rows were merged, the footers say {counted}", merged.rows).into());
    }
    Ok(merged)
}

async fn probe(folder: &Path, rows: u64) -> Result<Value> {
    let ids = Ids::open(&store(folder)?, &[StorePath::from(IDS), StorePath::from(SEGMENT)]).await?;
    let mut text = String::new();
    let step = rows / (NEW / 2);
    let known = (0..NEW / 2).map(|i| i * step);
    let asked = known.chain((0..NEW / 2).map(|i| 2 * rows + i)).map(|n| id(n, &mut text)).collect();
    let hits = ids.probe(asked).await?.len();
    if hits as u64 != NEW / 2 {
        return Err(format!("{hits} hits").into());
    }
    Ok(json!({"asked": NEW, "hits": hits}))
}

async fn compare(folder: &Path, rows: u64) -> Result<Value> {
    let objects = Objects::open(&store(folder)?, &[StorePath::from(OBJECTS)]).await?;
    let mut listing = Listing::new(ListingOptions::default());
    let (mut text, mut tag) = (String::new(), String::new());
    let began = std::time::Instant::now();
    for n in 0..rows + NEW {
        etag(n, &mut tag);
        let listed = Listed { key: key(n, &mut text), last_modified: modified(n), etag: Some(&tag) };
        listing.push(&listed)?;
    }
    let listed_after = began.elapsed().as_secs_f64();
    let outcome = listing.compare(&objects, CompareOptions::default()).finish().await?;
    let tally = outcome.tally;
    let expected = (rows + NEW, NEW, rows, true);
    if (tally.listed, tally.new, tally.known(), tally.is_closed()) != expected {
        return Err(format!("{tally:?}").into());
    }
    Ok(json!({
        "listed": tally.listed, "new": tally.new, "known": tally.known(), "selected": outcome.selected.len(),
        "listing_seconds": listed_after,
    }))
}
