//! Listings written: CSV, Parquet or NDJSON, each as [`open`](crate::open) reads it again.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde::Serialize;

use crate::batch::{Buckets, ObjectBatch, ObjectView};
use crate::build::{BatchBuilder, Row};
use crate::error::{Error, Result};

/// Rows of a row group: a reader that looks for a time or a prefix skips whole ones.
const ROW_GROUP: usize = 1 << 18;

/// Rows gathered for a batch of Parquet.
const BATCH: usize = 16_384;

/// How a listing is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// A header and a line for each object, fields quoted where they must be, keys as they are (not URL-encoded).
    #[default]
    Csv,
    /// Columns named as S3 names them, zstd.
    Parquet,
    /// A JSON object a line.
    Ndjson,
}

impl Format {
    /// By a file's ending; None for one that is not known.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        match () {
            () if ends(&[".csv"]) => Some(Self::Csv),
            () if ends(&[".parquet", ".pq"]) => Some(Self::Parquet),
            () if ends(&[".ndjson", ".jsonl"]) => Some(Self::Ndjson),
            () => None,
        }
    }
}

/// Writes objects one after another. Nothing is whole before [`finish`](Self::finish).
pub struct Writer<W: Write + Send> {
    kind: Kind<W>,
    rows: u64,
}

enum Kind<W: Write + Send> {
    Csv(W),
    Ndjson(W),
    Parquet(Box<ArrowWriter<W>>, Box<BatchBuilder>),
}

const HEADER: &str = "bucket,key,size,last_modified_date,e_tag,version_id,is_latest,is_delete_marker\n";

impl<W: Write + Send> Writer<W> {
    /// Begins a listing.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn new(mut out: W, format: Format) -> Result<Self> {
        let kind = match format {
            Format::Csv => {
                out.write_all(HEADER.as_bytes()).map_err(failed)?;
                Kind::Csv(out)
            }
            Format::Ndjson => Kind::Ndjson(out),
            Format::Parquet => {
                let level = ZstdLevel::try_new(1).map_err(parquet_failed)?;
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .set_max_row_group_row_count(Some(ROW_GROUP))
                    .build();
                let writer = ArrowWriter::try_new(out, schema(), Some(properties)).map_err(parquet_failed)?;
                Kind::Parquet(Box::new(writer), Box::default())
            }
        };
        Ok(Self { kind, rows: 0 })
    }

    /// Adds an object.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn push(&mut self, object: &ObjectView<'_>) -> Result<()> {
        self.rows += 1;
        match &mut self.kind {
            Kind::Csv(out) => csv_line(out, object).map_err(failed),
            Kind::Ndjson(out) => ndjson_line(out, object),
            Kind::Parquet(writer, builder) => {
                builder.push(&row(object));
                if builder.rows() < BATCH {
                    return Ok(());
                }
                write_batch(writer, builder)
            }
        }
    }

    /// Objects so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the listing and gives back what it was written to, flushed.
    ///
    /// # Errors
    /// Where the rest cannot be written.
    pub fn finish(self) -> Result<W> {
        let mut out = match self.kind {
            Kind::Csv(out) | Kind::Ndjson(out) => out,
            Kind::Parquet(mut writer, mut builder) => {
                if builder.rows() > 0 {
                    write_batch(&mut writer, &mut builder)?;
                }
                writer.into_inner().map_err(parquet_failed)?
            }
        };
        out.flush().map_err(failed)?;
        Ok(out)
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Write { kind: error.kind(), message: error.to_string() }
}

fn parquet_failed(error: ParquetError) -> Error {
    Error::Write { kind: std::io::ErrorKind::Other, message: error.to_string() }
}

fn row<'a>(object: &ObjectView<'a>) -> Row<'a> {
    Row {
        bucket: object.bucket(),
        key: object.key(),
        size: object.size(),
        last_modified: object.last_modified(),
        etag: object.etag(),
        version_id: object.version_id(),
        is_latest: object.is_latest(),
        is_delete_marker: object.is_delete_marker(),
    }
}

