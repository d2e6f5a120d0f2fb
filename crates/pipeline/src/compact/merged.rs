//! Groups of files to new files in the store, several at once within the memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use earthcatalog_grid::hilbert;
use earthcatalog_model::{DataFile, TableSchema};
use earthcatalog_store::Base;
use earthcatalog_writer::{Encoded, Format, Merge};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use tokio::sync::Semaphore;

use crate::compact::plan::Group;
use crate::error::{Error, Result};
use crate::options::Stop;
use crate::worker::on_rayon;

/// Groups between their first byte and their last: more than processors, as most of them wait for the store.
const GROUPS_AT_ONCE: usize = 16;

/// Files of one group that are read at once.
const READS_AT_ONCE: usize = 16;

/// The memory is counted in pieces of so many bytes.
const PIECE: u64 = 64 << 10;

/// A group, and what became of it.
pub(crate) struct Merged {
    pub(crate) group: Group,
    pub(crate) files: Vec<DataFile>,
}

impl Merged {
    pub(crate) fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

/// Merges groups and knows the files that it has put.
pub(crate) struct Merger {
    base: Base,
    format: Arc<dyn Format>,
    target: u64,
    /// Begins every name; never used again.
    nonce: String,
    count: AtomicU64,
    pieces: u32,
    memory: Semaphore,
    stop: Stop,
    /// What was put, or was about to be, and is not in the table.
    put: Mutex<Vec<String>>,
}

impl Merger {
    pub(crate) fn new(
        base: Base,
        format: Arc<dyn Format>,
        nonce: String,
        memory: u64,
        target: u64,
        stop: Stop,
    ) -> Self {
        let pieces = u32::try_from(memory / PIECE).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        let (count, put) = (AtomicU64::new(0), Mutex::default());
        let memory = Semaphore::new(pieces as usize);
        Self { base, format, target, nonce, count, pieces, memory, stop, put }
    }

    /// Merges the groups, in any order.
    ///
    /// # Errors
    /// Those of the store and of the format; [`Error::Interrupted`].
    pub(crate) async fn merge_all(
        &self,
        groups: Vec<Group>,
        schema: &Arc<TableSchema>,
    ) -> Result<Vec<Merged>> {
        let merges = groups.into_iter().map(|group| self.merge(group, schema.clone()));
        stream::iter(merges).buffer_unordered(GROUPS_AT_ONCE).try_collect().await
    }

    async fn merge(&self, group: Group, schema: Arc<TableSchema>) -> Result<Merged> {
        let pieces = u32::try_from(group.memory.div_ceil(PIECE)).unwrap_or(u32::MAX).clamp(1, self.pieces);
        // Closed is what a semaphore of ours never is.
        let _memory = self.memory.acquire_many(pieces).await;
        if self.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        // Boxed, or the compiler cannot see that all this may move to another thread.
        let reads: Vec<_> = group.files.iter().map(|file| self.read(file).boxed()).collect();
        let bytes: Vec<Bytes> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        let (format, target) = (self.format.clone(), self.target);
        let encoded = on_rayon(move || {
            format.merge(&schema, &bytes, &Merge { curve: &hilbert, keep: &|_| true, target })
        });
        let mut files = Vec::new();
        for encoded in encoded.await?? {
            files.push(self.put(&group, encoded).await?);
        }
        Ok(Merged { group, files })
    }

    async fn read(&self, file: &DataFile) -> Result<Bytes> {
        let path = self.base.resolve(&file.path)?;
        let got = match self.base.store().get(&path).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        Ok(got.map_err(|error| earthcatalog_store::Error::from_store(&file.path, &error))?)
    }

    async fn put(&self, group: &Group, encoded: Encoded) -> Result<DataFile> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let rel = format!("warehouse/{}/{}-{number:05}.parquet", group.partition.hive_path(), self.nonce);
        self.note(rel.clone());
        let file = DataFile {
            path: self.base.location(&rel),
            partition: group.partition.clone(),
            rows: encoded.rows,
            bytes: encoded.bytes.len() as u64,
            columns: encoded.columns,
            split_offsets: encoded.split_offsets,
            added: None,
        };
        self.base.put(&rel, encoded.bytes).await?;
        Ok(file)
    }

    fn note(&self, rel: String) {
        self.put.lock().unwrap_or_else(PoisonError::into_inner).push(rel);
    }

    /// From now on all that was put, but for these, is for others to look after: a snapshot may name it.
    pub(crate) fn forget(&self) {
        self.put.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Removes what was put and will never be named by a snapshot, but for the files of `kept`. What stays behind is
    /// garbage, not harm.
    pub(crate) async fn discard_all_but(&self, kept: &[Merged]) {
        let kept: std::collections::HashSet<&str> =
            kept.iter().flat_map(|merged| &merged.files).map(|file| file.path.as_str()).collect();
        let put = std::mem::take(&mut *self.put.lock().unwrap_or_else(PoisonError::into_inner));
        for rel in put {
            if kept.contains(self.base.location(&rel).as_str()) {
                self.note(rel);
                continue;
            }
            if let Err(error) = self.base.delete(&rel).await {
                tracing::debug!(file = rel, %error, "a file that is not needed could not be removed");
            }
        }
    }
}
