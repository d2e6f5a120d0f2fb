//! The objects of the index: a base file and its segments as one.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use earthcatalog_model::IdHash;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::drain::drain;
use crate::error::{Error, Result};
use crate::ids;
use crate::merge::{Part, Parts, checked, merge};
use crate::objects::{self, BASE, COLUMNS, KEY_HASH, ObjectRow, ObjectsBatch, SEGMENT};
use crate::objects_writer::ObjectsWriter;
use crate::parquet_out::Summary;
use crate::stored::{Kind, Stored};

/// Files of objects, the oldest first, their footers read. What a newer file says of an object holds.
#[derive(Clone)]
pub struct Objects {
    files: Vec<Stored>,
}

impl Objects {
    /// Opens the files, the oldest (the base file) first, by reading their footers.
    ///
    /// # Errors
    /// When one is not there, is no file of objects, or when the store fails.
    pub async fn open(store: &Arc<dyn ObjectStore>, paths: &[Path]) -> Result<Self> {
        // Collected, or the compiler cannot see that all this may move to another thread.
        let files: Vec<_> = paths.iter().map(|path| open(store, path)).collect();
        let files = futures::stream::iter(files).buffered(8).try_collect().await?;
        Ok(Self { files })
    }

    /// No files: nothing is known.
    pub fn none() -> Self {
        Self { files: Vec::new() }
    }

    /// Rows in the files, tombstones and hidden rows included: what a scan has to read.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(Stored::rows).sum()
    }

    /// All objects that are not deleted, in order of the hashes of their keys; a row group of each file in memory. Reads
    /// ahead in tasks of its own, so it is to be polled in a Tokio runtime.
    ///
    /// Ends with [`Error::Disordered`] at the first file that is not sorted.
    pub fn batches(&self) -> BoxStream<'static, Result<ObjectsBatch>> {
        let path = self.files.first().map(|file| file.path.to_string()).unwrap_or_default();
        self.merged(false).map(move |batch| typed(&batch?, &path)).boxed()
    }

    /// The objects of these ids, whatever became of them: one scan over all. It answers which object an id is from, and
    /// which superseded ones might come back into its place.
    pub fn of_ids(&self, ids: HashSet<IdHash>) -> BoxStream<'static, Result<ObjectRow>> {
        let pick = move |batch: ObjectsBatch| {
            let of_them = |row: &usize| batch.id(*row).is_some_and(|id| ids.contains(&id));
            let rows: Vec<_> = (0..batch.len()).filter(of_them).map(|row| Ok(batch.row(row))).collect();
            futures::stream::iter(rows)
        };
        self.batches().map_ok(pick).try_flatten().boxed()
    }

    /// Writes all files as one base file.
    ///
    /// # Errors
    /// When a file cannot be read or is not sorted, or the sink fails.
    pub async fn merge(&self, sink: impl Write + Send + 'static) -> Result<Summary> {
        self.merge_into(ObjectsWriter::base(sink)?, false).await
    }

    /// Writes all files as one segment over what is older than the first of them, which is no base file then.
    ///
    /// # Errors
    /// When a file cannot be read or is not sorted, or the sink fails.
    pub async fn merge_segments(&self, sink: impl Write + Send + 'static) -> Result<Summary> {
        self.merge_into(ObjectsWriter::segment(sink)?, true).await
    }

    async fn merge_into<W: Write + Send + 'static>(
        &self,
        writer: ObjectsWriter<W>,
        tombstones: bool,
    ) -> Result<Summary> {
        drain(self.merged(tombstones), writer, ObjectsWriter::write_batch, ObjectsWriter::finish).await
    }

    fn merged(&self, tombstones: bool) -> BoxStream<'static, Result<RecordBatch>> {
        merge(self.files.iter().map(parts).collect(), objects::schema(), tombstones)
    }
}

async fn open(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<Stored> {
    let stored = Stored::open(store, path, KEY_HASH).await?;
    match stored.kind(BASE, SEGMENT) {
        Kind::Foreign => Err(Error::Foreign { path: path.to_string() }),
        Kind::Base | Kind::Segment => stored.demand(&objects::schema()).map(|()| stored),
    }
}

fn parts(file: &Stored) -> Parts {
    let stored = file.clone();
    let is_base = stored.kind(BASE, SEGMENT) == Kind::Base;
    let parts = stored.batches(&COLUMNS).map(move |batch| {
        let batch = batch?;
        let hashes = ids::hashes(&batch, KEY_HASH).cloned();
        let hashes = hashes.ok_or_else(|| stored.corrupt("its hashes have no 16 bytes"))?;
        let path = stored.path.as_ref();
        let live = if is_base { None } else { typed(&batch, path)?.live() };
        Ok(Part { live, hashes, batch })
    });
    checked(&file.path, parts.boxed())
}

fn typed(batch: &RecordBatch, path: &str) -> Result<ObjectsBatch> {
    ObjectsBatch::new(batch).ok_or_else(|| Error::Corrupt {
        path: path.to_owned(),
        reason: "a column is missing or of another type, or a fate is unknown".to_owned(),
    })
}

#[cfg(test)]
#[path = "objects_index_tests.rs"]
pub(crate) mod tests;
