//! The ids of the index: a base file and its segments as one.

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
use crate::ids::{self, ID_HASH, PARTITIONS};
use crate::merge::{Part, Parts, checked, merge};
use crate::parquet_out::Summary;
use crate::probe::Hit;
use crate::reader::{IdsBatch, IdsReader};
use crate::stored::Kind;
use crate::writer::{IdsDelta, IdsWriter};

/// Files of ids, the oldest first, their footers read. What a newer file says of an id holds.
#[derive(Clone)]
pub struct Ids {
    files: Vec<IdsReader>,
}

impl Ids {
    /// Opens the files, the oldest (the base file) first, by reading their footers.
    ///
    /// # Errors
    /// When one is not there, is no file of ids, or when the store fails.
    pub async fn open(store: &Arc<dyn ObjectStore>, paths: &[Path]) -> Result<Self> {
        // Collected, or the compiler cannot see that all this may move to another thread.
        let files: Vec<_> = paths.iter().map(|path| IdsReader::open(store, path)).collect();
        let files = futures::stream::iter(files).buffered(8).try_collect().await?;
        Ok(Self { files })
    }

    /// The files, the oldest first.
    pub fn files(&self) -> &[IdsReader] {
        &self.files
    }

    /// False if a file cannot be relied on, such as one that earthcatalog 0.6.1 wrote: the index is to be rebuilt.
    pub fn is_complete(&self) -> bool {
        self.files.iter().all(|file| file.kind() != Kind::Foreign)
    }

    /// How many ids there are, by the footers alone.
    ///
    /// # Errors
    /// When the footer of a segment does not say what it changes.
    pub fn unique_items(&self) -> Result<u64> {
        let delta = self.delta()?;
        Ok(delta.added.saturating_sub(delta.removed))
    }

    fn delta(&self) -> Result<IdsDelta> {
        self.files.iter().try_fold(IdsDelta::default(), |sum, file| {
            let delta = file.delta()?;
            Ok(IdsDelta { added: sum.added + delta.added, removed: sum.removed + delta.removed })
        })
    }

    /// All ids that are not deleted, in order; a row group of each file in memory. Reads ahead in tasks of its own, so
    /// it is to be polled in a Tokio runtime.
    ///
    /// Ends with [`Error::Disordered`] at the first file that is not sorted.
    pub fn batches(&self) -> BoxStream<'static, Result<IdsBatch>> {
        let files = self.files.clone();
        self.merged(false)
            .map(move |batch| {
                let batch = batch?;
                let first = files.first();
                IdsBatch::new(&batch).ok_or_else(|| broken(first))
            })
            .boxed()
    }

    /// Which of `hashes` (in any order) the index has, in order. The newest file is asked first, and older ones only
    /// for what it does not know; of each only the pages that may have a hit are read.
    ///
    /// Holds the hashes and the hits: whoever has many asks for some hundred thousand of them at a time, in order.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub async fn probe(&self, mut hashes: Vec<IdHash>) -> Result<Vec<Hit>> {
        hashes.sort_unstable();
        hashes.dedup();
        let mut hits = Vec::new();
        for file in self.files.iter().rev() {
            if hashes.is_empty() {
                break;
            }
            let mut known = HashSet::new();
            let mut found = file.find(hashes.as_slice().into());
            while let Some(found) = found.try_next().await? {
                if known.insert(found.hit.id_hash) && !found.deleted {
                    hits.push(found.hit);
                }
            }
            hashes.retain(|hash| !known.contains(hash));
        }
        hits.sort_unstable_by_key(|hit| hit.id_hash);
        Ok(hits)
    }

    /// Writes all files as one base file.
    ///
    /// # Errors
    /// When a file cannot be read or is not sorted, or the sink fails.
    pub async fn merge(&self, sink: impl Write + Send + 'static) -> Result<Summary> {
        self.merge_into(IdsWriter::new(sink)?, false).await
    }

    /// Writes all files as one segment over what is older than the first of them, which is no base file then.
    ///
    /// # Errors
    /// When a file cannot be read or is not sorted, or the sink fails.
    pub async fn merge_segments(&self, sink: impl Write + Send + 'static) -> Result<Summary> {
        let mut writer = IdsWriter::segment(sink)?;
        writer.note(self.delta()?);
        self.merge_into(writer, true).await
    }

    async fn merge_into<W: Write + Send + 'static>(
        &self,
        writer: IdsWriter<W>,
        tombstones: bool,
    ) -> Result<Summary> {
        drain(self.merged(tombstones), writer, IdsWriter::write_batch, IdsWriter::finish).await
    }

    fn merged(&self, tombstones: bool) -> BoxStream<'static, Result<RecordBatch>> {
        merge(self.files.iter().map(parts).collect(), ids::segment_schema(), tombstones)
    }
}

fn parts(file: &IdsReader) -> Parts {
    let stored = file.stored.clone();
    if file.kind() == Kind::Foreign {
        let path = stored.path.to_string();
        return futures::stream::once(async move { Err(Error::Foreign { path }) }).boxed();
    }
    let parts = stored.batches(&[ID_HASH, PARTITIONS]).map(move |batch| {
        let batch = batch?;
        let typed = IdsBatch::of(&stored, &batch)?;
        let hashes = ids::hashes(&batch, ID_HASH).cloned();
        let hashes = hashes.ok_or_else(|| stored.corrupt("its hashes have no 16 bytes"))?;
        Ok(Part { live: typed.live().cloned(), hashes, batch })
    });
    checked(&file.stored.path, parts.boxed())
}

fn broken(file: Option<&IdsReader>) -> Error {
    let path = file.map_or_else(String::new, |file| file.stored.path.to_string());
    Error::Corrupt { path, reason: "its columns are of other types than those of the segments".into() }
}

#[cfg(test)]
#[path = "ids_index_tests.rs"]
mod tests;
