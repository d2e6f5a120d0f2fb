//! Where the values of records stand that are all of one form: a column of texts is no more than that.

use std::ops::Range;
use std::sync::Arc;

use crate::texts::Text;

/// The values of such records, one record behind the other.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Bytes of a record before its first value.
    lead: u32,
    /// For each value of a record, the bytes between the end of the value before, which may be of the record before, and its beginning.
    gaps: Vec<u32>,
    /// Where values end. The first is none: it is as far before the first value as any is before another.
    ends: Vec<u32>,
}

impl Cells {
    /// None yet, of records that begin at `start`. The first value of each is `lead` bytes behind its beginning.
    pub(crate) fn none_at(start: usize, lead: usize, gaps: Vec<u32>, expected: usize) -> Self {
        let lead = lead as u32;
        let before =
            (start as u32).wrapping_add(lead).wrapping_sub(gaps.first().copied().unwrap_or_default());
        let mut ends = Vec::with_capacity(expected + 1);
        ends.push(before);
        Self { lead, gaps, ends }
    }

    /// Where values end, to add more.
    pub(crate) fn ends(&mut self) -> &mut Vec<u32> {
        &mut self.ends
    }

    /// The ends of values of each record.
    pub(crate) fn records(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.ends.get(1..).unwrap_or_default().chunks_exact(self.gaps.len().max(1))
    }

    /// Leaves out what is behind so many records.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.ends.truncate(1 + rows * self.gaps.len());
    }

    pub(crate) fn rows(&self) -> usize {
        self.records().len()
    }

    /// Where a record begins; behind the last, where the next one does.
    pub(crate) fn start(&self, row: usize) -> usize {
        self.begin(row, 0).wrapping_sub(self.lead) as usize
    }

    /// Where a value begins; as with a slice, of what is not there this panics.
    #[inline(always)]
    fn begin(&self, row: usize, value: usize) -> u32 {
        self.ends[row * self.gaps.len() + value].wrapping_add(self.gaps[value])
    }

    /// Where a value is.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize, value: usize) -> Range<usize> {
        self.begin(row, value) as usize..self.ends[row * self.gaps.len() + value + 1] as usize
    }
}

/// A value of each of some records.
#[derive(Debug, Clone)]
pub(crate) struct CellColumn {
    pub(crate) text: Arc<Text>,
    pub(crate) cells: Arc<Cells>,
    pub(crate) value: usize,
    pub(crate) rows: Range<usize>,
}

impl CellColumn {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The text of a row; as with a slice, one past the end panics.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize) -> &str {
        let text = self.text.utf8().unwrap_or_default();
        text.get(self.cells.get(self.rows.start + row, self.value)).unwrap_or_default()
    }

    #[inline(always)]
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let text = self.text.utf8().unwrap_or_default();
        self.places().map(|place| text.get(place).unwrap_or_default())
    }

    /// The number of empty texts.
    pub(crate) fn empties(&self) -> usize {
        let (mut at, mut empties) = (self.rows.start * self.cells.gaps.len() + self.value, 0);
        let (ends, width, gap) = (&*self.cells.ends, self.cells.gaps.len(), self.cells.gaps[self.value]);
        for _ in 0..self.rows.len() {
            if let Some([before, end]) = ends.get(at..).and_then(<[u32]>::first_chunk) {
                empties += usize::from(end.wrapping_sub(*before) == gap);
            }
            at += width;
        }
        empties
    }

    /// Where the texts are.
    #[inline(always)]
    fn places(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let Cells { gaps, ends, .. } = &*self.cells;
        let (rows, width, gap) = (self.rows.len(), gaps.len(), gaps[self.value]);
        let ends = ends.get(self.rows.start * width + self.value..).unwrap_or_default();
        (0..rows).map(move |row| {
            let at = row * width;
            ends[at].wrapping_add(gap) as usize..ends[at + 1] as usize
        })
    }
}
