//! Several files of one partition to one or more: rows are moved as they are, no item is read.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray};
use arrow_schema::DataType;
use arrow_select::interleave::interleave_record_batch;
use bytes::Bytes;
use earthcatalog_model::{Geometry, IdHash};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::align::align;
use crate::covering;
use crate::error::{Error, Result};
use crate::file::{self, GROUP_ROWS};
use crate::format::{Encoded, Merge};
use crate::layout::Layout;

/// Bytes of columns to gather into one record batch: far below the 2 GiB that a column of texts can hold.
const BATCH_BYTES: usize = 256 << 20;

/// Bytes of columns for each byte of a file, and bytes of a leaf column for each row, be it null.
const DECODED_PER_BYTE: u64 = 8;
const LEAF_PER_ROW: u64 = 6;

/// An estimate of the memory that a file takes while it is merged with others, in bytes: the file, its columns, those once
/// more in their new order, and the new file. `leaves` are the leaf columns of the table.
pub fn merge_memory(bytes: u64, rows: u64, leaves: u64) -> u64 {
    2 * (bytes + bytes * DECODED_PER_BYTE + rows * leaves * LEAF_PER_ROW)
}

/// A row that stays: where it is, and what it is sorted by.
struct Kept {
    order: u64,
    datetime: Option<i64>,
    id: Arc<str>,
    batch: usize,
    row: usize,
}

/// What decides between rows of one id: `updated`, `_source.last_modified`, then the later batch. The order of the hash
/// index and of ingest, and it must stay so.
type Rank = (Option<i64>, Option<i64>, usize, usize);

/// Merges files.
pub(crate) fn merge(layout: &Layout, files: &[Bytes], merge: &Merge<'_>) -> Result<Vec<Encoded>> {
    let mut batches = Vec::new();
    for file in files {
        read(file, layout, &mut batches)?;
    }
    let mut rows = kept(&batches, merge)?;
    rows.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    let bytes: u64 = files.iter().map(|file| file.len() as u64).sum();
    let parts = bytes.div_ceil(merge.target.max(1)).max(1);
    let each = rows.len().div_ceil(usize::try_from(parts).unwrap_or(usize::MAX)).max(1);
    rows.chunks(each).map(|part| write(layout, &batches, part)).collect()
}

fn key(row: &Kept) -> impl Ord + '_ {
    (row.order, row.datetime, &row.id, row.batch, row.row)
}

fn read(file: &Bytes, layout: &Layout, batches: &mut Vec<RecordBatch>) -> Result<()> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file.clone(), options)?;
    for batch in builder.with_batch_size(GROUP_ROWS).build()? {
        batches.push(covering::filled(align(&batch?, layout)?)?);
    }
    Ok(())
}

/// The rows that stay: those wanted, and of each id the newest.
fn kept(batches: &[RecordBatch], merge: &Merge<'_>) -> Result<Vec<Kept>> {
    let mut rows: Vec<Kept> = Vec::new();
    let mut best: HashMap<IdHash, (usize, Rank)> = HashMap::new();
    for (number, batch) in batches.iter().enumerate() {
        let columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            let id = columns.id(row);
            if id.is_some_and(|id| !(merge.keep)(id)) {
                continue;
            }
            let new = Kept {
                order: columns.order(row, merge.curve)?,
                datetime: instant(columns.datetime, row),
                id: Arc::from(id.unwrap_or_default()),
                batch: number,
                row,
            };
            // A row without id is nobody's duplicate.
            let Some(id) = id else {
                rows.push(new);
                continue;
            };
            let rank = (columns.updated(row), columns.last_modified(row), number, row);
            match best.get_mut(&IdHash::of(id)) {
                None => {
                    best.insert(IdHash::of(id), (rows.len(), rank));
                    rows.push(new);
                }
                Some((at, known)) if *known < rank => {
                    *known = rank;
                    if let Some(place) = rows.get_mut(*at) {
                        *place = new;
                    }
                }
                Some(_) => {}
            }
        }
    }
    Ok(rows)
}

