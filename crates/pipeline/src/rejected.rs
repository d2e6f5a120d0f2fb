//! `rejected.parquet`: a row for every object that was listed, passed the filters, and is not in the table.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::builder::{StringBuilder, TimestampMicrosecondBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use earthcatalog_model::Rejection;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};

/// Rows held before they go to the temporary file.
const BATCH: usize = 8192;

/// Collects rejections in bounded memory.
pub(crate) struct Rejections {
    rows: Vec<Rejection>,
    writer: Option<ArrowWriter<File>>,
    count: u64,
    by_reason: BTreeMap<String, u64>,
}

impl Rejections {
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), writer: None, count: 0, by_reason: BTreeMap::new() }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn by_reason(&self) -> &BTreeMap<String, u64> {
        &self.by_reason
    }

    pub(crate) fn push(&mut self, rejection: Rejection) -> Result<()> {
        self.count += 1;
        *self.by_reason.entry(rejection.reason.to_string()).or_default() += 1;
        self.rows.push(rejection);
        if self.rows.len() >= BATCH { self.spill() } else { Ok(()) }
    }

    /// The file; None if there was no rejection.
    pub(crate) fn finish(mut self) -> Result<Option<Bytes>> {
        if self.count == 0 {
            return Ok(None);
        }
        self.spill()?;
        let Some(writer) = self.writer.take() else { return Ok(None) };
        let mut file = writer.into_inner().map_err(Error::Rejected)?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(Error::Temporary)?;
        file.read_to_end(&mut bytes).map_err(Error::Temporary)?;
        Ok(Some(bytes.into()))
    }

    fn spill(&mut self) -> Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => empty.insert(open()?),
        };
        let batch = batch(&self.rows).map_err(Error::Rejected)?;
        self.rows.clear();
        writer.write(&batch).map_err(Error::Rejected)
    }
}

fn open() -> Result<ArrowWriter<File>> {
    let file = tempfile::tempfile().map_err(Error::Temporary)?;
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    ArrowWriter::try_new(file, schema(), Some(properties)).map_err(Error::Rejected)
}

fn schema() -> Arc<Schema> {
    let text = |name: &str, null| Field::new(name, DataType::Utf8, null);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("bucket", false),
        text("key", false),
        Field::new("size", DataType::UInt64, true),
        Field::new("last_modified", instant, true),
        text("etag", true),
        text("reason", false),
        text("message", false),
    ]))
}

fn batch(rows: &[Rejection]) -> std::result::Result<RecordBatch, ParquetError> {
    let (mut bucket, mut key, mut etag) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut reason, mut message) = (StringBuilder::new(), StringBuilder::new());
    let mut size = UInt64Builder::new();
    let mut modified = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    for row in rows {
        bucket.append_value(&row.object.bucket);
        key.append_value(&row.object.key);
        size.append_option(row.object.size);
        modified.append_option(row.object.last_modified.map(|t| t.micros()));
        etag.append_option(row.object.etag.as_deref());
        reason.append_value(row.reason.as_str());
        message.append_value(&row.message);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(bucket.finish()),
        Arc::new(key.finish()),
        Arc::new(size.finish()),
        Arc::new(modified.finish()),
        Arc::new(etag.finish()),
        Arc::new(reason.finish()),
        Arc::new(message.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}
