//! The rows of a table, read once for their ids and once for the items of the newest.

use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use earthcatalog_hash_index::{Entry, IdLog, IdLogOptions, SeqSet};
use earthcatalog_model::{DataFile, IdHash, Json};
use earthcatalog_store::Base;
use earthcatalog_writer::{ItemRow, Sketch, rows_of_batch};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt, TryFutureExt, TryStreamExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};

use crate::error::{Error, Result};
use crate::options::Stop;
use crate::prepare::{Batch, Prepared, prepare_row};
use crate::regrid::RegridParts;
use crate::scan::scan;
use crate::worker::on_rayon;

/// Files that are read at once, if the memory allows.
const FILES_AT_ONCE: usize = 8;

/// Rows that are made items in one go: of some kB each, so that a batch is about a MB.
const BATCH: usize = 256;

/// Bytes that are asked for first at a file's end: the footer, in most files.
const FOOTER: usize = 64 << 10;

/// Files in the order of their age; the rows are numbered through all of them.
pub(crate) struct Rows {
    base: Base,
    files: Vec<Numbered>,
}

/// A file and the number of its first row.
#[derive(Clone)]
struct Numbered {
    file: DataFile,
    first: u64,
}

/// Some rows of a file, the first of them of that number.
struct Read {
    path: Arc<str>,
    first: u64,
    batch: RecordBatch,
}

impl Rows {
    pub(crate) fn new(base: Base, mut files: Vec<DataFile>) -> Self {
        files.sort_by(|a, b| (a.added, &a.path).cmp(&(b.added, &b.path)));
        let mut next = 0;
        let number = |file: DataFile| {
            let first = next;
            next += file.rows;
            Numbered { file, first }
        };
        Self { base, files: files.into_iter().map(number).collect() }
    }

    /// The numbers of the rows that are the newest of their id: a bit a row, beside `memory` bytes before what is read
    /// goes to temporary files.
    pub(crate) async fn newest(&self, memory: u64, stop: &Stop) -> Result<SeqSet> {
        let mut log = IdLog::new(IdLogOptions { memory, ..IdLogOptions::default() });
        let reads = self.files.clone().into_iter().map(|file| entries(self.base.clone(), file));
        let mut reads = stream::iter(reads).buffered(FILES_AT_ONCE);
        while let Some(entries) = reads.try_next().await? {
            if stop.is_stopped() {
                return Err(Error::Interrupted);
            }
            entries.iter().try_for_each(|entry| log.push(entry))?;
        }
        on_rayon(move || winners(log)).await?
    }

    /// The items of the rows with those numbers, with their cells, in any order.
    pub(crate) fn prepare(
        &self,
        parts: &RegridParts,
        newest: Arc<SeqSet>,
        memory: u64,
    ) -> impl Stream<Item = Result<Batch>> + Send + use<> {
        let files = self.files.clone().into_iter();
        // A row group is in memory while it is read, and a file may be one.
        let largest = files.clone().map(|file| file.file.bytes).max().unwrap_or(0).max(1);
        let at_once = usize::try_from(memory / 8 / largest).unwrap_or(FILES_AT_ONCE).clamp(1, FILES_AT_ONCE);
        let base = self.base.clone();
        let reads = stream::iter(files.map(move |file| read(base.clone(), file)));
        let parts = parts.clone();
        let workers = rayon::current_num_threads() * 2;
        reads
            .flatten_unordered(at_once)
            .map(move |read| prepare(read, parts.clone(), newest.clone()))
            .buffer_unordered(workers)
    }
}

fn winners(log: IdLog) -> Result<SeqSet> {
    let mut newest = SeqSet::default();
    for resolved in log.finish()? {
        newest.insert(resolved?.winner.seq);
    }
    Ok(newest)
}

/// What the rows of a file say of their ids and ages.
async fn entries(base: Base, Numbered { file, first }: Numbered) -> Result<Vec<Entry>> {
    let (mut entries, mut nameless) = (Vec::new(), false);
    scan(&base, &file, |row| {
        nameless |= row.id.is_empty();
        entries.push(Entry {
            id_hash: IdHash::of(row.id),
            updated: row.updated,
            last_modified: row.last_modified,
            seq: first + entries.len() as u64,
            partitions: Vec::new(),
        });
    })
    .await?;
    let found = entries.len() as u64;
    match nameless {
        true => Err(row_error(&file.path, "", "a row has no id".to_owned())),
        // The numbers of the next file's rows rest on it.
        false if found != file.rows => Err(Error::RowCount { path: file.path, found, expected: file.rows }),
        false => Ok(entries),
    }
}

/// The rows of a file, some at a time.
fn read(base: Base, Numbered { file, first }: Numbered) -> BoxStream<'static, Result<Read>> {
    let opened = async move {
        let path: Arc<str> = Arc::from(file.path.as_str());
        let unreadable = |path: &str, source| Error::File { path: path.to_owned(), source };
        let reader = ParquetObjectReader::new(base.store().clone(), base.resolve(&file.path)?)
            .with_file_size(file.bytes)
            .with_footer_size_hint(FOOTER);
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchStreamBuilder::new_with_options(reader, options).await;
        let builder = builder.map_err(|source| unreadable(&path, source))?.with_batch_size(BATCH);
        let batches = builder.build().map_err(|source| unreadable(&path, source))?;
        let mut next = first;
        Ok::<_, Error>(batches.map(move |batch| {
            let batch = batch.map_err(|source| unreadable(&path, source))?;
            let first = next;
            next += batch.num_rows() as u64;
            Ok(Read { path: path.clone(), first, batch })
        }))
    };
    opened.try_flatten_stream().boxed()
}

async fn prepare(read: Result<Read>, parts: RegridParts, newest: Arc<SeqSet>) -> Result<Batch> {
    let read = read?;
    on_rayon(move || read.prepare(&parts, &newest)).await?
}

impl Read {
    fn prepare(&self, parts: &RegridParts, newest: &SeqSet) -> Result<Batch> {
        let rows = rows_of_batch(&self.batch, |row| newest.contains(self.first + row as u64))?;
        let mut batch = Batch::default();
        for row in rows {
            batch.bytes += row.json.len() as u64;
            batch.prepared.push(self.prepare_row(row, parts, &mut batch.sketch)?);
        }
        Ok(batch)
    }

    fn prepare_row(&self, row: ItemRow, parts: &RegridParts, sketch: &mut Sketch) -> Result<Prepared> {
        let body = Bytes::from(row.json);
        prepare_row(&body, row.source, &*parts.grid, &*parts.href, sketch).map_err(|message| {
            let item = Json::parse(&body).ok();
            let id = item.as_ref().and_then(|item| item.get("id")).and_then(Json::as_str);
            row_error(&self.path, id.unwrap_or_default(), message)
        })
    }
}

fn row_error(path: &str, id: &str, message: String) -> Error {
    Error::Row { path: path.to_owned(), id: id.to_owned(), message }
}
