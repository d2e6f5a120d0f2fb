//! The form of records that differ in their values alone, such as lines of JSON that one program wrote, and CSV that is quoted
//! throughout. It is taken off one record; others are compared with it.

use crate::cells::Cells;
use crate::find::{AtMost, Byte, Or, Places};
use crate::level::{Level, Task, WIDTH, at_best};
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

/// What a text in JSON has not as it is (RFC 8259, section 7): a quote, an escape or a control character.
type EndOfText = Or<Byte<b'"'>, Or<AtMost<0x1f>, Byte<b'\\'>>>;

/// Bytes that are compared at once.
const AT_ONCE: usize = 32;

/// See the module. All of its records are one line.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// What is before each value.
    values: Vec<(Fixed, Kind)>,
    /// What is behind the last one.
    tail: Fixed,
}

/// Bytes that are the same in all records.
#[derive(Debug, Default)]
struct Fixed {
    bytes: Vec<u8>,
    /// The first of them, and zeros behind them.
    first: [u8; AT_ONCE],
    /// A bit for each of these.
    mask: u32,
}

impl Fixed {
    fn of(bytes: &[u8]) -> Self {
        let mut first = [0; AT_ONCE];
        first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let mask = u32::MAX.checked_shr((AT_ONCE - bytes.len().min(AT_ONCE)) as u32).unwrap_or_default();
        Self { bytes: bytes.to_vec(), first, mask }
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Behind these bytes.
    #[inline(always)]
    fn pass<L: Level>(&self, text: &[u8], at: usize, level: L) -> Option<usize> {
        let rest = text.get(at..)?;
        let is_here = match rest.first_chunk() {
            Some(chunk) if self.len() <= AT_ONCE => level.same(chunk, &self.first) & self.mask == self.mask,
            _ => rest.starts_with(&self.bytes),
        };
        is_here.then_some(at + self.len())
    }
}

impl Shape {
    /// Adds a value behind these bytes.
    pub(crate) fn push(&mut self, before: &[u8], kind: Kind) {
        self.values.push((Fixed::of(before), kind));
    }

    /// What comes behind the last value; None where that ends no line, or there are no values.
    pub(crate) fn end(mut self, tail: &[u8]) -> Option<Self> {
        self.tail = Fixed::of(tail);
        (tail.ends_with(b"\n") && !self.values.is_empty()).then_some(self)
    }

    /// Finds the records of this form that begin at `start`, up to the first that is of another; false where that is the first.
    pub(crate) fn find(&self, text: &[u8], start: usize, cells: &mut Cells) -> bool {
        let lead = self.values.first().map_or(0, |(before, _)| before.len());
        let gaps = self.values.iter().map(|(before, _)| before.len() as u32);
        // Before the first value is the end of the record before.
        let behind = std::iter::once(self.tail.len() as u32).chain(std::iter::repeat(0));
        cells.begin_at(start, lead, gaps.zip(behind).map(|(before, behind)| behind + before));
        if text.len() <= MAX_RECORD {
            at_best(Records { shape: self, text, start, cells });
        }
        cells.rows() > 0
    }
}

struct Records<'a> {
    shape: &'a Shape,
    text: &'a [u8],
    start: usize,
    cells: &'a mut Cells,
}

impl Task for Records<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let Self { shape, text, start, cells } = self;
        let mut ends_of_texts = Places::of(text, level);
        let (mut at, mut rows) = (start, 0);
        while let Some(next) = record(shape, text, at, &mut ends_of_texts, cells, level) {
            at = next;
            rows += 1;
        }
        cells.truncate(rows);
    }
}

/// Adds where the values of the record end that begins at `at`; where the next one begins.
#[inline(always)]
fn record<L: Level>(
    shape: &Shape,
    text: &[u8],
    mut at: usize,
    ends_of_texts: &mut Places<'_, EndOfText, L>,
    cells: &mut Cells,
    level: L,
) -> Option<usize> {
    for values in shape.values.chunks(WIDTH) {
        let room = cells.room()?;
        for ((before, kind), room) in values.iter().zip(room) {
            at = before.pass(text, at, level)?;
            // Where a text ends with no quote, what comes is not what has to come.
            at = match kind {
                Kind::Text => ends_of_texts.next(at)?,
                Kind::Number => number(text, at)?,
                Kind::Flag => flag(text, at)?,
            };
            *room = at as u32;
        }
        cells.fill(values.len());
    }
    shape.tail.pass(text, at, level)
}

/// Behind digits that fit into 64 bits for certain; none before the first that is not zero.
#[inline(always)]
fn number(text: &[u8], at: usize) -> Option<usize> {
    let digits = text.get(at..)?;
    let count = match digits.first_chunk().map(|chunk| leading_digits(*chunk)) {
        Some(count) if count < 8 => count,
        _ => digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
    };
    let fits = (1..=19).contains(&count) && (count == 1 || digits.first() != Some(&b'0'));
    fits.then_some(at + count)
}

/// The number of digits with which a text begins.
#[inline(always)]
fn leading_digits(text: [u8; 8]) -> usize {
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes([b'0'; 8]);
    // What is no digit has become more than 9. It may carry into the bytes behind it, which are of no meaning then.
    let others =
        (values.wrapping_add(u64::from_le_bytes([0x80 - 10; 8])) | values) & u64::from_le_bytes([0x80; 8]);
    others.trailing_zeros() as usize / 8
}

fn flag(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    ["true", "false"].iter().find(|word| rest.starts_with(word.as_bytes())).map(|word| at + word.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::level::Any;

    proptest! {
        #[test]
        fn numbers_end_where_json_has_them_end(text in "0?[0-9]{0,21}[,}. :/\u{80}\u{ff}]?[0-9a-z]{0,9}") {
            let count = text.bytes().take_while(u8::is_ascii_digit).count();
            let is_one = (1..=19).contains(&count) && (count == 1 || !text.starts_with('0'));
            prop_assert_eq!(number(text.as_bytes(), 0), is_one.then_some(count), "{}", text);
        }

        #[test]
        fn fixed_bytes_are_all_looked_at(
            bytes in prop::collection::vec(any::<u8>(), 0..70), behind in prop::collection::vec(any::<u8>(), 0..70),
            wrong in any::<prop::sample::Index>(), change in 1..=u8::MAX,
        ) {
            let fixed = Fixed::of(&bytes);
            let mut text = [&bytes[..], &behind[..]].concat();
            prop_assert_eq!(at_best(Pass(&fixed, &text)), Some(bytes.len()));
            prop_assert_eq!(fixed.pass(&text, 0, Any), Some(bytes.len()));
            if !bytes.is_empty() {
                text[wrong.index(bytes.len())] ^= change;
                prop_assert_eq!(at_best(Pass(&fixed, &text)), None);
                prop_assert_eq!(fixed.pass(&text, 0, Any), None);
            }
        }
    }

    struct Pass<'a>(&'a Fixed, &'a [u8]);

    impl Task for Pass<'_> {
        type Output = Option<usize>;

        #[inline(always)]
        fn run<L: Level>(self, level: L) -> Option<usize> {
            self.0.pass(self.1, 0, level)
        }
    }
}
