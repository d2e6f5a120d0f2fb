//! Writing the file `ids`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use earthcatalog_model::{IdHash, PartitionKey};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::{Error, Result};
use crate::ids::{self, ID_HASH, Rows};

/// Rows that are given to the Parquet writer at once.
const BATCH: usize = 16 << 10;

/// Rows of a row group: 4 MiB of hashes, which is one good read from a store; and what a probe for one id must read.
const ROW_GROUP: usize = 256 << 10;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rows, which is ids.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Streams the file `ids`, in memory of one row group (about 6 MiB) however many rows there are.
pub struct IdsWriter<W: Write + Send> {
    parquet: ArrowWriter<W>,
    schema: SchemaRef,
    rows: Rows,
    last: Option<IdHash>,
    count: u64,
}

impl IdsWriter<File> {
    /// Writes to a local file, which is created or replaced.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|e| Error::file("create an index", path, e))?;
        Self::new(file)
    }
}

impl<W: Write + Send> IdsWriter<W> {
    /// Writes to `sink`; pass `&mut sink` to have it back afterwards.
    ///
    /// # Errors
    /// When the sink does not take the beginning of the file.
    pub fn new(sink: W) -> Result<Self> {
        let schema = ids::schema();
        let parquet =
            ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties())).map_err(Error::write)?;
        Ok(Self { parquet, schema, rows: Rows::default(), last: None, count: 0 })
    }

    /// Adds an id with the partitions that its rows are in.
    ///
    /// # Errors
    /// When the hash is not above the one before it, or the sink fails.
    pub fn write(&mut self, id: &IdHash, partitions: &[PartitionKey]) -> Result<()> {
        if let Some(previous) = self.last.filter(|last| last >= id) {
            return Err(Error::Unsorted { previous, next: *id });
        }
        self.last = Some(*id);
        self.count += 1;
        self.rows.push(id, partitions);
        if self.rows.weight() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes the rest and the footer.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> Result<Summary> {
        self.flush()?;
        self.parquet.finish().map_err(Error::write)?;
        Ok(Summary { rows: self.count, bytes: self.parquet.bytes_written() as u64 })
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.rows.take(&self.schema).map_err(Error::write)?;
        self.parquet.write(&batch).map_err(Error::write)
    }
}

/// Hashes are noise: zstd takes 0.7 % off (two million of them: 15.89 bytes each, not 16.00) and makes reading 4.5 times
/// slower, so they are plain. Cells and years repeat, and are zstd over a dictionary: 2.5 bytes an id.
fn properties() -> WriterProperties {
    let hash = ColumnPath::from(ID_HASH);
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_compression(hash.clone(), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(hash.clone(), false)
        .set_column_statistics_enabled(hash, EnabledStatistics::Page)
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: false,
        }]))
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "earthcatalog.index".to_owned(),
            "ids/1".to_owned(),
        )]))
        .build()
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
