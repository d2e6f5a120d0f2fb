//! Reading files of ids: ours, and the one-column files of earthcatalog 0.6.1.

use std::sync::Arc;

use arrow_array::{Array, FixedSizeBinaryArray, RecordBatch};
use arrow_buffer::NullBuffer;
use earthcatalog_model::{IdHash, PartitionKey};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::error::Result;
use crate::ids::{self, ADDED, BASE, ID_HASH, PARTITIONS, PartitionColumn, REMOVED, SEGMENT, hash_at};
use crate::stored::{Kind, Stored};
use crate::writer::IdsDelta;

/// A file of ids in a store, its footer read.
#[derive(Clone)]
pub struct IdsReader {
    pub(crate) stored: Stored,
}

/// Some rows of a file of ids.
#[derive(Debug, Clone)]
pub struct IdsBatch {
    hashes: FixedSizeBinaryArray,
    partitions: Option<PartitionColumn>,
}

/// How many ids a base file holds, from its footer alone: a small read or two however large it is. An index with
/// segments is counted by [`crate::Ids::unique_items`].
///
/// # Errors
/// When there is no such file, when it is no file of ids, or when the store fails.
pub async fn unique_items(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<u64> {
    Ok(IdsReader::open(store, path).await?.rows())
}

impl IdsReader {
    /// Opens a file by reading its footer.
    ///
    /// # Errors
    /// When there is no such file, when it is no file of ids, or when the store fails.
    pub async fn open(store: &Arc<dyn ObjectStore>, path: &Path) -> Result<Self> {
        let reader = Self { stored: Stored::open(store, path, ID_HASH).await? };
        if reader.kind() != Kind::Foreign {
            reader.stored.demand(&ids::schema())?;
        }
        Ok(reader)
    }

    /// Rows of the file: ids, and in a segment the marks of deleted ones too.
    pub fn rows(&self) -> u64 {
        self.stored.rows()
    }

    /// What the file is. One of earthcatalog 0.6.1 is [`Kind::Foreign`], however sorted it may happen to be.
    pub fn kind(&self) -> Kind {
        match self.stored.kind(BASE, SEGMENT) {
            Kind::Base | Kind::Segment if !self.has_partitions() => Kind::Foreign,
            kind => kind,
        }
    }

    /// True if the file says where the rows of an id are; those of earthcatalog 0.6.1 do not.
    pub fn has_partitions(&self) -> bool {
        self.stored.metadata.schema().field_with_name(PARTITIONS).is_ok()
    }

    /// True if the file vouches for ascending hashes, each of them once.
    pub fn is_sorted(&self) -> bool {
        self.kind() != Kind::Foreign
    }

    /// By how much the file changes the number of ids in what is older: a base file adds all of its own.
    ///
    /// # Errors
    /// When the footer of a segment does not say it in numbers.
    pub fn delta(&self) -> Result<IdsDelta> {
        if self.kind() != Kind::Segment {
            return Ok(IdsDelta { added: self.rows(), removed: 0 });
        }
        Ok(IdsDelta { added: self.stored.number(ADDED)?, removed: self.stored.number(REMOVED)? })
    }

    /// All rows in the file's order, which for files of ours is that of the hashes; a row group in memory at a time.
    pub fn batches(&self) -> BoxStream<'static, Result<IdsBatch>> {
        let stored = self.stored.clone();
        let batches = self.stored.batches(&[ID_HASH, PARTITIONS]);
        batches.map(move |batch| IdsBatch::of(&stored, &batch?)).boxed()
    }

    /// All hashes at once: for tests and small files.
    ///
    /// # Errors
    /// As [`IdsReader::batches`].
    pub async fn hashes(&self) -> Result<Vec<IdHash>> {
        let append = |mut all: Vec<IdHash>, batch: IdsBatch| async move {
            all.extend((0..batch.len()).map(|i| batch.hash(i)));
            Ok(all)
        };
        self.batches().try_fold(Vec::new(), append).await
    }
}

impl IdsBatch {
    pub(crate) fn of(stored: &Stored, batch: &RecordBatch) -> Result<Self> {
        Self::new(batch).ok_or_else(|| stored.corrupt("a column is of another type than its name promises"))
    }

    pub(crate) fn new(batch: &RecordBatch) -> Option<Self> {
        let hashes = ids::hashes(batch, ID_HASH)?.clone();
        let partitions = match batch.column_by_name(ids::PARTITIONS) {
            Some(_) => Some(ids::partitions(batch)?),
            None => None,
        };
        Some(Self { hashes, partitions })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn hash(&self, row: usize) -> IdHash {
        IdHash(hash_at(&self.hashes, row))
    }

    /// True if the row is the mark that its id was deleted; only segments have such.
    pub fn is_deleted(&self, row: usize) -> bool {
        self.live().is_some_and(|live| live.is_null(row))
    }

    pub(crate) fn live(&self) -> Option<&NullBuffer> {
        self.partitions.as_ref().and_then(PartitionColumn::live)
    }

    /// The partitions of a row, none if it is deleted; None in files of earthcatalog 0.6.1, which do not know them.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn partitions(&self, row: usize) -> Option<Vec<PartitionKey>> {
        self.partitions.as_ref().map(|column| column.get(row))
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
