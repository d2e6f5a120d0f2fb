//! Records without quotes that all have as many fields: the places of commas and of ends of lines are all there is to them.

use std::ops::Range;

use crate::cells::Cells;
use crate::find::{AtMost, Byte, Or, Sought};
use crate::level::{Level, Task, WIDTH, at_best};
use crate::sections::MAX_RECORD;

/// All that is not above a comma. Ends of lines and quotes are not; what else is not is rare, and to leave it out takes longer.
type Low = AtMost<b','>;

/// What ends a field, or is in none of these records: of ends of lines, `\r\n` is another.
type Stop = Or<Or<Byte<b','>, Byte<b'\n'>>, Or<Byte<b'"'>, Byte<b'\r'>>>;

/// Finds the records of so many fields that begin at `start`, up to the first that is another, or is not all there; false where that is
/// the first.
pub(super) fn find(text: &str, start: usize, width: usize, cells: &mut Cells) -> bool {
    let bytes = text.as_bytes();
    let Some(rest) = bytes.get(start..).filter(|_| bytes.len() <= MAX_RECORD) else { return false };
    let Some(end) = memchr::memchr(b'\n', rest) else { return false };
    cells.begin_at(start, 0, std::iter::repeat_n(1, width));
    at_best(Records { text: bytes, first: start..start + end + 1, cells });
    cells.rows() > 0
}

struct Records<'a> {
    text: &'a [u8],
    /// Where the first is.
    first: Range<usize>,
    cells: &'a mut Cells,
}

impl Task for Records<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let Self { text, first, cells } = self;
        add::<Stop, L>(level, text.get(..first.end).unwrap_or_default(), cells);
        if cells.rows() == 0 {
            return;
        }
        let line = text.get(first).unwrap_or_default();
        if line.iter().filter(|byte| Low::is(**byte)).count() == cells.width() {
            add::<Low, L>(level, text, cells);
        }
        add::<Stop, L>(level, text, cells);
    }
}

/// Adds the records behind those that are there, as many as have no other bytes of those that are sought than commas, as many as have to
/// be, and the end of the line.
#[inline(always)]
fn add<S: Sought, L: Level>(level: L, text: &[u8], cells: &mut Cells) {
    let (mut rows, width) = (cells.rows(), cells.width());
    let start = cells.start(rows);
    let (blocks, rest) = text.get(start..).unwrap_or_default().as_chunks::<WIDTH>();
    // Behind the text are bytes that nobody seeks.
    let mut last = [b'~'; WIDTH];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let mut base = start as u32;
    // So many ends there will be behind the next record.
    let mut next = cells.filled() + width;
    for block in blocks.iter().chain([&last]) {
        let filled = cells.filled();
        let Some(room) = cells.room() else { break };
        let bytes = level.load(block);
        let stops = level.bits(S::find(level, bytes));
        let lines = level.bits(level.equal(bytes, b'\n'));
        let odd = stops & !lines & !level.bits(level.equal(bytes, b','));
        let count = places(stops, base, room);
        cells.fill(count);
        // No record ends behind an odd byte, but some may before.
        let mut lines = lines & odd.wrapping_sub(1) & !odd;
        while lines != 0 {
            let through = lines ^ (lines - 1);
            if filled + (stops & through).count_ones() as usize != next {
                return cells.truncate(rows);
            }
            rows += 1;
            next += width;
            lines &= lines - 1;
        }
        if odd != 0 {
            break;
        }
        base += WIDTH as u32;
    }
    cells.truncate(rows);
}

/// Writes where bits are, behind `base`; how many.
#[inline(always)]
fn places(mut bits: u64, base: u32, room: &mut [u32; WIDTH]) -> usize {
    let mut count = 0;
    while bits != 0 {
        room[count % WIDTH] = base + bits.trailing_zeros();
        bits &= bits - 1;
        count += 1;
    }
    count
}
