//! Listings in Parquet: only the columns that mean something are read, a page at a time; row groups that a filter cannot take
//! anything of are not.

mod statistics;

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Schema, SchemaRef};
use futures::stream::BoxStream;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::async_reader::ParquetObjectReader;
use parquet::errors::ParquetError;

use crate::batch::ObjectBatch;
use crate::bounds::{self, Part};
use crate::columns::Column;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::form::Form;
use crate::open::Inventory;
use crate::pieces::Pieces;
use crate::pump::{self, Sink, Source};
use crate::tabular::{Turn, find_columns};
use statistics::Statistics;

/// A listing in one Parquet file.
#[derive(Debug)]
pub(crate) struct ParquetInventory {
    source: Source,
    identity: String,
    metadata: ArrowReaderMetadata,
    columns: Arc<[(Column, usize)]>,
    form: Form,
}

impl ParquetInventory {
    /// Reads the footer and finds the columns.
    pub(crate) async fn open(source: Source, identity: String, form: &Form) -> Result<Self> {
        let damaged = |error| Error::Parquet { name: source.name.to_string(), source: error };
        // The types are those of Parquet itself, not what Arrow's own note in the file makes of them.
        let reading = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let mut reader = ParquetObjectReader::new(source.store.clone(), source.path.clone())
            .with_file_size(source.meta.size);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, reading).await.map_err(damaged)?;
        let columns = find_columns(&source.name, metadata.schema(), form)?;
        let metadata = as_views(&metadata).map_err(damaged)?;
        Ok(Self { source, identity, metadata, columns: columns.into(), form: form.clone() })
    }
}

/// Text is read as views of the decompressed pages, which saves a copy of every key.
fn as_views(metadata: &ArrowReaderMetadata) -> std::result::Result<ArrowReaderMetadata, ParquetError> {
    let view = |found: &DataType| match found {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        other => other.clone(),
    };
    let fields = metadata.schema().fields().iter();
    let fields: Vec<_> =
        fields.map(|field| field.as_ref().clone().with_data_type(view(field.data_type()))).collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), ArrowReaderOptions::new().with_schema(schema))
}

impl ParquetInventory {
    fn read(&self, parts: Vec<Part>) -> BoxStream<'static, Result<ObjectBatch>> {
        let (source, metadata) = (self.source.clone(), self.metadata.clone());
        let (columns, form) = (self.columns.clone(), self.form.clone());
        pump::work(source.name.clone(), move |_| {
            let name = source.name.clone();
            let pieces = Pieces::new(source);
            move |sink: &Sink| {
                if let Err(error) = decode(name, &pieces, &metadata, &columns, form, &parts, sink) {
                    sink.send(Err(pieces.take_error().unwrap_or(error)));
                }
            }
        })
    }
}

impl Inventory for ParquetInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        self.read(vec![Part::Read(0..self.metadata.metadata().num_row_groups())])
    }

    fn batches_for(&self, filter: &Filter) -> BoxStream<'static, Result<ObjectBatch>> {
        if !bounds::is_of_use(filter) {
            return self.batches();
        }
        let statistics = Statistics::of(self.metadata.metadata(), &self.columns, self.form.dialect);
        let groups = self.metadata.metadata().row_groups().iter();
        let known = groups.map(|group| (group.num_rows().unsigned_abs(), statistics.bounds(group)));
        self.read(bounds::parts(filter, known))
    }

    fn name(&self) -> &str {
        &self.source.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

fn decode(
    name: Arc<str>,
    pieces: &Pieces,
    metadata: &ArrowReaderMetadata,
    columns: &[(Column, usize)],
    form: Form,
    parts: &[Part],
    sink: &Sink,
) -> Result<()> {
    let damaged = |source| Error::Parquet { name: name.to_string(), source };
    let rows = form.options.batch_rows;
    let mut turn = Turn::new(name.clone(), columns.iter().map(|(column, _)| *column).collect(), form);
    for part in parts {
        let groups = match part {
            Part::Read(groups) => groups.clone(),
            Part::LeftOut(rows, reason) => {
                turn.pass(*rows);
                if !sink.send(Ok(ObjectBatch::left_out(*rows, *reason))) {
                    return Ok(());
                }
                continue;
            }
        };
        let indices = columns.iter().map(|(_, index)| *index);
        let reading = reader(pieces.clone(), metadata.clone(), indices, rows, groups).map_err(damaged)?;
        for batch in reading {
            let batch = batch.map_err(|error| damaged(error.into()))?;
            if !sink.send(Ok(turn.batch(&batch)?)) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn reader(
    pieces: Pieces,
    metadata: ArrowReaderMetadata,
    indices: impl Iterator<Item = usize>,
    rows: usize,
    groups: Range<usize>,
) -> std::result::Result<ParquetRecordBatchReader, ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(pieces, metadata);
    let mask = ProjectionMask::roots(builder.parquet_schema(), indices);
    builder.with_projection(mask).with_batch_size(rows).with_row_groups(groups.collect()).build()
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
