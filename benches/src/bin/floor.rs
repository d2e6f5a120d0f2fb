//! The floor of an ingest: reads the items that an inventory names from a folder and parses them, two threads, no more.
//!
//! `earthcatalog-bench-floor INVENTORY.parquet FOLDER` prints the number of items and of bytes as JSON.
#![expect(clippy::print_stdout, reason = "a tool of the command line: what it prints is its work")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;

use arrow_array::StringArray;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const THREADS: usize = 2;
const SUFFIX: &str = ".stac.json";

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let (Some(inventory), Some(folder)) = (words.next(), words.next()) else {
        return Err("usage: earthcatalog-bench-floor INVENTORY.parquet FOLDER".into());
    };
    let paths = items(Path::new(&inventory), Path::new(&folder))?;
    let bytes = read_all(&paths)?;
    println!("{}", serde_json::json!({"items": paths.len(), "bytes": bytes}));
    Ok(())
}

/// The paths of the items that the inventory lists.
fn items(inventory: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(inventory)?)?;
    let keys = ProjectionMask::columns(builder.parquet_schema(), ["key"]);
    let mut paths = Vec::new();
    for batch in builder.with_projection(keys).build()? {
        let batch = batch?;
        let keys =
            batch.column(0).as_any().downcast_ref::<StringArray>().ok_or("the column key holds no text")?;
        paths.extend(keys.iter().flatten().filter(|key| key.ends_with(SUFFIX)).map(|key| folder.join(key)));
    }
    Ok(paths)
}

/// Reads and parses them; the bytes of all.
fn read_all(paths: &[PathBuf]) -> Result<usize> {
    let share = paths.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = paths.chunks(share).map(|part| scope.spawn(|| read_some(part))).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err("a thread panicked".into()))).sum()
    })
}

fn read_some(paths: &[PathBuf]) -> Result<usize> {
    paths.iter().map(|path| read_one(path)).sum()
}

fn read_one(path: &Path) -> Result<usize> {
    let body = fs::read(path).map_err(|e| format!("failed to read {}: {e}", path.display()))?;
    let item: Value = serde_json::from_slice(&body)?;
    if item.get("id").is_none() {
        return Err(format!("{} has no id", path.display()).into());
    }
    Ok(body.len())
}
