//! MD5 of files, as manifests give it: in hexadecimal.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use md5::{Digest as _, Md5};
use object_store::ObjectStoreExt;

use crate::error::{Error, Result};
use crate::pump::Source;

/// An MD5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksum([u8; 16]);

impl Checksum {
    /// Of bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Md5::digest(bytes).into())
    }

    /// From 32 hexadecimal digits; None for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }

    /// Refuses another checksum than `self`.
    pub(crate) fn expect(self, found: Self, name: &str) -> Result<()> {
        if self == found {
            return Ok(());
        }
        Err(Error::Checksum { name: name.to_owned(), expected: self.to_string(), found: found.to_string() })
    }
}

/// In lower-case hexadecimal.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// What a file's bytes must hash to, and whether they have once: a listing is read twice, and its files need not be hashed
/// again. That they are the same files is seen by their etags.
#[derive(Debug)]
pub(crate) struct Expected {
    checksum: Checksum,
    is_met: AtomicBool,
}

impl Expected {
    pub(crate) fn new(checksum: Checksum) -> Arc<Self> {
        Arc::new(Self { checksum, is_met: AtomicBool::new(false) })
    }

    /// True once the bytes have been found to be right.
    pub(crate) fn is_met(&self) -> bool {
        self.is_met.load(Ordering::Relaxed)
    }
}

/// Bytes on their way to a checksum that is known beforehand.
pub(crate) struct Digest {
    state: Md5,
    expected: Arc<Expected>,
}

impl Digest {
    pub(crate) fn new(expected: Arc<Expected>) -> Self {
        Self { state: Md5::new(), expected }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    pub(crate) fn finish(self, name: &str) -> Result<()> {
        self.expected.checksum.expect(Checksum(self.state.finalize().into()), name)?;
        self.expected.is_met.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Reads a file whole for its checksum, for formats that are then read by pieces.
pub(crate) async fn verify(source: &Source) -> Result<()> {
    let Some(expected) = source.to_meet() else { return Ok(()) };
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let answer = source.store.get(&source.path).await.map_err(read)?;
    source.same(&answer.meta)?;
    let mut digest = Digest::new(expected);
    let mut body = answer.into_stream();
    while let Some(chunk) = body.next().await {
        digest.update(&chunk.map_err(read)?);
    }
    digest.finish(&source.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_hexadecimal() {
        // The test suite of RFC 1321, appendix A.5.
        let abc = Checksum::of(b"abc");
        assert_eq!(abc.to_string(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(Checksum::parse("900150983CD24FB0D6963F7D28E17F72\n"), Some(abc));
        for wrong in ["", "abc", "+00150983cd24fb0d6963f7d28e17f72", "kAFQmDzST7DWlj99KOF/cg=="] {
            assert_eq!(Checksum::parse(wrong), None, "{wrong}");
        }
    }
}
