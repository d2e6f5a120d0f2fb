//! The log of what a run staged, and which object of each id wins.
//!
//! An entry is packed so that the order of its bytes is the order wanted: the hash, then `updated`, then
//! `last_modified`, then the sequence number, each big-endian, absent times first. The newest of an id comes last.

use std::borrow::Borrow;
use std::path::PathBuf;

use earthcatalog_model::{IdHash, Timestamp};

use crate::error::Result;
use crate::extsort::{Sorted, Sorter};

/// An item as a run staged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The hash of its id.
    pub id_hash: IdHash,
    /// Its `updated`; an item without one is older than every item that has it.
    pub updated: Option<Timestamp>,
    /// When its object was last written; absent is oldest.
    pub last_modified: Option<Timestamp>,
    /// The caller's number for it, unique in the log: the later one wins where the times are equal.
    pub seq: u64,
    /// The partitions its rows go to, by the caller's numbering.
    pub partitions: Vec<u32>,
}

/// How an [`IdLog`] works.
#[derive(Debug, Clone)]
pub struct IdLogOptions {
    /// Bytes to hold before entries are written to temporary files, buffers included (a little more when it is under
    /// 1 MiB). An entry of one partition takes 61.
    pub memory: u64,
    /// The folder for temporary files; the system's (`TMPDIR`, `/tmp`) if None. They take 41 bytes an entry and 4 a
    /// partition, have no name, and are gone when the log is dropped or the process dies.
    pub dir: Option<PathBuf>,
}

impl Default for IdLogOptions {
    fn default() -> Self {
        Self { memory: 64 << 20, dir: None }
    }
}

/// Takes every item that a run staged, in any order.
pub struct IdLog {
    sorter: Sorter,
    record: Vec<u8>,
    len: u64,
}

/// One id of the log: the object that won and those it supersedes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The newest by `updated`, then `last_modified`, then `seq`.
    pub winner: Entry,
    /// The others, oldest first.
    pub losers: Vec<Entry>,
}

/// The ids of a log in ascending order of their hashes. All entries of one id are in memory at once.
///
/// Ends after an error.
pub struct Merge {
    sorted: Option<Sorted>,
    ahead: Option<Entry>,
}

impl IdLog {
    /// An empty log.
    pub fn new(options: IdLogOptions) -> Self {
        Self { sorter: Sorter::new(options.memory, options.dir), record: Vec::new(), len: 0 }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn push(&mut self, entry: impl Borrow<Entry>) -> Result<()> {
        self.record.clear();
        encode(entry.borrow(), &mut self.record);
        self.len += 1;
        self.sorter.push(&self.record)
    }

    /// How many items were added.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if none was.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sorts what is left and begins to merge.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn finish(self) -> Result<Merge> {
        let mut merge = Merge { sorted: Some(self.sorter.finish()?), ahead: None };
        merge.ahead = merge.read()?;
        Ok(merge)
    }
}

impl Merge {
    fn read(&mut self) -> Result<Option<Entry>> {
        let Some(sorted) = &mut self.sorted else { return Ok(None) };
        Ok(sorted.next()?.and_then(decode))
    }

    fn resolve(&mut self, first: Entry) -> Result<Resolved> {
        let mut resolved = Resolved { winner: first, losers: Vec::new() };
        while let Some(entry) = self.read()? {
            if entry.id_hash != resolved.winner.id_hash {
                self.ahead = Some(entry);
                break;
            }
            resolved.losers.push(std::mem::replace(&mut resolved.winner, entry));
        }
        Ok(resolved)
    }
}

impl Iterator for Merge {
    type Item = Result<Resolved>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.ahead.take()?;
        let resolved = self.resolve(first);
        if resolved.is_err() {
            (self.sorted, self.ahead) = (None, None);
        }
        Some(resolved)
    }
}

fn encode(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(&entry.id_hash.0);
    out.extend_from_slice(&time_key(entry.updated).to_be_bytes());
    out.extend_from_slice(&time_key(entry.last_modified).to_be_bytes());
    out.extend_from_slice(&entry.seq.to_be_bytes());
    entry.partitions.iter().for_each(|p| out.extend_from_slice(&p.to_le_bytes()));
}

fn decode(record: &[u8]) -> Option<Entry> {
    let (hash, rest) = record.split_first_chunk::<16>()?;
    let (updated, rest) = rest.split_first_chunk::<8>()?;
    let (modified, rest) = rest.split_first_chunk::<8>()?;
    let (seq, rest) = rest.split_first_chunk::<8>()?;
    Some(Entry {
        id_hash: IdHash(*hash),
        updated: time_of(u64::from_be_bytes(*updated)),
        last_modified: time_of(u64::from_be_bytes(*modified)),
        seq: u64::from_be_bytes(*seq),
        partitions: rest.as_chunks::<4>().0.iter().map(|p| u32::from_le_bytes(*p)).collect(),
    })
}

const SIGN: u64 = 1 << 63;

/// A number that orders as the times do, None first: no timestamp is the smallest i64, so zero is free.
pub(crate) fn time_key(time: Option<Timestamp>) -> u64 {
    time.map_or(0, |t| t.micros().cast_unsigned() ^ SIGN)
}

pub(crate) fn time_of(key: u64) -> Option<Timestamp> {
    Timestamp::from_micros((key ^ SIGN).cast_signed())
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
