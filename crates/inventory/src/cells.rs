//! Where the values of records stand that are all of one form: a column of texts is no more than that.

use std::ops::Range;
use std::sync::Arc;

use crate::level::WIDTH;
use crate::texts::Text;

/// The values of such records, one record behind the other.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Bytes of a record before its first value.
    lead: u32,
    /// For each value of a record, the bytes between the end of the value before, which may be of the record before, and its beginning.
    gaps: Vec<u32>,
    /// Where values end. The first is none: it is as far before the first value as any is before another. What is behind so many of
    /// them is of no meaning.
    ends: Vec<u32>,
    filled: usize,
}

impl Cells {
    /// None yet, of records that begin at `start`. The first value of each is `lead` bytes behind its beginning.
    pub(crate) fn begin_at(&mut self, start: usize, lead: usize, gaps: impl IntoIterator<Item = u32>) {
        self.lead = lead as u32;
        self.gaps.clear();
        self.gaps.extend(gaps);
        let first = self.gaps.first().copied().unwrap_or_default();
        let before = (start as u32).wrapping_add(self.lead).wrapping_sub(first);
        self.filled = 0;
        if let Some([room, ..]) = self.room() {
            *room = before;
        }
        self.filled = 1;
    }

    /// Room for so many ends behind those that are there: to ask for it once for some costs less than once for each.
    #[inline(always)]
    pub(crate) fn room(&mut self) -> Option<&mut [u32; WIDTH]> {
        if self.ends.len() < self.filled + WIDTH {
            self.grow();
        }
        self.ends.get_mut(self.filled..)?.first_chunk_mut()
    }

    #[cold]
    fn grow(&mut self) {
        self.ends.resize(2 * (self.filled + WIDTH), 0);
    }

    /// So many more are there now.
    #[inline(always)]
    pub(crate) fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    /// Ends that are there.
    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    /// Values of a record.
    pub(crate) fn width(&self) -> usize {
        self.gaps.len()
    }

    fn ends(&self) -> &[u32] {
        self.ends.get(..self.filled).unwrap_or_default()
    }

    /// Leaves out what is behind so many records.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.filled = self.filled.min(1 + rows * self.width());
    }

    pub(crate) fn rows(&self) -> usize {
        self.filled.saturating_sub(1).checked_div(self.width()).unwrap_or_default()
    }

    /// Where a record begins; behind the last, where the next one does.
    pub(crate) fn start(&self, row: usize) -> usize {
        let before = self.ends().get(row * self.width()).copied().unwrap_or_default();
        let first = self.gaps.first().copied().unwrap_or_default();
        before.wrapping_add(first).wrapping_sub(self.lead) as usize
    }

    /// A value of each of some records, which are there.
    pub(crate) fn column(self: &Arc<Self>, text: &Arc<Text>, value: usize, rows: Range<usize>) -> CellColumn {
        CellColumn {
            text: text.clone(),
            cells: self.clone(),
            first: rows.start * self.width() + value,
            width: self.width(),
            gap: self.gaps.get(value).copied().unwrap_or_default(),
            rows: rows.len(),
        }
    }
}

/// A value of each of some records.
#[derive(Debug, Clone)]
pub(crate) struct CellColumn {
    text: Arc<Text>,
    cells: Arc<Cells>,
    /// Before the end of the first one.
    first: usize,
    /// From one to the next.
    width: usize,
    gap: u32,
    rows: usize,
}

impl CellColumn {
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The text of a row; as with a slice, one past the end panics.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &str {
        let at = self.first + row * self.width;
        let (before, end) = (self.cells.ends[at], self.cells.ends[at + 1]);
        self.text.utf8().and_then(|text| text.get(self.place(before, end))).unwrap_or_default()
    }

    /// The texts, as bytes.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.text.bytes();
        self.places().map(|place| bytes.get(place).unwrap_or_default())
    }

    /// Where the texts are.
    #[inline(always)]
    pub(crate) fn places(&self) -> impl Iterator<Item = Range<usize>> {
        self.ends().map(|(before, end)| self.place(before, end))
    }

    /// True where no text is empty.
    pub(crate) fn is_full(&self) -> bool {
        self.ends().fold(true, |full, (before, end)| full & (end.wrapping_sub(before) != self.gap))
    }

    /// True where all are.
    pub(crate) fn is_empty(&self) -> bool {
        self.ends().all(|(before, end)| end.wrapping_sub(before) == self.gap)
    }

    #[inline(always)]
    fn place(&self, before: u32, end: u32) -> Range<usize> {
        before.wrapping_add(self.gap) as usize..end as usize
    }

    /// Of each text, where the value before it ends, and where it does.
    #[inline(always)]
    fn ends(&self) -> impl Iterator<Item = (u32, u32)> {
        let (width, ends) = (self.width, self.cells.ends().get(self.first..).unwrap_or_default());
        (0..self.rows).map(move |row| (ends[row * width], ends[row * width + 1]))
    }
}
