//! Asking files of ids for some hashes.
//!
//! Pages whose bounds hold none of them are not read; of the others the hashes first, and the partitions only where
//! there is a hit. Nothing rests on the file being sorted, which foreign files need not be; sorted ones are fast.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use earthcatalog_model::{IdHash, PartitionKey};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};

use crate::error::Result;
use crate::ids::{self, ID_HASH, hash_at};
use crate::pages;
use crate::reader::{IdsBatch, IdsReader};

/// A hash that is in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The hash.
    pub id_hash: IdHash,
    /// The partitions of its rows; None in files of earthcatalog 0.6.1, which do not know them.
    pub partitions: Option<Vec<PartitionKey>>,
}

/// A row of a file that was asked for.
pub(crate) struct Found {
    pub(crate) hit: Hit,
    pub(crate) deleted: bool,
}

impl IdsReader {
    /// Which of `hashes` (in any order) are in the file and not deleted in it, in the file's order. Holds the list and
    /// one row group.
    pub fn probe(&self, mut hashes: Vec<IdHash>) -> BoxStream<'static, Result<Hit>> {
        hashes.sort_unstable();
        hashes.dedup();
        let found = self.find(hashes.into());
        found.try_filter_map(|found| async move { Ok((!found.deleted).then_some(found.hit)) }).boxed()
    }

    /// The rows of these hashes, which are in order, each once.
    pub(crate) fn find(&self, hashes: Arc<[IdHash]>) -> BoxStream<'static, Result<Found>> {
        let reader = self.clone();
        futures::stream::once(async move { reader.select(hashes).await })
            .try_flatten()
            .map_ok(|batch| futures::stream::iter(rows(&batch)).map(Ok))
            .try_flatten()
            .boxed()
    }

    async fn select(self, hashes: Arc<[IdHash]>) -> Result<BoxStream<'static, Result<IdsBatch>>> {
        let stored = self.stored.with_page_index().await?;
        let Some(leaf) = stored.leaf(ID_HASH) else { return Ok(futures::stream::empty().boxed()) };
        let wanted: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
        let parts = pages::parts(stored.metadata.metadata(), leaf, &wanted);
        let mask = ProjectionMask::leaves(stored.metadata.parquet_schema(), [leaf]);
        let mut search = Search { hashes, at: 0 };
        let predicate = ArrowPredicateFn::new(mask, move |batch| search.select(&batch));
        let mut builder = stored.builder().with_row_groups(parts.groups);
        if let Some(rows) = parts.rows {
            builder = builder.with_row_selection(rows);
        }
        let builder = builder.with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
        let batches = stored.stream(builder);
        Ok(batches.map(move |batch| IdsBatch::of(&stored, &batch?)).boxed())
    }
}

fn rows(batch: &IdsBatch) -> Vec<Found> {
    let hit = |i| Hit { id_hash: batch.hash(i), partitions: batch.partitions(i) };
    (0..batch.len()).map(|i| Found { hit: hit(i), deleted: batch.is_deleted(i) }).collect()
}

/// Walks along the sorted list as the rows go by.
struct Search {
    hashes: Arc<[IdHash]>,
    at: usize,
}

impl Search {
    fn select(&mut self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let column = ids::hashes(batch, ID_HASH)
            .ok_or_else(|| ArrowError::SchemaError("id_hash is not 16 bytes".into()))?;
        Ok((0..column.len()).map(|row| Some(self.holds(&IdHash(hash_at(column, row))))).collect())
    }

    fn holds(&mut self, hash: &IdHash) -> bool {
        let behind = self.at.checked_sub(1).and_then(|i| self.hashes.get(i)).is_some_and(|h| h >= hash);
        if behind {
            self.at = 0;
        }
        self.gallop(hash);
        self.hashes.get(self.at) == Some(hash)
    }

    /// Goes forward to the first that is not below `hash`: in doubling steps, then by halves of the last one.
    fn gallop(&mut self, hash: &IdHash) {
        let below = |i: usize| self.hashes.get(i).is_some_and(|h| h < hash);
        let mut step = 1;
        while below(self.at + step - 1) {
            self.at += step;
            step *= 2;
        }
        let end = self.hashes.len().min(self.at + step);
        self.at += self.hashes.get(self.at..end).unwrap_or_default().partition_point(|h| h < hash);
    }
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
