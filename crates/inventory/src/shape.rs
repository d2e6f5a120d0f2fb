//! The form of records that differ in their values alone, such as lines of JSON that one program wrote, and CSV that is quoted
//! throughout. It is taken off one record; others are compared with it.

use crate::cells::Cells;
use crate::find::{AtMost, Byte, Or, Places};
use crate::sections::MAX_RECORD;

/// What a value is, and so where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text between quotes, without any, and without escapes and control characters.
    Text,
    /// Digits as in JSON, 19 at most.
    Number,
    /// `true` or `false`.
    Flag,
}

/// What a text in JSON has not as it is (RFC 8259, section 7), a quote, an escape or a control character, and a space or an exclamation
/// mark, since all that is not above a quote is found faster than that without these two.
type EndOfText = Or<AtMost<b'"'>, Byte<b'\\'>>;

/// See the module. All of its records are one line.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// What is before each value.
    values: Vec<(Vec<u8>, Kind)>,
    /// What is behind the last one.
    tail: Vec<u8>,
}

impl Shape {
    /// Adds a value behind these bytes.
    pub(crate) fn push(&mut self, before: &[u8], kind: Kind) {
        self.values.push((before.to_vec(), kind));
    }

    /// What comes behind the last value; None where that ends no line, or there are no values.
    pub(crate) fn end(mut self, tail: &[u8]) -> Option<Self> {
        self.tail.extend_from_slice(tail);
        (tail.ends_with(b"\n") && !self.values.is_empty()).then_some(self)
    }

    /// The records of this form that begin at `start`, up to the first that is of another.
    pub(crate) fn cells(&self, text: &[u8], start: usize) -> Cells {
        let mut cells = self.none_at(text, start);
        if text.len() > MAX_RECORD {
            return cells;
        }
        let mut ends_of_texts = Places::of(text);
        let (mut at, mut rows) = (start, 0);
        while let Some(next) = self.record(text, at, &mut ends_of_texts, cells.ends()) {
            at = next;
            rows += 1;
        }
        cells.truncate(rows);
        cells
    }

    fn none_at(&self, text: &[u8], start: usize) -> Cells {
        let length = |(before, _): &(Vec<u8>, Kind)| before.len() as u32;
        let mut gaps: Vec<_> = self.values.iter().map(length).collect();
        let lead = gaps.first().copied().unwrap_or_default() as usize;
        if let Some(first) = gaps.first_mut() {
            *first += self.tail.len() as u32;
        }
        let line = memchr::memchr(b'\n', text.get(start..).unwrap_or_default()).unwrap_or_default() + 1;
        let expected = (text.len() - start) / line * gaps.len() * 9 / 8;
        Cells::none_at(start, lead, gaps, expected)
    }

    /// Adds where the values of the record end that begins at `at`; where the next one begins.
    #[inline]
    fn record(
        &self,
        text: &[u8],
        mut at: usize,
        ends_of_texts: &mut Places<'_, EndOfText>,
        ends: &mut Vec<u32>,
    ) -> Option<usize> {
        for (before, kind) in &self.values {
            at = pass(text, at, before)?;
            at = match kind {
                Kind::Text => end_of_text(text, at, ends_of_texts)?,
                Kind::Number => number(text, at)?,
                Kind::Flag => flag(text, at)?,
            };
            ends.push(at as u32);
        }
        pass(text, at, &self.tail)
    }
}

/// Where the text that begins at `at` ends. Where that is no quote, what comes is not what has to come.
#[inline(always)]
fn end_of_text(text: &[u8], at: usize, ends: &mut Places<'_, EndOfText>) -> Option<usize> {
    let mut end = ends.next(at)?;
    while matches!(text.get(end), Some(b' ' | b'!')) {
        end = ends.next(end + 1)?;
    }
    Some(end)
}

/// Behind these bytes.
#[inline(always)]
fn pass(text: &[u8], at: usize, bytes: &[u8]) -> Option<usize> {
    let end = at + bytes.len();
    is_same(text.get(at..end)?, bytes).then_some(end)
}

/// Compares texts that are as long as one another. They are short, and known only here: to call a function for each costs more.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        // The last eight bytes may be some of those before, too.
        (Some(last_a), Some(last_b)) => {
            let ((a, _), (b, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
            a.iter().zip(b).all(|(a, b)| a == b) && last_a == last_b
        }
        _ => a.iter().zip(b).all(|(a, b)| a == b),
    }
}

/// Behind digits that fit into 64 bits for certain; none before the first that is not zero.
#[inline(always)]
fn number(text: &[u8], at: usize) -> Option<usize> {
    let digits = text.get(at..)?;
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fits = (1..=19).contains(&count) && (count == 1 || digits.first() != Some(&b'0'));
    fits.then_some(at + count)
}

fn flag(text: &[u8], at: usize) -> Option<usize> {
    pass(text, at, b"true").or_else(|| pass(text, at, b"false"))
}
