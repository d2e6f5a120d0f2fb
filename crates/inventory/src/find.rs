//! Where the next byte of a kind is. This is memchr, but for the vectors that every processor of an architecture has, so that the
//! search is compiled into the loop that asks: fields are short, and a call through a pointer for each costs more than its search.

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::memchr::{One, Two};
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::memchr::{One, Two};

/// The first quote.
#[inline(always)]
pub(crate) fn quote(text: &[u8]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(quote) = One::new(b'"') {
        return quote.find(text);
    }
    memchr::memchr(b'"', text)
}

/// The first comma or end of a line.
#[inline(always)]
pub(crate) fn stop(text: &[u8]) -> Option<usize> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    if let Some(stop) = Two::new(b',', b'\n') {
        return stop.find(text);
    }
    memchr::memchr2(b',', b'\n', text)
}
