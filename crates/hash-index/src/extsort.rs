//! Sorting more records than fit in memory: byte strings, in the order of their bytes.
//!
//! Records are packed into one arena. When it is full, they are sorted and written to a temporary file, a run, on a
//! thread of its own while the next arena fills; runs are merged 64 to one when there are as many of one level, so that
//! open files and buffers stay few however small the memory is. What the bytes mean is the caller's: whoever wants an
//! order encodes it.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};

use crate::error::{Error, Result};

/// Runs of one level that become one of the next.
const FAN_IN: usize = 64;

/// Reading and writing buffers, smallest and largest.
const BUFFER: std::ops::RangeInclusive<usize> = 4 << 10..=1 << 20;

/// A record in the arena: where it starts, and its first bytes, which settle most comparisons without a look at it.
#[derive(Clone, Copy)]
struct Slot {
    prefix: u64,
    at: u32,
}

/// Packed records in memory: each is its length (LEB128), then its bytes.
#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

/// A sorted run in a temporary file that has no name any more: it is gone when it is closed, and when the process dies.
struct Run {
    file: File,
    level: u32,
}

/// A thread that writes a run; it gives the arena back, emptied.
type Spilling = JoinHandle<io::Result<(Run, Arena)>>;

/// Takes records in any order.
pub(crate) struct Sorter {
    arena: Arena,
    runs: Vec<Run>,
    spilling: Option<Spilling>,
    limit: usize,
    dir: PathBuf,
}

/// Gives the records back in order.
pub(crate) struct Sorted {
    merger: Merger,
    dir: PathBuf,
}

impl Sorter {
    /// A sorter that holds about `memory` bytes and puts its runs into `dir`.
    pub(crate) fn new(memory: u64, dir: Option<PathBuf>) -> Self {
        let limit = usize::try_from(memory).unwrap_or(usize::MAX).min(u32::MAX as usize);
        let dir = dir.unwrap_or_else(std::env::temp_dir);
        Self { arena: Arena::default(), runs: Vec::new(), spilling: None, limit, dir }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: &[u8]) -> Result<()> {
        // Two arenas, and a quarter is left for the buffers of the merge.
        if self.arena.size_with(record) > self.limit / 8 * 3 && !self.arena.slots.is_empty() {
            self.spill()?;
        }
        self.arena.push(record);
        Ok(())
    }

    /// Everything that was pushed, in order. What is in memory stays there.
    pub(crate) fn finish(mut self) -> Result<Sorted> {
        self.arena.sort();
        drop(self.settle()?);
        let buffer = self.buffer(self.runs.len());
        let files = std::mem::take(&mut self.runs);
        let merger = Merger::new(files, Some(self.arena), buffer).map_err(|e| reading(&self.dir, e))?;
        Ok(Sorted { merger, dir: self.dir })
    }

    /// Begins to write what is in memory, once what was begun before is done.
    fn spill(&mut self) -> Result<()> {
        let empty = self.settle()?;
        let full = std::mem::replace(&mut self.arena, empty);
        let (dir, buffer) = (self.dir.clone(), self.buffer(1));
        let thread = Builder::new().name("earthcatalog-sort".to_owned());
        let spilling =
            thread.spawn(move || full.into_run(&dir, buffer)).map_err(|e| writing(&self.dir, e))?;
        self.spilling = Some(spilling);
        Ok(())
    }

    /// Waits for the run that is being written; an empty arena.
    fn settle(&mut self) -> Result<Arena> {
        let Some(spilling) = self.spilling.take() else { return Ok(Arena::default()) };
        let died = |_| Err(io::Error::other("the thread that sorted it died"));
        let (run, arena) = spilling.join().unwrap_or_else(died).map_err(|e| writing(&self.dir, e))?;
        self.runs.push(run);
        while let Some(level) = self.full_level() {
            self.merge_last(level)?;
        }
        Ok(arena)
    }

