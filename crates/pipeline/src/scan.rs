//! What the rows of a file say of themselves: the id, how new they are, and where they came from. Only the columns that
//! tell are read.

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, TimeUnit};
use earthcatalog_model::{DataFile, Timestamp};
use earthcatalog_store::Base;
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
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
    // Which Arrow types the file's writer had (large texts, dictionaries) is of no interest: the plain ones are read.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder =
        ParquetRecordBatchStreamBuilder::new_with_options(reader, options).await.map_err(unreadable)?;
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

/// An instant, also of a file that has it as text, or (earthcatalog 0.6.1) in milliseconds.
fn instant(column: &ArrayRef, row: usize) -> Option<Timestamp> {
    if column.is_null(row) {
        return None;
    }
    let micros = match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            column.as_primitive::<TimestampMillisecondType>().value(row).checked_mul(1000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some(column.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1000))
        }
        _ => return text(column, row).and_then(|text| Timestamp::parse(text).ok()),
    };
    micros.and_then(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    };

    use super::*;

    fn check(column: ArrayRef) {
        let expected = Timestamp::parse("2026-01-02T03:04:05.678Z").unwrap();
        assert_eq!(instant(&column, 0), Some(expected));
        assert_eq!(instant(&column, 1), None);
    }

    #[test]
    fn instants_of_every_unit_are_read() {
        let seconds = Timestamp::parse("2026-01-02T03:04:05Z").unwrap().micros() / 1_000_000;
        let millis = seconds * 1000 + 678;
        check(Arc::new(TimestampMicrosecondArray::from(vec![Some(millis * 1000), None])));
        check(Arc::new(TimestampMillisecondArray::from(vec![Some(millis), None])));
        check(Arc::new(TimestampNanosecondArray::from(vec![Some(millis * 1_000_000), None])));
        check(Arc::new(StringArray::from(vec![Some("2026-01-02T03:04:05.678Z"), None])));
    }
}
