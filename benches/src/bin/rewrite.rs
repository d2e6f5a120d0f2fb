//! The floor of a compaction: reads the files of each partition that has several and writes their rows as one file, two
//! threads, no more: nothing is sorted, compared, measured or committed.
//!
//! `earthcatalog-bench-rewrite WAREHOUSE OUT` prints what it read and wrote as JSON.
#![expect(clippy::print_stdout, reason = "a tool of the command line: what it prints is its work")]

use std::fs::{self, File};
use std::iter::Sum;
use std::ops::Add;
use std::path::{Path, PathBuf};
use std::thread;

use arrow_array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const THREADS: usize = 2;

/// The files of one partition.
type Group = Vec<PathBuf>;

/// What was read and written.
#[derive(Clone, Copy, Default)]
struct Done {
    files_before: u64,
    bytes_before: u64,
    files_after: u64,
    bytes_after: u64,
    rows: u64,
}

impl Add for Done {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            files_before: self.files_before + other.files_before,
            bytes_before: self.bytes_before + other.bytes_before,
            files_after: self.files_after + other.files_after,
            bytes_after: self.bytes_after + other.bytes_after,
            rows: self.rows + other.rows,
        }
    }
}

impl Sum for Done {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1);
    let (Some(warehouse), Some(out)) = (words.next(), words.next()) else {
        return Err("usage: earthcatalog-bench-rewrite WAREHOUSE OUT".into());
    };
    fs::create_dir_all(&out)?;
    let mut groups = Vec::new();
    collect(Path::new(&warehouse), &mut groups)?;
    groups.retain(|group| group.len() > 1);
    let done = rewrite_all(&groups, Path::new(&out))?;
    println!(
        "{}",
        serde_json::json!({
            "partitions": groups.len(), "rows": done.rows,
            "files_before": done.files_before, "bytes_before": done.bytes_before,
            "files_after": done.files_after, "bytes_after": done.bytes_after,
        })
    );
    Ok(())
}

/// The Parquet files of every folder below one.
fn collect(folder: &Path, groups: &mut Vec<Group>) -> Result<()> {
    let mut group = Group::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, groups)?;
        } else if path.extension().is_some_and(|end| end == "parquet") {
            group.push(path);
        }
    }
    group.sort();
    groups.push(group);
    Ok(())
}

fn rewrite_all(groups: &[Group], out: &Path) -> Result<Done> {
    thread::scope(|scope| {
        let start = |thread: usize| {
            scope.spawn(move || {
                let mine = groups.iter().enumerate().skip(thread).step_by(THREADS);
                mine.map(|(number, group)| rewrite(group, &out.join(number.to_string())))
                    .sum::<Result<Done>>()
            })
        };
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err("a thread panicked".into()))).sum()
    })
}

/// Rows of one file after those of the other; files of another schema than the first make a file of their own.
fn rewrite(group: &[PathBuf], out: &Path) -> Result<Done> {
    let mut done = Done::default();
    let mut all: Vec<Vec<RecordBatch>> = Vec::new();
    for path in group {
        let file = File::open(path)?;
        done.bytes_before += file.metadata()?.len();
        done.files_before += 1;
        let batches = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        for batch in batches {
            let batch = batch?;
            let same = |batches: &&mut Vec<RecordBatch>| {
                batches.first().is_some_and(|first| first.schema().fields() == batch.schema().fields())
            };
            match all.iter_mut().find(same) {
                Some(batches) => batches.push(batch),
                None => all.push(vec![batch]),
            }
        }
    }
    for (number, batches) in all.iter().enumerate() {
        let path = out.with_extension(format!("{number}.parquet"));
        done.rows += write(batches, &path)?;
        done.bytes_after += fs::metadata(&path)?.len();
        done.files_after += 1;
    }
    Ok(done)
}

fn write(batches: &[RecordBatch], path: &Path) -> Result<u64> {
    let Some(first) = batches.first() else { return Ok(0) };
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, first.schema(), Some(properties))?;
    batches.iter().try_for_each(|batch| writer.write(batch))?;
    writer.close()?;
    Ok(batches.iter().map(|batch| batch.num_rows() as u64).sum())
}
