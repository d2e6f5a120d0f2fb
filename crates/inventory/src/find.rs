//! Where the next byte of a kind is. Fields are short: to search for the end of each costs more than to look at all bytes once, 64 at a
//! time, and to keep a bit of each.

use wide::u8x16;

/// Bytes looked at at once.
const WIDTH: usize = 64;

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

/// The places of two bytes in a text, for who asks for one after another.
pub(crate) struct Places<'a, const A: u8, const B: u8> {
    text: &'a [u8],
    /// Where the bytes begin that were looked at last; beyond the text before any were.
    base: usize,
    /// A bit for each of them, the lowest for the first.
    found: u64,
}

impl<'a, const A: u8, const B: u8> Places<'a, A, B> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self { text, base: usize::MAX, found: 0 }
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
            Some(bytes) => bits::<A, B>(bytes),
            None => of_few::<A, B>(rest),
        };
    }
}

#[cold]
fn of_few<const A: u8, const B: u8>(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == A || *byte == B))
}

/// A bit for each byte that is one of the two.
#[inline(always)]
fn bits<const A: u8, const B: u8>(bytes: &[u8; WIDTH]) -> u64 {
    let (a, b) = (u8x16::splat(A), u8x16::splat(B));
    let (vectors, _) = bytes.as_chunks::<16>();
    vectors.iter().rev().fold(0, |bits, vector| {
        let vector = u8x16::new(*vector);
        let found = vector.simd_eq(a) | vector.simd_eq(b);
        bits << 16 | u64::from(found.to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_where_the_bytes_are(
            text in prop::collection::vec(prop::sample::select(b"ab,\n\xac\x8a".to_vec()), 0..300),
            steps in prop::collection::vec(0..90_usize, 1..40),
        ) {
            let mut places = Places::<b',', b'\n'>::of(&text);
            let mut from = 0;
            for step in steps {
                let rest = text.get(from..).unwrap_or_default();
                let expected = rest.iter().position(|byte| matches!(byte, b',' | b'\n')).map(|i| from + i);
                prop_assert_eq!(places.next(from), expected, "from {}", from);
                from += step;
            }
        }
    }
}
