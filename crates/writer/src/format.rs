//! Files: rows to one, rows out of one, and one without some of its rows.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use earthcatalog_model::{CellId, Columns, Item, TableSchema};
use parquet::arrow::arrow_reader::{ArrowReaderBuilder, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use crate::align::align;
use crate::covering;
use crate::encode::Rows;
use crate::error::{Error, Result};
use crate::file::{self, GROUP_ROWS};
use crate::items::{self, ItemRow};
use crate::layout::Layouts;
use crate::merge;

/// Bytes of JSON to turn into one record batch: far below the 2 GiB that a column of texts can hold.
const BATCH_BYTES: usize = 256 << 20;

/// An item in a cell: what becomes a row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The item.
    pub item: &'a Item,
    /// One of the cells it touches.
    pub cell: &'a CellId,
}

/// A file, and what the table needs to know of it.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// The file.
    pub bytes: Bytes,
    /// Its rows.
    pub rows: u64,
    /// Sizes, counts and bounds of its leaf columns, by field id. Lists' elements have no bounds.
    pub columns: Columns,
    /// Where its row groups begin.
    pub split_offsets: Vec<i64>,
    /// How many values went to `_extra`, by property (or by member of the item, for those outside `properties`).
    pub extra: BTreeMap<String, u64>,
}

/// How files are merged.
#[derive(Clone, Copy)]
pub struct Merge<'a> {
    /// The place of a position (longitude, latitude) in the order of a file's rows.
    pub curve: &'a (dyn Fn(f64, f64) -> u64 + Sync),
    /// Rows whose id it says no to are left out.
    pub keep: &'a (dyn Fn(&str) -> bool + Sync),
    /// Bytes that a file should not grow far beyond: more rows than fit are split into files of equal numbers of rows.
    /// What fits is estimated by the files that are merged.
    pub target: u64,
}

/// A file format for items.
///
/// What `encode` is given, `items` gives back, equal as JSON ([`Json::same`](earthcatalog_model::Json::same)). Files do
/// not depend on anything but the schema and the rows: the same rows in any order give the same bytes.
pub trait Format: Send + Sync {
    /// Writes the rows of one partition as one file, sorted by place on the Hilbert curve, then by time.
    ///
    /// # Errors
    /// When there are no rows, an item's body is no JSON object, or the schema is not one that
    /// [`SchemaBuilder`](crate::SchemaBuilder) made or extended.
    fn encode(&self, schema: &TableSchema, rows: &[Row<'_>]) -> Result<Encoded>;

    /// The file without the rows whose id `keep` says no to; the same columns, metrics anew. None if no row is left. A
    /// file without field ids (earthcatalog 0.6.1 writes those) gets the columns of `schema`, found by name, and boxes by
    /// which readers skip its rows.
    ///
    /// # Errors
    /// When the bytes are no file of this format, have no column `id`, or (without field ids) have values that `schema`
    /// has no column for.
    fn filter(
        &self,
        schema: &TableSchema,
        file: Bytes,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Encoded>>;

    /// Writes the rows of several files of one partition as one file or more, sorted as [`encode`](Self::encode) does
    /// it, each id once: the newest `updated` stays, then the newest `_source.last_modified`, then the row of the later
    /// file. Empty where no row is left.
    ///
    /// The columns are those of `schema`, found in each file by field id, in files without ids by name. What a file
    /// lacks is null. No item changes by it.
    ///
    /// # Errors
    /// When the bytes are no file of this format, or hold a column that the schema lacks or has of another type: its
    /// values would be lost.
    fn merge(&self, schema: &TableSchema, files: &[Bytes], merge: &Merge<'_>) -> Result<Vec<Encoded>>;

    /// All rows of a file, in its order.
    ///
    /// # Errors
    /// When the bytes are no file of this format or hold what they should not.
    fn items(&self, file: Bytes) -> Result<Vec<ItemRow>>;
}

/// GeoParquet 1.1 in the stac-geoparquet layout.
#[derive(Debug, Default)]
pub struct GeoParquet {
    layouts: Layouts,
}

impl GeoParquet {
    /// The format with its defaults.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Format for GeoParquet {
    fn encode(&self, schema: &TableSchema, rows: &[Row<'_>]) -> Result<Encoded> {
        let layout = self.layouts.get(schema)?;
        let mut sorted: Vec<&Row<'_>> = rows.iter().collect();
        sorted.sort_unstable_by_key(|row| (row.item.order, row.item.datetime, &row.item.id, row.cell));
        let (mut batches, mut extra) = (Vec::new(), BTreeMap::new());
        let mut rest = sorted.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(batch_len(rest));
            let mut rows = Rows::new(&layout, now.len())?;
            now.iter().try_for_each(|row| rows.push(row))?;
            let (batch, differences) = rows.finish()?;
            batches.push(batch);
            for (name, count) in differences.counts {
                *extra.entry(name).or_default() += count;
            }
            rest = later;
        }
        let encoded = file::write(&batches, Some(&layout.parquet))?;
        Ok(Encoded { extra, ..encoded })
    }

    fn filter(
        &self,
        schema: &TableSchema,
        file: Bytes,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Encoded>> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)?;
        let layout = if has_ids(&builder) { None } else { Some(self.layouts.get(schema)?) };
        let mut kept = Vec::new();
        for batch in builder.with_batch_size(GROUP_ROWS).build()? {
            let mut batch = filter_batch(&batch?, keep)?;
            if let Some(layout) = &layout {
                batch = covering::filled(align(&batch, layout)?)?;
            }
            if batch.num_rows() > 0 {
                kept.push(batch);
            }
        }
        let parquet = layout.as_deref().map(|layout| &layout.parquet);
        if kept.is_empty() { Ok(None) } else { file::write(&kept, parquet).map(Some) }
    }

    fn merge(&self, schema: &TableSchema, files: &[Bytes], merge: &Merge<'_>) -> Result<Vec<Encoded>> {
        merge::merge(&*self.layouts.get(schema)?, files, merge)
    }

    fn items(&self, file: Bytes) -> Result<Vec<ItemRow>> {
        items::rows_of(file)
    }
}

/// Whether the columns of a file have Iceberg's field ids.
fn has_ids<T>(file: &ArrowReaderBuilder<T>) -> bool {
    let columns = file.parquet_schema().root_schema().get_fields();
    columns.iter().any(|column| column.get_basic_info().has_id())
}

/// How many of the rows make one batch.
fn batch_len(rows: &[&Row<'_>]) -> usize {
    let mut bytes = 0usize;
    let within = |row: &&&Row<'_>| {
        bytes = bytes.saturating_add(row.item.body.len());
        bytes <= BATCH_BYTES
    };
    rows.iter().take(GROUP_ROWS).take_while(within).count().max(1)
}

fn filter_batch(batch: &RecordBatch, keep: &dyn Fn(&str) -> bool) -> Result<RecordBatch> {
    let missing = || Error::Content { message: "the file has no column id".to_owned() };
    let ids = batch.column_by_name("id").ok_or_else(missing)?;
    let ids = arrow_cast::cast(ids, &DataType::Utf8)?;
    let mask: BooleanArray = ids.as_string::<i32>().iter().map(|id| Some(id.is_none_or(keep))).collect();
    Ok(arrow_select::filter::filter_record_batch(batch, &mask)?)
}
