//! What is in a catalog, row for row, and what is left beside it.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use earthcatalog_testkit::s3::S3Server;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::harness::Bench;

/// Id, cell and year of every row, in order.
pub(crate) type Rows = Vec<(String, String)>;

/// The rows of all files, as they are on the disk.
pub(crate) fn rows(bench: &Bench, server: Option<&S3Server>) -> Rows {
    let files = bench.run(&["files"]).ended(0).stdout.clone();
    let mut rows: Rows = files.lines().flat_map(|file| rows_of(&place(file, server))).collect();
    rows.sort_unstable();
    rows
}

/// Where the server keeps an object.
pub(crate) fn place(location: &str, server: Option<&S3Server>) -> PathBuf {
    match (location.strip_prefix("s3://"), server) {
        (Some(object), Some(server)) => server.folder().join(object),
        _ => PathBuf::from(location),
    }
}

fn rows_of(path: &Path) -> Rows {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let folders: Vec<_> = path.ancestors().skip(1).filter_map(Path::file_name).collect();
    let partition = folders.iter().filter_map(|name| name.to_str()).filter(|name| name.contains('='));
    let partition = partition.collect::<Vec<_>>().join("/");
    let mut rows = Rows::new();
    for batch in reader {
        let batch = batch.unwrap();
        let ids = batch.column_by_name("id").unwrap().as_string::<i32>().clone();
        rows.extend(ids.iter().map(|id| (id.unwrap().to_owned(), partition.clone())));
    }
    rows
}

/// The names of all files below `runs/`, of whichever run.
pub(crate) fn leftovers(bench: &Bench, server: Option<&S3Server>) -> Vec<String> {
    let base = bench.base();
    let mut names = Vec::new();
    collect(&place(&format!("{base}/runs"), server), &mut names);
    names.sort_unstable();
    names.dedup();
    names
}

fn collect(folder: &Path, names: &mut Vec<String>) {
    for path in folder.read_dir().into_iter().flatten().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => collect(&path, names),
            false => names.push(path.file_name().unwrap().to_str().unwrap().to_owned()),
        }
    }
}
