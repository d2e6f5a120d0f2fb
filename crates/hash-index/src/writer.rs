//! Writing files of ids: base files and segments.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use earthcatalog_model::{IdHash, PartitionKey};

use crate::error::{Error, Result};
use crate::ids::{self, ADDED, BASE, ID_HASH, REMOVED, Rows, SEGMENT};
use crate::parquet_out::{BATCH, ParquetOut, Summary, properties};

/// Streams a base file of ids, in memory of one row group (about 1.5 MiB) however many rows there are.
pub struct IdsWriter<W: Write + Send> {
    out: ParquetOut<W>,
    schema: SchemaRef,
    rows: Rows,
}

/// Streams a segment of ids: what a change puts into the index and takes out of it.
///
/// The caller says of every id whether the older files hold it (as [`crate::Ids::probe`] tells), so that the footer can
/// say by how much the segment changes the number of ids.
pub struct IdsSegmentWriter<W: Write + Send> {
    ids: IdsWriter<W>,
    counts: IdsDelta,
}

/// By how much a segment changes the number of ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdsDelta {
    /// Ids that the older files do not hold.
    pub added: u64,
    /// Ids that the older files hold and that are deleted.
    pub removed: u64,
}

/// Whether the older files of the index hold an id (not deleted there).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// They do not.
    Absent,
    /// They do.
    Present,
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
        Self::with(sink, BASE, ids::schema())
    }

    pub(crate) fn segment(sink: W) -> Result<Self> {
        Self::with(sink, SEGMENT, ids::segment_schema())
    }

    fn with(sink: W, mark: &str, schema: SchemaRef) -> Result<Self> {
        let out = ParquetOut::new(sink, Arc::clone(&schema), properties(mark, ID_HASH).build())?;
        Ok(Self { out, schema, rows: Rows::default() })
    }

    /// Adds an id with the partitions that its rows are in.
    ///
    /// # Errors
    /// When the hash is not above the one before it, or the sink fails.
    pub fn write(&mut self, id: &IdHash, partitions: &[PartitionKey]) -> Result<()> {
        self.put(id, Some(partitions))
    }

    fn put(&mut self, id: &IdHash, partitions: Option<&[PartitionKey]>) -> Result<()> {
        self.out.follow(&id.0)?;
        self.rows.push(id, partitions);
        if self.rows.weight() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Adds rows that are known to follow, columns as the file has them. Not to be mixed with the other ways.
    pub(crate) fn write_batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().to_vec();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(Error::write)?;
        self.out.write(&batch)
    }

    pub(crate) fn note(&mut self, delta: IdsDelta) {
        self.out.note(ADDED, delta.added);
        self.out.note(REMOVED, delta.removed);
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

impl<W: Write + Send> IdsSegmentWriter<W> {
    /// Writes to `sink`; pass `&mut sink` to have it back afterwards.
    ///
    /// # Errors
    /// When the sink does not take the beginning of the file.
    pub fn new(sink: W) -> Result<Self> {
        Ok(Self { ids: IdsWriter::segment(sink)?, counts: IdsDelta::default() })
    }

    /// Adds an id with the partitions that its rows are in now; what older files say of it is void.
    ///
    /// # Errors
    /// As [`IdsWriter::write`].
    pub fn write(&mut self, id: &IdHash, partitions: &[PartitionKey], before: Before) -> Result<()> {
        self.ids.put(id, Some(partitions))?;
        self.counts.added += u64::from(before == Before::Absent);
        Ok(())
    }

    /// Adds the mark that an id is gone from the table.
    ///
    /// # Errors
    /// As [`IdsWriter::write`].
    pub fn delete(&mut self, id: &IdHash, before: Before) -> Result<()> {
        self.ids.put(id, None)?;
        self.counts.removed += u64::from(before == Before::Present);
        Ok(())
    }

    /// Writes the rest and the footer.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> Result<(Summary, IdsDelta)> {
        self.ids.note(self.counts);
        Ok((self.ids.finish()?, self.counts))
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
