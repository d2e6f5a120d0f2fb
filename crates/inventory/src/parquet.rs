//! Listings in Parquet: only the columns that mean something are read, a row group at a time.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Schema, SchemaRef};
use futures::stream::{self, BoxStream, StreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;

use crate::batch::{Buckets, ObjectBatch};
use crate::columns::{Column, assign, require};
use crate::convert;
use crate::error::{Error, Result};
use crate::open::{Inventory, OpenOptions};
use crate::pump::Source;

/// A listing in one Parquet file.
#[derive(Debug)]
pub(crate) struct ParquetInventory {
    source: Source,
    identity: String,
    metadata: ArrowReaderMetadata,
    columns: Arc<[(Column, usize)]>,
    options: Arc<OpenOptions>,
}

impl ParquetInventory {
    /// Reads the footer and finds the columns.
    pub(crate) async fn open(source: Source, identity: String, options: &OpenOptions) -> Result<Self> {
        let damaged = |error| Error::Parquet { name: source.name.to_string(), source: error };
        // The types are those of Parquet itself, not what Arrow's own note in the file makes of them.
        let reading = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let mut reader = reader(&source);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, reading).await.map_err(damaged)?;
        let columns = find_columns(&source.name, metadata.schema(), options)?;
        let metadata = as_views(&metadata).map_err(damaged)?;
        Ok(Self { source, identity, metadata, columns: columns.into(), options: Arc::new(options.clone()) })
    }

    fn stream(&self) -> std::result::Result<Reading, ParquetError> {
        let indices = self.columns.iter().map(|(_, index)| *index);
        let builder =
            ParquetRecordBatchStreamBuilder::new_with_metadata(reader(&self.source), self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), indices);
        builder.with_projection(mask).with_batch_size(self.options.batch_rows).build()
    }
}

type Reading = parquet::arrow::async_reader::ParquetRecordBatchStream<ParquetObjectReader>;

fn reader(source: &Source) -> ParquetObjectReader {
    ParquetObjectReader::new(source.store.clone(), source.path.clone()).with_file_size(source.meta.size)
}

/// What is what, in the order of the file; types that cannot be meant are refused before a row is read.
fn find_columns(name: &str, schema: &Schema, options: &OpenOptions) -> Result<Vec<(Column, usize)>> {
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let columns = assign(names.iter().copied());
    require(name, &columns, &names, options.default_bucket.as_deref(), "")?;
    let mut found = Vec::new();
    for (index, (column, field)) in columns.iter().zip(schema.fields()).enumerate() {
        let Some(column) = *column else { continue };
        if let Some(expected) = convert::mismatch(column, field.data_type()) {
            return Err(Error::ColumnType {
                name: name.to_owned(),
                column: field.name().clone(),
                found: field.data_type().to_string(),
                expected,
            });
        }
        found.push((column, index));
    }
    Ok(found)
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

impl Inventory for ParquetInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        let turn = Turn {
            name: self.source.name.clone(),
            columns: self.columns.clone(),
            options: self.options.clone(),
            rows: 0,
        };
        match self.stream() {
            Ok(reading) => stream::unfold(Some((reading, turn)), next).boxed(),
            Err(error) => stream::iter([Err(turn.damaged(error))]).boxed(),
        }
    }

    fn name(&self) -> &str {
        &self.source.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

/// The next batch; after an error there is none.
async fn next(state: Option<(Reading, Turn)>) -> Option<(Result<ObjectBatch>, Option<(Reading, Turn)>)> {
    let (mut reading, mut turn) = state?;
    match reading.next().await? {
        Ok(batch) => match turn.batch(&batch) {
            Ok(batch) => Some((Ok(batch), Some((reading, turn)))),
            Err(error) => Some((Err(error), None)),
        },
        Err(error) => Some((Err(turn.damaged(error)), None)),
    }
}

/// From record batches to batches of objects.
struct Turn {
    name: Arc<str>,
    columns: Arc<[(Column, usize)]>,
    options: Arc<OpenOptions>,
    /// Rows before this batch.
    rows: u64,
}

impl Turn {
    fn damaged(&self, error: ParquetError) -> Error {
        Error::Parquet { name: self.name.to_string(), source: error }
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<ObjectBatch> {
        let objects = self.convert(batch).map_err(|(row, message)| Error::Row {
            name: self.name.to_string(),
            row: self.rows + row as u64,
            message,
        })?;
        self.rows += batch.num_rows() as u64;
        Ok(objects)
    }

    fn convert(&self, batch: &RecordBatch) -> std::result::Result<ObjectBatch, (usize, String)> {
        let column = |wanted| {
            let place = self.columns.iter().position(|(column, _)| *column == wanted)?;
            batch.columns().get(place)
        };
        let near =
            |what: &'static str| move |message| (0, format!("in the rows from here, {what}: {message}"));
        let texts = |wanted, what| column(wanted).map(convert::text).transpose().map_err(near(what));
        let flags = |wanted, what| column(wanted).map(convert::flag).transpose().map_err(near(what));
        let key = texts(Column::Key, "key")?.ok_or((0, "there is no key".to_owned()))?;
        if let Some(row) = key.iter().position(|key| key.is_none_or(str::is_empty)) {
            return Err((row, "the key is empty".to_owned()));
        }
        Ok(ObjectBatch {
            bucket: self.buckets(texts(Column::Bucket, "bucket")?)?,
            key,
            size: column(Column::Size).map(convert::size).transpose().map_err(near("size"))?,
            last_modified: column(Column::LastModified)
                .map(convert::instant)
                .transpose()
                .map_err(near("last_modified"))?,
            etag: texts(Column::Etag, "etag")?,
            version_id: texts(Column::VersionId, "version_id")?,
            is_latest: flags(Column::IsLatest, "is_latest")?,
            is_delete_marker: flags(Column::IsDeleteMarker, "is_delete_marker")?,
        })
    }

    fn buckets(&self, named: Option<StringViewArray>) -> std::result::Result<Buckets, (usize, String)> {
        match (named, &self.options.default_bucket) {
            (Some(named), _) if named.null_count() == 0 => Ok(Buckets::Column(named)),
            (Some(named), Some(default)) => {
                Ok(Buckets::Column(named.iter().map(|name| Some(name.unwrap_or(default))).collect()))
            }
            (None, Some(default)) => Ok(Buckets::One(default.as_str().into())),
            (named, None) => {
                let row = named.and_then(|named| named.iter().position(|name| name.is_none()));
                Err((row.unwrap_or_default(), "the bucket is missing".to_owned()))
            }
        }
    }
}

#[cfg(test)]
#[path = "parquet_tests.rs"]
mod tests;
