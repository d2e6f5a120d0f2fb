//! Objects in any order, sorted for a file: what a run learnt of them.
//!
//! A record is packed so that the order of its bytes is the order wanted: the hash of the key, then its rank, which is the
//! number of the push. The last of a key comes last.

use std::io::Write;
use std::path::PathBuf;

use earthcatalog_model::{IdHash, KeyHash};

use crate::error::Result;
use crate::extsort::{Sorted, Sorter};
use crate::log::{IdLogOptions, time_key, time_of};
use crate::objects::{Fate, ObjectRow};
use crate::objects_writer::ObjectsWriter;
use crate::parquet_out::Summary;

/// Takes objects in any order and gives each key once, as it was pushed last; what does not fit in memory goes to
/// temporary files.
pub struct ObjectLog {
    sorter: Sorter,
    record: Vec<u8>,
    pushed: u64,
}

/// The objects of a log in ascending order of the hashes of their keys. Ends after an error.
pub struct SortedObjects {
    sorted: Option<Sorted>,
    ahead: Option<ObjectRow>,
}

impl ObjectLog {
    /// An empty log that holds about `memory` bytes (and at least some kilobytes) before it goes to temporary files in
    /// `dir`, or in the system's folder for such.
    pub fn new(memory: u64, dir: Option<PathBuf>) -> Self {
        Self { sorter: Sorter::new(memory, dir), record: Vec::new(), pushed: 0 }
    }

    /// As [`ObjectLog::new`], with the options of the log of ids.
    pub fn with(options: IdLogOptions) -> Self {
        Self::new(options.memory, options.dir)
    }

    /// Adds what is now known of an object.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn push(&mut self, row: &ObjectRow) -> Result<()> {
        self.push_ranked(row, self.pushed)
    }

    /// As [`ObjectLog::push`], but of a key the one of the highest rank holds, not the one pushed last.
    pub(crate) fn push_ranked(&mut self, row: &ObjectRow, rank: u64) -> Result<()> {
        self.record.clear();
        encode(row, rank, &mut self.record);
        self.pushed += 1;
        self.sorter.push(&self.record)
    }

    /// True if nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.pushed == 0
    }

    /// Sorts what is left and begins to merge.
    ///
    /// # Errors
    /// When a temporary file cannot be read.
    pub fn finish(self) -> Result<SortedObjects> {
        let mut objects = SortedObjects { sorted: Some(self.sorter.finish()?), ahead: None };
        objects.ahead = objects.read()?;
        Ok(objects)
    }

    /// Writes all into a file.
    ///
    /// # Errors
    /// When a temporary file cannot be read, or the sink fails.
    pub fn write<W: Write + Send>(self, mut writer: ObjectsWriter<W>) -> Result<Summary> {
        for row in self.finish()? {
            writer.write(&row?)?;
        }
        writer.finish()
    }
}

impl SortedObjects {
    fn read(&mut self) -> Result<Option<ObjectRow>> {
        let Some(sorted) = &mut self.sorted else { return Ok(None) };
        Ok(sorted.next()?.and_then(decode))
    }

    fn last_of(&mut self, mut row: ObjectRow) -> Result<ObjectRow> {
        while let Some(next) = self.read()? {
            if next.key != row.key {
                self.ahead = Some(next);
                break;
            }
            row = next;
        }
        Ok(row)
    }
}

impl Iterator for SortedObjects {
    type Item = Result<ObjectRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.ahead.take()?;
        let row = self.last_of(first);
        if row.is_err() {
            (self.sorted, self.ahead) = (None, None);
        }
        Some(row)
    }
}

fn encode(row: &ObjectRow, rank: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.key.0);
    out.extend_from_slice(&rank.to_be_bytes());
    out.extend_from_slice(&time_key(row.last_modified).to_be_bytes());
    out.extend_from_slice(&row.id.unwrap_or_default().0);
    let fate = Fate::ALL.iter().position(|fate| *fate == row.fate).unwrap_or_default();
    out.push(
        u8::try_from(fate).unwrap_or_default() | flag(row.id.is_some(), ID) | flag(row.etag.is_some(), TAG),
    );
    out.extend_from_slice(row.etag.as_deref().unwrap_or_default().as_bytes());
}

/// Bits beside the fate: whether there is an id, and an entity tag.
const ID: u8 = 0x10;
const TAG: u8 = 0x20;

fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set { bit } else { 0 }
}

fn decode(record: &[u8]) -> Option<ObjectRow> {
    let (key, rest) = record.split_first_chunk::<16>()?;
    let (_, rest) = rest.split_first_chunk::<8>()?;
    let (modified, rest) = rest.split_first_chunk::<8>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (bits, etag) = rest.split_first()?;
    Some(ObjectRow {
        key: KeyHash(*key),
        id: (bits & ID != 0).then_some(IdHash(*id)),
        last_modified: time_of(u64::from_be_bytes(*modified)),
        etag: (bits & TAG != 0).then(|| String::from_utf8_lossy(etag).into_owned()),
        fate: *Fate::ALL.get(usize::from(bits & 0x0f))?,
    })
}

#[cfg(test)]
#[path = "objects_log_tests.rs"]
mod tests;
