//! What a processor can do beyond what all of its architecture can, found out where the program runs. The levels are those of x86-64
//! (System V ABI, AMD64 supplement, section 3.1.1).

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256i, __m512i};

#[cfg(target_arch = "x86_64")]
use pulp::{Simd, WithSimd, cast, x86};
use wide::u8x16;

/// Bytes looked at at once.
pub(crate) const WIDTH: usize = 64;

/// Looks at so many bytes at once.
pub(crate) trait Level: Copy {
    type Bytes: Copy;
    /// Which of the bytes are such.
    type Found: Copy;

    fn load(self, bytes: &[u8; WIDTH]) -> Self::Bytes;
    /// Those that are this one.
    fn equal(self, bytes: Self::Bytes, to: u8) -> Self::Found;
    /// Those that are this one or below it.
    fn at_most(self, bytes: Self::Bytes, most: u8) -> Self::Found;
    fn or(self, a: Self::Found, b: Self::Found) -> Self::Found;
    /// A bit for each byte that is, the lowest for the first.
    fn bits(self, found: Self::Found) -> u64;
    /// A bit for each byte in which two texts are the same, the lowest for the first.
    fn same(self, a: &[u8; WIDTH / 2], b: &[u8; WIDTH / 2]) -> u32;
}

/// What can be done at any level.
pub(crate) trait Task {
    type Output;

    /// Inlined always: only so it is compiled for the level.
    fn run<L: Level>(self, level: L) -> Self::Output;
}

/// Runs a task at the best level that there is.
pub(crate) fn at_best<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(level) = x86::V4::try_new() {
            return Simd::vectorize(level, At(task, level));
        }
        if let Some(level) = x86::V3::try_new() {
            return Simd::vectorize(level, At(task, level));
        }
    }
    task.run(Any)
}

/// That of every processor of an architecture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Any;

impl Level for Any {
    type Bytes = [u8x16; 4];
    type Found = [u8x16; 4];

    #[inline(always)]
    fn load(self, bytes: &[u8; WIDTH]) -> Self::Bytes {
        let (vectors, _) = bytes.as_chunks();
        [0, 1, 2, 3].map(|i| u8x16::new(vectors[i]))
    }

    #[inline(always)]
    fn equal(self, bytes: Self::Bytes, to: u8) -> Self::Found {
        bytes.map(|bytes| bytes.simd_eq(u8x16::splat(to)))
    }

    #[inline(always)]
    fn at_most(self, bytes: Self::Bytes, most: u8) -> Self::Found {
        bytes.map(|bytes| bytes.min(u8x16::splat(most)).simd_eq(bytes))
    }

    #[inline(always)]
    fn or(self, a: Self::Found, b: Self::Found) -> Self::Found {
        [0, 1, 2, 3].map(|i| a[i] | b[i])
    }

    #[inline(always)]
    fn bits(self, found: Self::Found) -> u64 {
        found.iter().rev().fold(0, |bits, found| bits << 16 | u64::from(found.to_bitmask()))
    }

    #[inline(always)]
    fn same(self, a: &[u8; WIDTH / 2], b: &[u8; WIDTH / 2]) -> u32 {
        let ((a, _), (b, _)) = (a.as_chunks(), b.as_chunks());
        let same = |i: usize| u8x16::new(a[i]).simd_eq(u8x16::new(b[i])).to_bitmask();
        same(1) << 16 | same(0)
    }
}

#[cfg(target_arch = "x86_64")]
impl Level for x86::V3 {
    type Bytes = [__m256i; 2];
    type Found = [__m256i; 2];

    #[inline(always)]
    fn load(self, bytes: &[u8; WIDTH]) -> Self::Bytes {
        cast(*bytes)
    }

    #[inline(always)]
    fn equal(self, [a, b]: Self::Bytes, to: u8) -> Self::Found {
        let to = self.avx._mm256_set1_epi8(to.cast_signed());
        [self.avx2._mm256_cmpeq_epi8(a, to), self.avx2._mm256_cmpeq_epi8(b, to)]
    }

    #[inline(always)]
    fn at_most(self, [a, b]: Self::Bytes, most: u8) -> Self::Found {
        let most = self.avx._mm256_set1_epi8(most.cast_signed());
        let at_most = |bytes| self.avx2._mm256_cmpeq_epi8(self.avx2._mm256_min_epu8(bytes, most), bytes);
        [at_most(a), at_most(b)]
    }

