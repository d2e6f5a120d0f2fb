//! Writing files of objects: base files and segments.

use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::error::{Error, Result};
use crate::objects::{self, BASE, ETAG, Fate, ID_HASH, KEY_HASH, LAST_MODIFIED, ObjectRow, Rows, SEGMENT};
use crate::parquet_out::{BATCH, ParquetOut, Summary, properties};

/// Streams a file of objects, in memory of one row group (about 5 MiB) however many rows there are.
pub struct ObjectsWriter<W: Write + Send> {
    out: ParquetOut<W>,
    schema: SchemaRef,
    rows: Rows,
    is_base: bool,
}

impl<W: Write + Send> ObjectsWriter<W> {
    /// A base file, under which there is nothing: the marks of deleted objects are left out.
    ///
    /// # Errors
    /// When the sink does not take the beginning of the file.
    pub fn base(sink: W) -> Result<Self> {
        Self::with(sink, BASE, true)
    }

    /// A segment, which is read over what is older.
    ///
    /// # Errors
    /// When the sink does not take the beginning of the file.
    pub fn segment(sink: W) -> Result<Self> {
        Self::with(sink, SEGMENT, false)
    }

    fn with(sink: W, mark: &str, is_base: bool) -> Result<Self> {
        let schema = objects::schema();
        let out = ParquetOut::new(sink, Arc::clone(&schema), layout(mark))?;
        Ok(Self { out, schema, rows: Rows::default(), is_base })
    }

    /// Adds an object.
    ///
    /// # Errors
    /// When its key's hash is not above the one before it, or the sink fails.
    pub fn write(&mut self, row: &ObjectRow) -> Result<()> {
        self.out.follow(&row.key.0)?;
        if self.is_base && row.fate == Fate::Deleted {
            return Ok(());
        }
        self.rows.push(row);
        if self.rows.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Adds rows that are known to follow. Not to be mixed with the other way.
    pub(crate) fn write_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().to_vec();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(Error::write)?;
        self.out.write(&batch)
    }

    /// Writes the rest and the footer.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> Result<Summary> {
        self.flush()?;
        self.out.finish()
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.rows.take(&self.schema).map_err(Error::write)?;
        self.out.write(&batch)
    }
}

/// Entity tags are mostly hexadecimal: nothing repeats, but zstd packs two digits into a byte. Times hardly repeat.
fn layout(mark: &str) -> WriterProperties {
    let column = |name: &str| ColumnPath::from(name);
    properties(mark, KEY_HASH)
        .set_column_compression(column(ID_HASH), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(column(ID_HASH), false)
        .set_column_dictionary_enabled(column(ETAG), false)
        .set_column_dictionary_enabled(column(LAST_MODIFIED), false)
        .set_column_compression(column(ETAG), Compression::ZSTD(ZstdLevel::default()))
        .build()
}