/// The columns that rows are sorted and told apart by.
struct Columns<'a> {
    id: &'a StringArray,
    geometry: Option<&'a BinaryArray>,
    bbox: Option<&'a StructArray>,
    datetime: Option<&'a TimestampMicrosecondArray>,
    updated: Option<&'a TimestampMicrosecondArray>,
    source: Option<&'a StructArray>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let missing = || Error::Content { message: "the table has no column id of texts".to_owned() };
        Ok(Self {
            id: batch.column_by_name("id").and_then(|c| c.as_string_opt()).ok_or_else(missing)?,
            geometry: batch.column_by_name("geometry").and_then(|c| c.as_binary_opt()),
            bbox: covering::find(batch).map(|(_, boxes)| boxes),
            datetime: instants(batch.column_by_name("datetime")),
            updated: instants(batch.column_by_name("updated")),
            source: structure(batch, "_source"),
        })
    }

    fn id(&self, row: usize) -> Option<&'a str> {
        self.id.is_valid(row).then(|| self.id.value(row))
    }

    fn updated(&self, row: usize) -> Option<i64> {
        instant(self.updated, row)
    }

    fn last_modified(&self, row: usize) -> Option<i64> {
        let source = self.source.filter(|source| source.is_valid(row))?;
        instant(instants(source.column_by_name("last_modified")), row)
    }

    /// The place of the row on the curve: by its box; by its geometry where there is no box, or one without a centre.
    fn order(&self, row: usize, curve: &dyn Fn(f64, f64) -> u64) -> Result<u64> {
        let centre = match self.bbox.and_then(|bbox| covering::read(bbox, row)) {
            Some(bbox) => bbox.centre(),
            None => self.geometry(row)?.and_then(|g| g.bbox()?.centre()),
        };
        let place = match centre {
            Some(centre) => Some(centre),
            None => self.geometry(row)?.and_then(|g| g.first_position()),
        };
        Ok(place.map_or(0, |(lon, lat)| curve(lon, lat)))
    }

    fn geometry(&self, row: usize) -> Result<Option<Geometry>> {
        let Some(geometry) = self.geometry.filter(|g| g.is_valid(row)) else { return Ok(None) };
        let read = Geometry::from_wkb(geometry.value(row));
        read.map(Some).map_err(|e| Error::Content { message: format!("column geometry: {e}") })
    }
}

fn structure<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StructArray> {
    let column = batch.column_by_name(name)?;
    matches!(column.data_type(), DataType::Struct(_)).then(|| column.as_struct())
}

fn instants(column: Option<&arrow_array::ArrayRef>) -> Option<&TimestampMicrosecondArray> {
    column.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
}

fn instant(column: Option<&TimestampMicrosecondArray>, row: usize) -> Option<i64> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// Writes rows as one file, in their order.
fn write(layout: &Layout, batches: &[RecordBatch], rows: &[Kept]) -> Result<Encoded> {
    let all: Vec<&RecordBatch> = batches.iter().collect();
    let gathered = rows.chunks(batch_rows(batches)).map(|rows| {
        let places: Vec<(usize, usize)> = rows.iter().map(|row| (row.batch, row.row)).collect();
        Ok(interleave_record_batch(&all, &places)?)
    });
    file::write_each(gathered, rows.len(), &layout.arrow, Some(&layout.parquet))
}

/// Rows to gather at once, by the mean size of those that there are.
fn batch_rows(batches: &[RecordBatch]) -> usize {
    let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mean = bytes.checked_div(rows).unwrap_or(0).max(1);
    (BATCH_BYTES / mean).clamp(1, GROUP_ROWS)
}

/// The columns of a file, as a merge holds them.
#[cfg(test)]
pub(crate) fn decoded(file: &Bytes, schema: &earthcatalog_model::TableSchema) -> Result<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    read(file, &Layout::new(schema)?, &mut batches)?;
    Ok(batches)
}
