//! Where the next byte of a kind is. Fields are short: to search for the end of each costs more than to look at all bytes once, 64 at a
//! time, and to keep a bit of each.

use std::marker::PhantomData;

use crate::level::{Level, WIDTH};

/// The first quote.
#[inline(always)]
pub(crate) fn quote(text: &[u8]) -> Option<usize> {
    // This is memchr, but for the vectors that every processor of an architecture has, so that the search is compiled into the loop that
    // asks.
    #[cfg(target_arch = "aarch64")]
    use memchr::arch::aarch64::neon::memchr::One;
    #[cfg(target_arch = "x86_64")]
    use memchr::arch::x86_64::sse2::memchr::One;

    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(quote) = One::new(b'"') {
        return quote.find(text);
    }
    memchr::memchr(b'"', text)
}

/// Which bytes are looked for.
pub(crate) trait Sought {
    fn is(byte: u8) -> bool;

    fn find<L: Level>(level: L, bytes: L::Bytes) -> L::Found;
}

/// This byte.
pub(crate) struct Byte<const B: u8>;

impl<const B: u8> Sought for Byte<B> {
    fn is(byte: u8) -> bool {
        byte == B
    }

    #[inline(always)]
    fn find<L: Level>(level: L, bytes: L::Bytes) -> L::Found {
        level.equal(bytes, B)
    }
}

/// This byte, and all below it.
pub(crate) struct AtMost<const B: u8>;

impl<const B: u8> Sought for AtMost<B> {
    fn is(byte: u8) -> bool {
        byte <= B
    }

    #[inline(always)]
    fn find<L: Level>(level: L, bytes: L::Bytes) -> L::Found {
        level.at_most(bytes, B)
    }
}

/// Those or these.
pub(crate) struct Or<A, B>(PhantomData<(A, B)>);

impl<A: Sought, B: Sought> Sought for Or<A, B> {
    fn is(byte: u8) -> bool {
        A::is(byte) || B::is(byte)
    }

    #[inline(always)]
    fn find<L: Level>(level: L, bytes: L::Bytes) -> L::Found {
        level.or(A::find(level, bytes), B::find(level, bytes))
    }
}

/// The places of such bytes in a text, for who asks for one after another.
pub(crate) struct Places<'a, S, L> {
    text: &'a [u8],
    level: L,
    /// Where the bytes begin that were looked at last; beyond the text before any were.
    base: usize,
    /// A bit for each of them, the lowest for the first.
    found: u64,
    sought: PhantomData<S>,
}

impl<'a, S: Sought, L: Level> Places<'a, S, L> {
    pub(crate) fn of(text: &'a [u8], level: L) -> Self {
        Self { text, level, base: usize::MAX, found: 0, sought: PhantomData }
    }

    /// The first place that is not before `from`.
    #[inline(always)]
    pub(crate) fn next(&mut self, from: usize) -> Option<usize> {
        let base = from - from % WIDTH;
        if base != self.base {
            self.look(base);
        }
        let mut found = self.found & (u64::MAX << (from % WIDTH));
        while found == 0 {
            if self.base + WIDTH >= self.text.len() {
                return None;
            }
            self.look(self.base + WIDTH);
            found = self.found;
        }
        Some(self.base + found.trailing_zeros() as usize)
    }

    #[inline(always)]
    fn look(&mut self, base: usize) {
        self.base = base;
        let rest = self.text.get(base..).unwrap_or_default();
        self.found = match rest.first_chunk::<WIDTH>() {
            Some(bytes) => self.level.bits(S::find(self.level, self.level.load(bytes))),
            None => of_few::<S>(rest),
        };
    }
}

#[cold]
fn of_few<S: Sought>(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(S::is(*byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::level::Any;

    fn check<S: Sought>(text: &[u8], steps: &[usize]) -> Result<(), TestCaseError> {
        let mut places = Places::<S, _>::of(text, Any);
        let mut from = 0;
        for step in steps {
            let rest = text.get(from..).unwrap_or_default();
            let expected = rest.iter().position(|byte| S::is(*byte)).map(|i| from + i);
            prop_assert_eq!(places.next(from), expected, "from {}", from);
            from += step;
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn places_are_where_the_bytes_are(
            text in prop::collection::vec(prop::sample::select(b"ab,\n\xac\x8a\0\x1f \"\\\xff".to_vec()), 0..300),
            steps in prop::collection::vec(0..90_usize, 1..40),
        ) {
            check::<Or<Byte<b','>, Byte<b'\n'>>>(&text, &steps)?;
            check::<Or<AtMost<b'"'>, Byte<b'\\'>>>(&text, &steps)?;
        }
    }
}