    /// The level of the last runs, if there are enough of it.
    fn full_level(&self) -> Option<u32> {
        let start = self.runs.len().checked_sub(FAN_IN)?;
        let tail = self.runs.get(start..)?;
        let level = tail.first()?.level;
        tail.iter().all(|run| run.level == level).then_some(level)
    }

    fn merge_last(&mut self, level: u32) -> Result<()> {
        let tail = self.runs.split_off(self.runs.len() - FAN_IN);
        let buffer = self.buffer(FAN_IN + 1);
        let mut merger = Merger::new(tail, None, buffer).map_err(|e| reading(&self.dir, e))?;
        let run = merger.write_run(&self.dir, buffer, level + 1).map_err(|e| writing(&self.dir, e))?;
        self.runs.push(run);
        Ok(())
    }

    /// Bytes for each of so many buffers.
    fn buffer(&self, count: usize) -> usize {
        (self.limit / 4 / count.max(1)).clamp(*BUFFER.start(), *BUFFER.end())
    }
}

impl Sorted {
    /// The next record; None behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        self.merger.next().map_err(|e| reading(&self.dir, e))
    }
}

fn writing(dir: &std::path::Path, source: io::Error) -> Error {
    Error::file("write a temporary file", dir, source)
}

fn reading(dir: &std::path::Path, source: io::Error) -> Error {
    Error::file("read a temporary file", dir, source)
}

impl Arena {
    fn size_with(&self, record: &[u8]) -> usize {
        self.bytes.len() + record.len() + 5 + (self.slots.len() + 1) * size_of::<Slot>()
    }

    fn push(&mut self, record: &[u8]) {
        // The limit keeps the arena under 4 GiB, but for a single record that is larger than that.
        let at = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot { prefix: prefix(record), at });
        let (length, used) = leb128(record.len());
        self.bytes.extend_from_slice(length.get(..used).unwrap_or_default());
        self.bytes.extend_from_slice(record);
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.slots.sort_unstable_by(|a, b| {
            a.prefix.cmp(&b.prefix).then_with(|| record_at(bytes, a.at).cmp(record_at(bytes, b.at)))
        });
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.slots.clear();
    }

    /// Sorts and writes the records, and empties the arena, which keeps its room.
    fn into_run(mut self, dir: &std::path::Path, buffer: usize) -> io::Result<(Run, Self)> {
        self.sort();
        let run = self.write_run(dir, buffer)?;
        self.clear();
        Ok((run, self))
    }

    fn write_run(&self, dir: &std::path::Path, buffer: usize) -> io::Result<Run> {
        let mut out = BufWriter::with_capacity(buffer, tempfile::tempfile_in(dir)?);
        self.slots.iter().try_for_each(|slot| write_record(&mut out, record_at(&self.bytes, slot.at)))?;
        finish_run(out, 0)
    }
}

fn finish_run(out: BufWriter<File>, level: u32) -> io::Result<Run> {
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(Run { file, level })
}

fn write_record(out: &mut impl Write, record: &[u8]) -> io::Result<()> {
    let (length, used) = leb128(record.len());
    out.write_all(length.get(..used).unwrap_or_default())?;
    out.write_all(record)
}

