//! Commits to a table that has many files already: one size a process, so that its memory and CPU can be told.
//!
//! `earthcatalog-bench-commit FOLDER FILES COMMITS` makes a table in the folder by appends of 100 files each, as a life of
//! deltas does, until it has so many files; then it times so many further appends, and what a reader does after each: the
//! table's state, and all of its files. It prints the times as JSON. The data files themselves are not there: no commit
//! looks at them.
#![expect(clippy::print_stdout, reason = "a tool of the command line: what it prints is its work")]

use std::collections::BTreeMap;
use std::time::Instant;

use earthcatalog_catalog::{Change, CommitId, Filter, IcebergOptions, IcebergTable, Operation, Table};
use earthcatalog_model::{CellId, ColumnMetrics, DataFile, Field, PartitionKey, Scalar, TableSchema, Type};
use earthcatalog_store::{Base, StoreOptions, Stores};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "usage: earthcatalog-bench-commit FOLDER FILES COMMITS";

/// Files of one append.
const APPEND: u64 = 100;

/// Cells that files are in, and the years of each.
const CELLS: u64 = 300;
const YEARS: u64 = 8;

/// Columns with bounds, beside those that every table has; about as many as a table of items has.
const COLUMNS: usize = 40;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files, commits] = words.as_slice() else { return Err(USAGE.into()) };
    let (files, commits): (u64, u64) = (files.parse()?, commits.parse()?);
    let base = Base::open(&Stores::new(StoreOptions::default()), folder)?;
    let table = IcebergTable::new(base.clone(), &IcebergOptions::default());
    let schema = schema();
    let began = Instant::now();
    for number in 0..files.div_ceil(APPEND) {
        table.commit(append(&base, &schema, number)).await?;
    }
    let setup_seconds = began.elapsed().as_secs_f64();
    let (mut commit, mut head, mut plan) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..commits {
        let change = append(&base, &schema, files.div_ceil(APPEND) + number);
        commit.push(timed(table.commit(change)).await?.0);
        let (seconds, state) = timed(table.head()).await?;
        head.push(seconds);
        let state = state.ok_or("there is no table")?;
        let (seconds, found) = timed(table.files(&state, &Filter::default())).await?;
        plan.push(seconds);
        let expected = (files.div_ceil(APPEND) + number + 1) * APPEND;
        if found.len() as u64 != expected {
            return Err(format!("the table has {} files, not {expected}", found.len()).into());
        }
    }
    let done = json!({
        "files": files, "setup_seconds": setup_seconds, "commit_seconds": commit, "head_seconds": head,
        "files_seconds": plan,
    });
    println!("{done}");
    Ok(())
}

async fn timed<T>(work: impl Future<Output = earthcatalog_catalog::Result<T>>) -> Result<(f64, T)> {
    let began = Instant::now();
    let done = work.await?;
    Ok((began.elapsed().as_secs_f64(), done))
}

fn schema() -> TableSchema {
    let mut fields = vec![
        Field::new("id", Type::String),
        Field::new("datetime", Type::Timestamptz),
        Field::new("grid_partition", Type::String),
    ];
    let types = [Type::Double, Type::String, Type::Timestamptz];
    let more = (0..COLUMNS).zip(types.iter().cycle());
    fields.extend(more.map(|(i, ty)| Field::new(format!("property_{i}"), ty.clone())));
    TableSchema::new(fields)
}

/// The n-th append.
fn append(base: &Base, schema: &TableSchema, n: u64) -> Change {
    Change {
        id: CommitId::new(format!("append-{n}")),
        operation: Operation::Append,
        add: (n * APPEND..(n + 1) * APPEND).map(|file| data_file(base, schema, file)).collect(),
        schema: Some(schema.clone()),
        properties: BTreeMap::new(),
        decided_on: None,
        expects: BTreeMap::new(),
        summary: BTreeMap::new(),
    }
}

/// The n-th file. Neighbours are in other cells, and in turn in all years of each.
fn data_file(base: &Base, schema: &TableSchema, n: u64) -> DataFile {
    let year = 2014 + (n / CELLS % YEARS) as i32;
    let cell = format!("81{:05x}fffffffff", n % CELLS * 0x9e3);
    let partition = PartitionKey::new(CellId::new(cell), Some(year));
    let rel = format!("warehouse/{}/bench-{n:08}.parquet", partition.hive_path());
    let rows = 10 + n % 30;
    let start = i64::from(year - 1970) * 31_556_952_000_000 + 86_400_000_000;
    let columns: BTreeMap<i32, ColumnMetrics> =
        schema.fields.iter().map(|field| (field.id, metrics(field, n, rows, start))).collect();
    DataFile {
        path: base.location(&rel),
        partition,
        rows,
        bytes: 12_000 + 40 * rows,
        columns: columns.into_iter().collect(),
        split_offsets: vec![4],
        added: None,
    }
}

fn metrics(field: &Field, n: u64, rows: u64, start: i64) -> ColumnMetrics {
    let (lower, upper) = match field.ty {
        Type::Double => (Scalar::Double(n as f64 / 7.0), Scalar::Double(n as f64 / 7.0 + 90.0)),
        Type::Timestamptz => (Scalar::Long(start), Scalar::Long(start + 1_000_000 * (1 + n % 10_000) as i64)),
        _ => (Scalar::String(format!("LC08_{n:012}")), Scalar::String(format!("LC09_{n:012}"))),
    };
    ColumnMetrics { bytes: 300, values: rows, nulls: Some(n % 3), lower: Some(lower), upper: Some(upper) }
}