fn csv_line(out: &mut impl Write, object: &ObjectView<'_>) -> std::io::Result<()> {
    csv_field(out, object.bucket())?;
    out.write_all(b",")?;
    csv_field(out, object.key())?;
    out.write_all(b",")?;
    if let Some(size) = object.size() {
        write!(out, "{size}")?;
    }
    out.write_all(b",")?;
    if let Some(time) = object.last_modified() {
        write!(out, "{time}")?;
    }
    for text in [object.etag(), object.version_id()] {
        out.write_all(b",")?;
        csv_field(out, text.unwrap_or_default())?;
    }
    for flag in [object.is_latest(), object.is_delete_marker()] {
        out.write_all(b",")?;
        out.write_all(flag.map_or("", |flag| if flag { "true" } else { "false" }).as_bytes())?;
    }
    out.write_all(b"\n")
}

/// RFC 4180, section 2: fields with quotes, commas or line ends are quoted, quotes doubled.
fn csv_field(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    if !text.contains([',', '"', '\n', '\r']) {
        return out.write_all(text.as_bytes());
    }
    out.write_all(b"\"")?;
    out.write_all(text.replace('"', "\"\"").as_bytes())?;
    out.write_all(b"\"")
}

#[derive(Serialize)]
struct Line<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_latest: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_delete_marker: Option<bool>,
}

fn ndjson_line(out: &mut impl Write, object: &ObjectView<'_>) -> Result<()> {
    let line = Line {
        bucket: object.bucket(),
        key: object.key(),
        size: object.size(),
        last_modified: object.last_modified().map(|time| time.to_string()),
        etag: object.etag(),
        version_id: object.version_id(),
        is_latest: object.is_latest(),
        is_delete_marker: object.is_delete_marker(),
    };
    serde_json::to_writer(&mut *out, &line).map_err(|error| failed(error.into()))?;
    out.write_all(b"\n").map_err(failed)
}

fn schema() -> SchemaRef {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let optional = |name: &str, kind| Field::new(name, kind, true);
    Arc::new(Schema::new(vec![
        Field::new("bucket", DataType::Utf8View, false),
        Field::new("key", DataType::Utf8View, false),
        optional("size", DataType::UInt64),
        optional("last_modified_date", micros),
        optional("e_tag", DataType::Utf8View),
        optional("version_id", DataType::Utf8View),
        optional("is_latest", DataType::Boolean),
        optional("is_delete_marker", DataType::Boolean),
    ]))
}

fn write_batch<W: Write + Send>(writer: &mut ArrowWriter<W>, builder: &mut BatchBuilder) -> Result<()> {
    let schema = schema();
    let columns = columns(builder.finish(), &schema);
    let batch = RecordBatch::try_new(schema, columns).map_err(|e| parquet_failed(e.into()))?;
    writer.write(&batch).map_err(parquet_failed)
}

/// The columns of a batch in the order of the schema; those it does not have are null.
fn columns(batch: ObjectBatch, schema: &SchemaRef) -> Vec<ArrayRef> {
    let rows = batch.len();
    let bucket: StringViewArray = match batch.bucket {
        Buckets::Column(names) => names.into_views(false),
        Buckets::One(name) => (0..rows).map(|_| Some(&*name)).collect(),
    };
    let instants = batch.last_modified.map(|column| Arc::new(column.with_timezone("UTC")) as ArrayRef);
    let given: [Option<ArrayRef>; 8] = [
        Some(Arc::new(bucket)),
        Some(Arc::new(batch.key.into_views(false))),
        batch.size.map(|column| Arc::new(column) as _),
        instants,
        batch.etag.map(|column| Arc::new(column.into_views(true)) as _),
        batch.version_id.map(|column| Arc::new(column.into_views(true)) as _),
        batch.is_latest.map(|column| Arc::new(column) as _),
        batch.is_delete_marker.map(|column| Arc::new(column) as _),
    ];
    let null = |field: &Arc<Field>| arrow_array::new_null_array(field.data_type(), rows);
    given
        .into_iter()
        .zip(schema.fields())
        .map(|(column, field)| column.unwrap_or_else(|| null(field)))
        .collect()
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
