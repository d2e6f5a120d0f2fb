//! Writing sorted Parquet: what the files `ids` and `objects` have in common.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use earthcatalog_model::IdHash;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::error::{Error, Result};
use crate::stored::MARK;

/// Rows that are given to the Parquet writer at once.
pub(crate) const BATCH: usize = 16 << 10;

/// Rows of a row group, which is in memory while it is written: three full pages, in which hashes take a good MB.
const ROW_GROUP: usize = 60 << 10;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows; in a base file of ids that is ids.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// A Parquet file whose first column is a hash, ascending.
pub(crate) struct ParquetOut<W: Write + Send> {
    parquet: ArrowWriter<W>,
    last: Option<[u8; 16]>,
    rows: u64,
}

impl<W: Write + Send> ParquetOut<W> {
    pub(crate) fn new(sink: W, schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let parquet = ArrowWriter::try_new(sink, schema, Some(properties)).map_err(Error::write)?;
        Ok(Self { parquet, last: None, rows: 0 })
    }

    /// Notes the hash of the next row, which must be above the one before it.
    pub(crate) fn follow(&mut self, hash: &[u8; 16]) -> Result<()> {
        if let Some(previous) = self.last.filter(|last| last >= hash) {
            return Err(Error::Unsorted { previous: IdHash(previous), next: IdHash(*hash) });
        }
        self.last = Some(*hash);
        Ok(())
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.parquet.write(batch).map_err(Error::write)
    }

    /// Adds an entry to the footer.
    pub(crate) fn note(&mut self, key: &str, value: u64) {
        self.parquet.append_key_value_metadata(KeyValue::new(key.to_owned(), value.to_string()));
    }

    pub(crate) fn finish(mut self) -> Result<Summary> {
        self.parquet.finish().map_err(Error::write)?;
        Ok(Summary { rows: self.rows, bytes: self.parquet.bytes_written() as u64 })
    }
}

/// Hashes are noise: zstd takes 0.7 % off (two million of them: 15.89 bytes each, not 16.00) and makes reading 4.5 times
/// slower, so they are plain, and only the one that the file is sorted by has bounds. What repeats is zstd over a
/// dictionary.
pub(crate) fn properties(mark: &str, sorted_by: &str) -> WriterPropertiesBuilder {
    let hash = ColumnPath::from(sorted_by);
    let sorted = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_compression(hash.clone(), Compression::UNCOMPRESSED)
        .set_column_dictionary_enabled(hash.clone(), false)
        .set_column_statistics_enabled(hash, EnabledStatistics::Page)
        .set_sorting_columns(Some(vec![sorted]))
        .set_key_value_metadata(Some(vec![KeyValue::new(MARK.to_owned(), mark.to_owned())]))
}
