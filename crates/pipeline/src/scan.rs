//! What the rows of a file say of themselves: the id, how new they are, and where they came from. Only the columns that
//! tell are read.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use earthcatalog_model::{DataFile, Timestamp};
use earthcatalog_store::Base;
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};

use crate::error::{Error, Result};

/// Bytes of a file's end that are asked for first: the footer, in most files.
const FOOTER: usize = 64 << 10;

const BATCH: usize = 8192;

/// What a row says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowOf<'a> {
    pub(crate) id: &'a str,
    pub(crate) updated: Option<Timestamp>,
    pub(crate) href: Option<&'a str>,
    pub(crate) last_modified: Option<Timestamp>,
    pub(crate) etag: Option<&'a str>,
}

/// Reads all rows of a file, in its order.
pub(crate) async fn scan(base: &Base, file: &DataFile, mut each: impl FnMut(RowOf<'_>)) -> Result<()> {
    let unreadable = |source| Error::File { path: file.path.clone(), source };
    let path = base.resolve(&file.path)?;
    let reader = ParquetObjectReader::new(base.store().clone(), path)
        .with_file_size(file.bytes)
        .with_footer_size_hint(FOOTER);
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(unreadable)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), ["id", "updated", "_source"]);
    let mut batches = builder.with_projection(columns).with_batch_size(BATCH).build().map_err(unreadable)?;
    while let Some(batch) = batches.try_next().await.map_err(unreadable)? {
        let columns = Columns::of(&batch).ok_or_else(|| Error::NoId { path: file.path.clone() })?;
        (0..batch.num_rows()).for_each(|row| each(columns.row(row)));
    }
    Ok(())
}

struct Columns {
    id: ArrayRef,
    updated: Option<ArrayRef>,
    source: Option<StructArray>,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Option<Self> {
        let id = batch.column_by_name("id").filter(|id| id.as_string_opt::<i32>().is_some())?.clone();
        let source = batch.column_by_name("_source").and_then(|c| c.as_struct_opt()).cloned();
        Some(Self { id, updated: batch.column_by_name("updated").cloned(), source })
    }

    fn row(&self, row: usize) -> RowOf<'_> {
        let part = |name| self.source.as_ref().filter(|s| s.is_valid(row))?.column_by_name(name);
        RowOf {
            id: text(&self.id, row).unwrap_or_default(),
            updated: self.updated.as_ref().and_then(|c| instant(c, row)),
            href: part("href").and_then(|c| text(c, row)),
            last_modified: part("last_modified").and_then(|c| instant(c, row)),
            etag: part("etag").and_then(|c| text(c, row)),
        }
    }
}

fn text(column: &ArrayRef, row: usize) -> Option<&str> {
    column.as_string_opt::<i32>().filter(|c| c.is_valid(row)).map(|c| c.value(row))
}

/// An instant, also of a file that has it as text.
fn instant(column: &ArrayRef, row: usize) -> Option<Timestamp> {
    match column.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(column) => column.is_valid(row).then(|| column.value(row)).and_then(Timestamp::from_micros),
        None => text(column, row).and_then(|text| Timestamp::parse(text).ok()),
    }
}
