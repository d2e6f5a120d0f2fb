//! Listings of an archive's size: one task a process, so that its memory and CPU can be told.
//!
//! `earthcatalog-bench-inventory TASK FOLDER FORMAT ROWS`, where the format is csv, csv.gz, ndjson, parquet, orc or s3 (a manifest
//! over four headerless csv.gz) and the task is
//!
//! - `prepare`: writes a listing of so many rows;
//! - `floor`: reads it with the decoder alone: checksums, gzip, lines, the columns of Parquet and ORC;
//! - `parse`: reads a listing in text with the parser of the csv or serde_json crate and leaves what it finds alone;
//! - `read`: reads it as an inventory, every row through a filter that takes all;
//! - `prepare-diff` and `diff`: two listings in Parquet that differ in 27,000 rows, and their difference within 1.5 GiB.
//!
//! It prints what it did as JSON.
#![expect(clippy::print_stdout, reason = "a tool of the command line: what it prints is its work")]

#[path = "inventory/floor.rs"]
mod floor;
#[path = "inventory/made.rs"]
mod made;

use std::path::Path;
use std::sync::Arc;

use earthcatalog_inventory::{Change, DiffOptions, Filter, Inventory, OpenOptions, Verdict, diff, open};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use serde_json::{Value, json};

/// What ends the program.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// That of the command-line program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str =
    "usage: earthcatalog-bench-inventory prepare|floor|parse|read|prepare-diff|diff FOLDER FORMAT ROWS";

/// Rows in which the two listings of a difference differ: a third each was added, changed and removed.
const DIFFERENT: u64 = 27_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [task, folder, format, rows] = words.as_slice() else { return Err(USAGE.into()) };
    let (folder, rows) = (std::path::absolute(folder)?, rows.parse()?);
    std::fs::create_dir_all(&folder)?;
    let done = match task.as_str() {
        "prepare" => json!({ "bytes": made::write(&folder, format, 0..rows, &|row| Some(row))? }),
        "floor" => json!({ "rows": floor::read(&folder, format)? }),
        "parse" => json!({ "rows": floor::parse(&folder, format)? }),
        "read" => read(&*opened(&made::source(&folder, format)).await?).await?,
        "prepare-diff" => prepare_diff(&folder, rows)?,
        "diff" => compare(&folder).await?,
        _ => return Err(USAGE.into()),
    };
    println!("{done}");
    Ok(())
}

async fn opened(path: &Path) -> Result<Box<dyn Inventory>> {
    let store = Arc::new(LocalFileSystem::new());
    let name = path.display().to_string();
    Ok(open(store, StorePath::from_absolute_path(path)?, &name, &OpenOptions::default()).await?)
}

async fn read(inventory: &dyn Inventory) -> Result<Value> {
    let filter = Filter::everything();
    let mut selector = filter.start();
    let (mut bytes, mut sizes) = (0, 0);
    let mut batches = inventory.batches_for(&filter);
    while let Some(batch) = batches.try_next().await? {
        for object in batch.iter() {
            if selector.take(&object) == Verdict::Take {
                bytes += object.key().len();
                sizes += object.size().unwrap_or_default();
            }
        }
    }
    Ok(json!({ "rows": selector.taken(), "key_bytes": bytes, "size": sizes }))
}

/// Of every so many rows the first is in the new listing alone, the second in the old one, and the third is of another size.
fn prepare_diff(folder: &Path, rows: u64) -> Result<Value> {
    let each = DIFFERENT.min(rows) / 3;
    let step = (rows / each.max(1)).max(3);
    let old = |row: made::Row| (!row.number.is_multiple_of(step)).then_some(row);
    let new = |row: made::Row| match row.number % step {
        1 => None,
        2 => Some(made::Row { size: row.size + 1, ..row }),
        _ => Some(row),
    };
    let bytes = [
        made::write(&folder.join("old"), "parquet", 0..rows, &old)?,
        made::write(&folder.join("new"), "parquet", 0..rows, &new)?,
    ];
    Ok(json!({ "bytes": bytes }))
}

async fn compare(folder: &Path) -> Result<Value> {
    let side = |name: &str| made::source(&folder.join(name), "parquet");
    let (old, new) = (opened(&side("old")).await?, opened(&side("new")).await?);
    let options = DiffOptions { memory: 1_536 << 20, ..DiffOptions::default() };
    let found = diff(&*old, &*new, &options).await?;
    let mut replayed = 0_u64;
    let mut take = |_: Change, _: &earthcatalog_inventory::ObjectView<'_>| {
        replayed += 1;
        Ok(())
    };
    found.replay_new(&*new, &mut take).await?;
    found.replay_old(&*old, &mut take).await?;
    let counts = found.counts();
    let different = [counts.added, counts.changed, counts.removed];
    Ok(json!({ "rows": [counts.old_rows, counts.new_rows], "different": different, "replayed": replayed }))
}
