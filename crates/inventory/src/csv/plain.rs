//! Records without quotes that all have as many fields: the places of commas and of ends of lines are all there is to them.

use crate::cells::Cells;
use crate::find::{AtMost, Byte, Or, Sought, WIDTH, bits};
use crate::sections::MAX_RECORD;

/// All that is not above a comma. Ends of lines and quotes are not; what else is not is rare, and to leave it out takes longer.
type Low = AtMost<b','>;

/// What ends a field, or is in none of these records.
type Stop = Or<Or<Byte<b','>, Byte<b'\n'>>, Byte<b'"'>>;

/// The records of so many fields that begin at `start`, up to the first that is another, or is not all there; None where that is the first.
pub(super) fn cells(text: &str, start: usize, width: usize) -> Option<Cells> {
    let bytes = Some(text.as_bytes()).filter(|bytes| bytes.len() <= MAX_RECORD)?;
    let end = start + memchr::memchr(b'\n', bytes.get(start..)?)? + 1;
    let line = bytes.get(start..end)?;
    // A blank line under a header of many columns tells nothing of the others, but no stop takes less than a byte.
    let expected = (bytes.len() / line.len()).saturating_mul(width).min(bytes.len());
    let mut cells = Cells::none_at(start, 0, vec![1; width], expected);
    add::<Stop>(bytes.get(..end)?, &mut cells);
    if cells.rows() == 0 {
        return None;
    }
    if line.iter().filter(|byte| Low::is(**byte)).count() == width {
        add::<Low>(bytes, &mut cells);
    }
    add::<Stop>(bytes, &mut cells);
    Some(cells)
}

/// Adds the records behind those that are there, as many as have no other bytes of those that are sought than commas and the end of the
/// line.
fn add<S: Sought>(text: &[u8], cells: &mut Cells) {
    let rows = cells.rows();
    stops::<S>(text, cells.start(rows), cells.ends());
    let more = cells.records().skip(rows).take_while(|record| is_record(text, record)).count();
    cells.truncate(rows + more);
}

/// Adds the places of what is sought, from `start` on.
fn stops<S: Sought>(text: &[u8], start: usize, stops: &mut Vec<u32>) {
    let (blocks, rest) = text.get(start..).unwrap_or_default().as_chunks::<WIDTH>();
    // Behind the text are bytes that nobody seeks.
    let mut last = [b'~'; WIDTH];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let (mut base, mut filled) = (start as u32, stops.len());
    for block in blocks.iter().chain([&last]) {
        let Some(room) = room(stops, filled) else { break };
        let (mut found, mut count) = (bits::<S>(block), 0);
        while found != 0 {
            room[count % WIDTH] = base + found.trailing_zeros();
            found &= found - 1;
            count += 1;
        }
        filled += count;
        base += WIDTH as u32;
    }
    stops.truncate(filled);
}

/// Room for as many stops as a block may have: to ask for it once a block costs less than once a stop.
#[inline(always)]
fn room(stops: &mut Vec<u32>, filled: usize) -> Option<&mut [u32; WIDTH]> {
    if stops.len() < filled + WIDTH {
        stops.resize(stops.capacity().max(filled + 2 * WIDTH), 0);
    }
    stops.get_mut(filled..)?.first_chunk_mut()
}

/// True where a line ends with the last field, which has no carriage return before that, and none does before.
#[inline(always)]
fn is_record(text: &[u8], stops: &[u32]) -> bool {
    let Some((end, commas)) = stops.split_last() else { return false };
    let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
    let end = *end as usize;
    let all_commas = commas.iter().fold(true, |all, at| all & is(*at as usize, b','));
    all_commas & is(end, b'\n') & !is(end.wrapping_sub(1), b'\r')
}
