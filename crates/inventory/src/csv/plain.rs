//! Records without quotes that all have as many fields: the places of commas and of ends of lines are all there is to them.

use wide::u8x16;

use crate::cells::Cells;
use crate::find::{Either, Sought, WIDTH, bits};
use crate::sections::MAX_RECORD;

/// The records of so many fields that begin at `start`, up to the first that is another, or is not all there; None where the first bytes
/// tell already that there are none such.
pub(super) fn cells(text: &str, start: usize, width: usize) -> Option<Cells> {
    let bytes = Some(text.as_bytes()).filter(|bytes| bytes.len() <= MAX_RECORD)?;
    let rest = bytes.get(start..)?;
    let line = memchr::memchr(b'\n', rest)? + 1;
    let mut cells = Cells::none_at(start, 0, vec![1; width], rest.len() / line * width * 9 / 8);
    stops(rest, start, cells.ends());
    let rows = cells.records().take_while(|record| is_record(bytes, record)).count();
    cells.truncate(rows);
    (rows > 0).then_some(cells)
}

/// Adds the places of commas and of ends of lines, up to the first block with a quote.
fn stops(text: &[u8], start: usize, stops: &mut Vec<u32>) {
    let (blocks, rest) = text.as_chunks::<WIDTH>();
    let mut last = [0; WIDTH];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let (mut base, mut filled) = (start as u32, stops.len());
    for block in blocks.iter().chain([&last]) {
        let (Some(mut found), Some(room)) = (look(block), room(stops, filled)) else { break };
        let mut count = 0;
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

/// A bit for each byte of a block that is a comma or ends a line, the lowest for the first; None where there is a quote.
#[inline(always)]
fn look(block: &[u8; WIDTH]) -> Option<u64> {
    let (quote, mut quotes) = (u8x16::splat(b'"'), u8x16::splat(0));
    let found = bits(block, |bytes| {
        quotes |= bytes.simd_eq(quote);
        Either::<b',', b'\n'>::are(bytes)
    });
    (quotes.to_bitmask() == 0).then_some(found)
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