fn record_at(bytes: &[u8], at: u32) -> &[u8] {
    let frame = bytes.get(at as usize..).unwrap_or_default();
    let (mut length, mut used) = (0, 0);
    for byte in frame {
        length |= usize::from(byte & 0x7f) << (7 * used);
        used += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    frame.get(used..used + length).unwrap_or_default()
}

fn leb128(mut value: usize) -> ([u8; 10], usize) {
    let (mut bytes, mut used) = ([0; 10], 0);
    for byte in &mut bytes {
        *byte = (value & 0x7f) as u8;
        value >>= 7;
        used += 1;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, used)
}

/// The first eight bytes as a number that orders as they do; shorter records are filled up with zeros.
fn prefix(record: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(record).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}

/// One of the sorted sequences that a merge reads from, and its next record.
enum Source {
    File { input: BufReader<File>, record: Vec<u8> },
    Memory { arena: Arena, next: usize },
}

impl Source {
    fn file(run: Run, buffer: usize) -> Self {
        Self::File { input: BufReader::with_capacity(buffer, run.file), record: Vec::new() }
    }

    fn record(&self) -> &[u8] {
        match self {
            Self::File { record, .. } => record,
            Self::Memory { arena, next } => {
                arena.slots.get(next.wrapping_sub(1)).map_or(&[], |slot| record_at(&arena.bytes, slot.at))
            }
        }
    }

    /// Goes to the next record; false behind the last.
    fn advance(&mut self) -> io::Result<bool> {
        match self {
            Self::File { input, record } => read_record(input, record),
            Self::Memory { arena, next } => {
                *next += 1;
                Ok(*next <= arena.slots.len())
            }
        }
    }
}

fn read_record(input: &mut BufReader<File>, record: &mut Vec<u8>) -> io::Result<bool> {
    if input.fill_buf()?.is_empty() {
        return Ok(false);
    }
    let (mut length, mut shift) = (0usize, 0);
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        let [byte] = byte;
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    record.resize(length, 0);
    input.read_exact(record)?;
    Ok(true)
}

/// A binary heap of sources by their next record; the root is the one to give out.
struct Merger {
    sources: Vec<Source>,
    heap: Vec<(u64, usize)>,
    started: bool,
}

impl Merger {
    fn new(runs: Vec<Run>, memory: Option<Arena>, buffer: usize) -> io::Result<Self> {
        let mut sources: Vec<Source> = runs.into_iter().map(|run| Source::file(run, buffer)).collect();
        sources.extend(memory.map(|arena| Source::Memory { arena, next: 0 }));
        let mut heap = Vec::with_capacity(sources.len());
        for (i, source) in sources.iter_mut().enumerate() {
            if source.advance()? {
                heap.push((prefix(source.record()), i));
            }
        }
        let mut merger = Self { sources, heap, started: false };
        (0..merger.heap.len() / 2).rev().for_each(|i| merger.sift_down(i));
        Ok(merger)
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        if self.started {
            self.advance_root()?;
        }
        self.started = true;
        Ok(self.heap.first().and_then(|(_, i)| self.sources.get(*i)).map(Source::record))
    }

    fn advance_root(&mut self) -> io::Result<()> {
        let Some((root, i)) = self.heap.first_mut() else { return Ok(()) };
        let Some(source) = self.sources.get_mut(*i) else { return Ok(()) };
        if source.advance()? {
            *root = prefix(source.record());
        } else {
            self.heap.swap_remove(0);
        }
        self.sift_down(0);
        Ok(())
    }

    fn sift_down(&mut self, mut parent: usize) {
        loop {
            let children = [2 * parent + 1, 2 * parent + 2];
            let smallest =
                children.into_iter().fold(parent, |a, b| if self.order(b, a).is_lt() { b } else { a });
            if smallest == parent {
                return;
            }
            self.heap.swap(parent, smallest);
            parent = smallest;
        }
    }

    /// How the sources at two places of the heap compare; places beyond its end come last.
    fn order(&self, a: usize, b: usize) -> Ordering {
        match (self.heap.get(a), self.heap.get(b)) {
            (Some((p, a)), Some((q, b))) => p.cmp(q).then_with(|| self.record(*a).cmp(self.record(*b))),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }

    fn record(&self, source: usize) -> &[u8] {
        self.sources.get(source).map_or(&[], Source::record)
    }

    fn write_run(&mut self, dir: &std::path::Path, buffer: usize, level: u32) -> io::Result<Run> {
        let mut out = BufWriter::with_capacity(buffer, tempfile::tempfile_in(dir)?);
        while let Some(record) = self.next()? {
            write_record(&mut out, record)?;
        }
        finish_run(out, level)
    }
}

#[cfg(test)]
#[path = "extsort_tests.rs"]
mod tests;
