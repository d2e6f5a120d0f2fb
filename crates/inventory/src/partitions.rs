//! Records of two listings, parted by their hashes: in memory while they are few, in temporary files when they are many.

use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::SpooledTempFile;

use crate::error::{Error, Result};

/// One for each first byte of a hash.
pub(crate) const PARTITIONS: usize = 256;

/// Bytes of a record in a file.
const BYTES: usize = 48;

/// Bytes gathered before they are written to a file.
const BUFFER: usize = 32 << 10;

/// No object is that large.
pub(crate) const UNKNOWN_SIZE: u64 = u64::MAX;

/// No timestamp is that early.
pub(crate) const UNKNOWN_TIME: i64 = i64::MIN;

/// Which listing a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Old,
    New,
}

/// What is kept of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: [u8; 16],
    pub(crate) side: Side,
    /// The row's number among those of its listing that pass the filter.
    pub(crate) seq: u64,
    pub(crate) size: u64,
    pub(crate) last_modified: i64,
    /// A hash; 0 where it is unknown.
    pub(crate) etag: u64,
}

/// The bit that tells the new listing.
const NEW: u64 = 1 << 63;

impl Record {
    fn to_bytes(self) -> [u8; BYTES] {
        let side = if self.side == Side::New { NEW } else { 0 };
        let words = [self.seq | side, self.size, self.last_modified.cast_unsigned(), self.etag];
        let mut bytes = [0; BYTES];
        let (key, rest) = bytes.split_at_mut(16);
        key.copy_from_slice(&self.key);
        rest.chunks_exact_mut(8).zip(words).for_each(|(to, word)| to.copy_from_slice(&word.to_le_bytes()));
        bytes
    }

    fn of_bytes(bytes: &[u8; BYTES]) -> Self {
        let mut key = [0; 16];
        let (head, rest) = bytes.split_at(16);
        key.copy_from_slice(head);
        let mut words = rest.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or_default();
        let seq = next();
        let side = if seq & NEW == 0 { Side::Old } else { Side::New };
        let (size, last_modified, etag) = (next(), next().cast_signed(), next());
        Self { key, side, seq: seq & !NEW, size, last_modified, etag }
    }
}

/// Takes records.
pub(crate) struct Partitions {
    files: Vec<BufWriter<SpooledTempFile>>,
    dir: Arc<Path>,
}

impl Partitions {
    /// Partitions that hold half of `memory` before they are written to files in `dir`: the rest is for the listings'
    /// readers and the partition that is compared.
    pub(crate) fn new(memory: u64, dir: Option<PathBuf>) -> Result<Self> {
        let dir: Arc<Path> = dir.unwrap_or_else(std::env::temp_dir).into();
        // A buffer in memory may have twice the room that it needs.
        let each = usize::try_from(memory / 4).unwrap_or(usize::MAX) / PARTITIONS;
        let file = |_| BufWriter::with_capacity(BUFFER, tempfile::spooled_tempfile_in(each, &*dir));
        Ok(Self { files: (0..PARTITIONS).map(file).collect(), dir })
    }

    pub(crate) fn push(&mut self, record: &Record) -> Result<()> {
        let [first, ..] = record.key;
        let Some(file) = self.files.get_mut(usize::from(first)) else { return Ok(()) };
        file.write_all(&record.to_bytes()).map_err(|e| failed("write a temporary file", &self.dir, e))
    }

    /// The partitions, one after another.
    pub(crate) fn finish(self) -> Result<Finished> {
        Ok(Finished { files: self.files.into_iter(), dir: self.dir })
    }
}

/// Gives partitions out.
pub(crate) struct Finished {
    files: std::vec::IntoIter<BufWriter<SpooledTempFile>>,
    dir: Arc<Path>,
}

impl Iterator for Finished {
    type Item = Result<Partition>;

    fn next(&mut self) -> Option<Self::Item> {
        let dir = self.dir.clone();
        let file = self.files.next()?.into_inner().map_err(io::IntoInnerError::into_error);
        Some(match file {
            Ok(file) => Ok(Partition { file, dir }),
            Err(error) => Err(failed("write a temporary file", &dir, error)),
        })
    }
}

/// Records whose hashes begin with the same byte.
pub(crate) struct Partition {
    file: SpooledTempFile,
    dir: Arc<Path>,
}

impl Partition {
    /// All of its records, in the order in which they came.
    pub(crate) fn read(mut self) -> Result<Vec<Record>> {
        self.records().map_err(|e| failed("read a temporary file", &self.dir, e))
    }

    fn records(&mut self) -> io::Result<Vec<Record>> {
        self.file.rewind()?;
        let mut records = Vec::new();
        let mut bytes = vec![0; BYTES * 1024];
        loop {
            let count = read_full(&mut self.file, &mut bytes)?;
            let (whole, rest) = bytes.get(..count).unwrap_or_default().as_chunks::<BYTES>();
            records.extend(whole.iter().map(Record::of_bytes));
            if !rest.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if count < bytes.len() {
                return Ok(records);
            }
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(room) = buffer.get_mut(count..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

fn failed(action: &'static str, dir: &Path, source: io::Error) -> Error {
    Error::Temporary { action, path: dir.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back() {
        let record = |i: u64| Record {
            key: [i as u8; 16],
            side: if i.is_multiple_of(2) { Side::Old } else { Side::New },
            seq: i,
            size: UNKNOWN_SIZE - i,
            last_modified: UNKNOWN_TIME + i.cast_signed(),
            etag: i << 40,
        };
        for memory in [0, 1 << 30] {
            let mut partitions = Partitions::new(memory, None).unwrap();
            (0..10_000).for_each(|i| partitions.push(&record(i)).unwrap());
            let mut read: Vec<_> = partitions
                .finish()
                .unwrap()
                .flat_map(|partition| partition.unwrap().read().unwrap())
                .collect();
            read.sort_by_key(|record| record.seq);
            assert!(read.iter().copied().eq((0..10_000).map(record)), "{memory}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let mut partitions = Partitions::new(0, Some("/nowhere/at/all".into())).unwrap();
        let record = Record { key: [0; 16], side: Side::Old, seq: 0, size: 0, last_modified: 0, etag: 0 };
        let error = (0..10_000).find_map(|_| partitions.push(&record).err()).unwrap();
        assert!(error.to_string().contains("write a temporary file in /nowhere/at/all"), "{error}");
    }
}
