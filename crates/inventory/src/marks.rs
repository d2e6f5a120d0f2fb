//! A bit for each row of a listing.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits that many threads set.
#[derive(Debug)]
pub(crate) struct Marks(Vec<AtomicU64>);

impl Marks {
    /// For so many rows, none set.
    pub(crate) fn new(rows: u64) -> Self {
        Self((0..rows.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn set(&self, row: u64) {
        if let Some(word) = self.word(row) {
            word.fetch_or(1 << (row % 64), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, row: u64) -> bool {
        self.word(row).is_some_and(|word| word.load(Ordering::Relaxed) & 1 << (row % 64) != 0)
    }

    fn word(&self, row: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(row / 64).ok()?)
    }
}