    #[inline(always)]
    fn or(self, a: Self::Found, b: Self::Found) -> Self::Found {
        [self.avx2._mm256_or_si256(a[0], b[0]), self.avx2._mm256_or_si256(a[1], b[1])]
    }

    #[inline(always)]
    fn bits(self, [a, b]: Self::Found) -> u64 {
        let bits = |found| u64::from(self.avx2._mm256_movemask_epi8(found).cast_unsigned());
        bits(b) << 32 | bits(a)
    }

    #[inline(always)]
    fn same(self, a: &[u8; WIDTH / 2], b: &[u8; WIDTH / 2]) -> u32 {
        let same = self.avx2._mm256_cmpeq_epi8(cast(*a), cast(*b));
        self.avx2._mm256_movemask_epi8(same).cast_unsigned()
    }
}

#[cfg(target_arch = "x86_64")]
impl Level for x86::V4 {
    type Bytes = __m512i;
    type Found = u64;

    #[inline(always)]
    fn load(self, bytes: &[u8; WIDTH]) -> Self::Bytes {
        cast(*bytes)
    }

    #[inline(always)]
    fn equal(self, bytes: Self::Bytes, to: u8) -> Self::Found {
        self.avx512bw._mm512_cmpeq_epu8_mask(bytes, self.avx512f._mm512_set1_epi8(to.cast_signed()))
    }

    #[inline(always)]
    fn at_most(self, bytes: Self::Bytes, most: u8) -> Self::Found {
        self.avx512bw._mm512_cmple_epu8_mask(bytes, self.avx512f._mm512_set1_epi8(most.cast_signed()))
    }

    #[inline(always)]
    fn or(self, a: Self::Found, b: Self::Found) -> Self::Found {
        a | b
    }

    #[inline(always)]
    fn bits(self, found: Self::Found) -> u64 {
        found
    }

    #[inline(always)]
    fn same(self, a: &[u8; WIDTH / 2], b: &[u8; WIDTH / 2]) -> u32 {
        let same = self.avx2._mm256_cmpeq_epi8(cast(*a), cast(*b));
        self.avx2._mm256_movemask_epi8(same).cast_unsigned()
    }
}

/// A task at a level.
#[cfg(target_arch = "x86_64")]
struct At<T, L>(T, L);

#[cfg(target_arch = "x86_64")]
impl<T: Task, L: Level> WithSimd for At<T, L> {
    type Output = T::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        self.0.run(self.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::array::uniform;
    use proptest::prelude::*;

    use super::*;

    /// What each level there is finds.
    fn of_each(bytes: &[u8; WIDTH], byte: u8) -> Vec<[u64; 3]> {
        let mut found = vec![found(Any, bytes, byte)];
        #[cfg(target_arch = "x86_64")]
        {
            found
                .extend(x86::V3::try_new().map(|level| Simd::vectorize(level, At(Find(bytes, byte), level))));
            found
                .extend(x86::V4::try_new().map(|level| Simd::vectorize(level, At(Find(bytes, byte), level))));
        }
        found
    }

    struct Find<'a>(&'a [u8; WIDTH], u8);

    impl Task for Find<'_> {
        type Output = [u64; 3];

        #[inline(always)]
        fn run<L: Level>(self, level: L) -> [u64; 3] {
            found(level, self.0, self.1)
        }
    }

    #[inline(always)]
    fn found<L: Level>(level: L, bytes: &[u8; WIDTH], byte: u8) -> [u64; 3] {
        let bytes = level.load(bytes);
        let (equal, below) = (level.equal(bytes, byte), level.at_most(bytes, byte / 2));
        [equal, below, level.or(equal, below)].map(|found| level.bits(found))
    }

    proptest! {
        #[test]
        fn every_level_finds_the_same(bytes in uniform::<_, WIDTH>(any::<u8>()), place in 0..WIDTH) {
            let byte = bytes[place];
            let bits = |is: &dyn Fn(u8) -> bool| bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is(*byte)));
            let expected = [bits(&|b| b == byte), bits(&|b| b <= byte / 2), bits(&|b| b == byte || b <= byte / 2)];
            for found in of_each(&bytes, byte) {
                prop_assert_eq!(found, expected);
            }
        }
    }
}
