//! Asking a file of ids for some hashes.
//!
//! Row groups whose bounds hold none of them are not read; of the others the hashes first, and the partitions only of
//! row groups with a hit. Nothing rests on the file being sorted, which foreign files need not be; sorted ones are fast.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use earthcatalog_model::{IdHash, PartitionKey};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};
use parquet::file::metadata::RowGroupMetaData;

use crate::error::Result;
use crate::ids;
use crate::reader::{IdsBatch, IdsReader, hash_at};

/// A hash that is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The hash.
    pub id_hash: IdHash,
    /// The partitions of its rows; None in files of earthcatalog 0.6.1, which do not know them.
    pub partitions: Option<Vec<PartitionKey>>,
}

impl IdsReader {
    /// Which of `hashes` (in any order) are in the file, in the file's order. Holds the list and one row group.
    pub fn probe(&self, mut hashes: Vec<IdHash>) -> BoxStream<'static, Result<Hit>> {
        hashes.sort_unstable();
        hashes.dedup();
        let Some(leaf) = self.hash_leaf() else { return futures::stream::empty().boxed() };
        let groups = self.metadata.metadata().row_groups();
        let groups =
            (0..groups.len()).filter(|i| groups.get(*i).is_none_or(|g| may_hold(g, leaf, &hashes))).collect();
        let mask = ProjectionMask::leaves(self.metadata.parquet_schema(), [leaf]);
        let mut search = Search { hashes: hashes.into(), at: 0 };
        let predicate = ArrowPredicateFn::new(mask, move |batch| search.select(&batch));
        let builder =
            self.builder().with_row_groups(groups).with_row_filter(RowFilter::new(vec![Box::new(predicate)]));
        self.stream(builder).map_ok(|batch| futures::stream::iter(hits(&batch)).map(Ok)).try_flatten().boxed()
    }
}

fn hits(batch: &IdsBatch) -> Vec<Hit> {
    (0..batch.len()).map(|i| Hit { id_hash: batch.hash(i), partitions: batch.partitions(i) }).collect()
}

/// False only if the bounds of the row group rule out every hash.
fn may_hold(group: &RowGroupMetaData, leaf: usize, hashes: &[IdHash]) -> bool {
    let Some(statistics) = group.columns().get(leaf).and_then(|c| c.statistics()) else {
        return !hashes.is_empty();
    };
    let (Some(min), Some(max)) = (statistics.min_bytes_opt(), statistics.max_bytes_opt()) else {
        return true;
    };
    let first = hashes.partition_point(|h| h.0.as_slice() < min);
    // Bounds may be cut short: a hash that begins as the upper one does is not above it.
    hashes.get(first).is_some_and(|h| h.0.get(..max.len()).unwrap_or(&h.0) <= max)
}

/// Walks along the sorted list as the rows go by.
struct Search {
    hashes: Arc<[IdHash]>,
    at: usize,
}

impl Search {
    fn select(&mut self, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
        let column =
            ids::hashes(batch).ok_or_else(|| ArrowError::SchemaError("id_hash is not 16 bytes".into()))?;
        Ok((0..column.len()).map(|row| Some(self.holds(&hash_at(column, row)))).collect())
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
