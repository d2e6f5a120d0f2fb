//! Blocks of bytes in a temporary file, compressed, for what is written once and read many times.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::error::{Error, Result};

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    at: u64,
    length: u32,
    plain: u32,
}

/// The file, which has no name and is gone when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Blocks(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    end: u64,
}

impl Blocks {
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::tempfile().map_err(|e| failed("make a temporary file", e))?;
        Ok(Self(Mutex::new(Inner { file, end: 0 })))
    }

    /// Puts a block behind the others; many threads may.
    pub(crate) fn push(&self, bytes: &[u8]) -> Result<Block> {
        let failed = |e| failed("write a temporary file", e);
        let plain = u32::try_from(bytes.len()).map_err(|e| failed(io::Error::other(e)))?;
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
        let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)?;
        let length = u32::try_from(compressed.len()).map_err(|e| failed(io::Error::other(e)))?;
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = inner.end;
        inner.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        inner.file.write_all(&compressed).map_err(failed)?;
        inner.end += u64::from(length);
        Ok(Block { at, length, plain })
    }

    /// A block as it was put.
    pub(crate) fn read(&self, block: Block) -> Result<Vec<u8>> {
        let failed = |e| failed("read a temporary file", e);
        let mut compressed = vec![0; block.length as usize];
        {
            let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            inner.file.seek(SeekFrom::Start(block.at)).map_err(failed)?;
            inner.file.read_exact(&mut compressed).map_err(failed)?;
        }
        let mut bytes = Vec::with_capacity(block.plain as usize);
        DeflateDecoder::new(compressed.as_slice()).read_to_end(&mut bytes).map_err(failed)?;
        match bytes.len() == block.plain as usize {
            true => Ok(bytes),
            false => Err(failed(io::ErrorKind::UnexpectedEof.into())),
        }
    }
}

fn failed(action: &'static str, source: io::Error) -> Error {
    Error::Temporary { action, path: std::env::temp_dir(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_in_any_order() {
        let blocks = Blocks::new().unwrap();
        let text = |i: usize| format!("block {i} ").repeat(i * 100).into_bytes();
        let put: Vec<_> = (0..20).map(|i| blocks.push(&text(i)).unwrap()).collect();
        for (i, block) in put.iter().enumerate().rev() {
            assert_eq!(blocks.read(*block).unwrap(), text(i));
        }
    }
}
