//! A listing, sorted by the hashes of its keys, each key once.
//!
//! A record is packed so that the order of its bytes is the order wanted: the hash, then `last_modified` (absent times
//! first), then the number in the listing, each big-endian. The newest of a key comes last.

use std::path::PathBuf;

use earthcatalog_model::{KeyHash, Timestamp, etag_hash};
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::extsort::{Sorted, Sorter};
use crate::log::time_key;

/// Lines that go from the sorting thread to the comparison at once, and how often it may be ahead.
const CHUNK: usize = 8 << 10;
const AHEAD: usize = 4;

/// An object of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The hash of its bucket and key.
    pub key: KeyHash,
    /// When it was last written, where the listing says so.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag without quotes, where the listing says so.
    pub etag: Option<&'a str>,
}

/// How a [`Listing`] works.
#[derive(Debug, Clone)]
pub struct ListingOptions {
    /// Bytes to hold before lines are written to temporary files, buffers included. A line takes 57.
    pub memory: u64,
    /// The folder for temporary files; the system's (`TMPDIR`, `/tmp`) if None. They take 41 bytes a line, have no name,
    /// and are gone when the listing is dropped or the process dies.
    pub dir: Option<PathBuf>,
}

impl Default for ListingOptions {
    fn default() -> Self {
        Self { memory: 256 << 20, dir: None }
    }
}

/// Takes the objects of an inventory, in its order, to be compared with the index ([`Listing::compare`]).
pub struct Listing {
    sorter: Sorter,
    pushed: u64,
    pub(crate) options: ListingOptions,
}

impl Listing {
    /// An empty listing.
    pub fn new(options: ListingOptions) -> Self {
        Self { sorter: Sorter::new(options.memory, options.dir.clone()), pushed: 0, options }
    }

    /// Adds an object; its number, which counts from 0. Whoever reads the inventory again counts alike.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn push(&mut self, object: &Listed<'_>) -> Result<u64> {
        let seq = self.pushed;
        self.pushed += 1;
        let mut record = [0; RECORD];
        let (key, rest) = record.split_at_mut(16);
        key.copy_from_slice(&object.key.0);
        let numbers = [time_key(object.last_modified), seq, object.etag.map_or(NO_ETAG, mark)];
        rest.as_chunks_mut::<8>().0.iter_mut().zip(numbers).for_each(|(to, n)| *to = n.to_be_bytes());
        self.sorter.push(&record)?;
        Ok(seq)
    }

    /// Objects added so far.
    pub fn len(&self) -> u64 {
        self.pushed
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.pushed == 0
    }

    /// Sorts on a thread of its own. To be called in a Tokio runtime.
    pub(crate) fn sorted(self) -> Lines {
        let (send, receive) = mpsc::channel(AHEAD);
        let task = tokio::task::spawn_blocking(move || send_all(self.sorter, &send));
        Lines { receive, task: Some(task) }
    }
}

const RECORD: usize = 40;

/// Stands for an entity tag that is not there.
const NO_ETAG: u64 = 0;

/// What an entity tag is compared by.
pub(crate) fn mark(etag: &str) -> u64 {
    etag_hash(etag).max(1)
}

/// The newest of a key in the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) key: KeyHash,
    /// As [`time_key`] makes it, 0 where there is none.
    pub(crate) modified: u64,
    pub(crate) seq: u64,
    /// As [`mark`] makes it, 0 where there is none.
    pub(crate) etag: u64,
}

/// Lines in order.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) lines: Vec<Line>,
    /// Older ones of the same keys, left out.
    pub(crate) duplicates: u64,
}

/// Chunks from the sorting thread.
pub(crate) struct Lines {
    receive: mpsc::Receiver<Result<Chunk>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Lines {
    /// The next chunk; None behind the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Chunk>> {
        if let Some(chunk) = self.receive.recv().await {
            return chunk.map(Some);
        }
        // The channel closes when the thread ends, and it ends too when it panics.
        match self.task.take() {
            Some(task) => task.await.map(|()| None).map_err(|_| Error::Worker { what: "sort the listing" }),
            None => Ok(None),
        }
    }
}

fn send_all(sorter: Sorter, send: &mpsc::Sender<Result<Chunk>>) {
    let ended = sorter.finish().and_then(|mut sorted| {
        let mut ahead = None;
        loop {
            let (chunk, is_last) = chunk(&mut sorted, &mut ahead)?;
            if send.blocking_send(Ok(chunk)).is_err() || is_last {
                return Ok(());
            }
        }
    });
    if let Err(error) = ended {
        // Nobody listens any more where this fails.
        let _ = send.blocking_send(Err(error));
    }
}

/// The next lines, and whether they are the last. `ahead` is the line that was read but may not be its key's newest.
fn chunk(sorted: &mut Sorted, ahead: &mut Option<Line>) -> Result<(Chunk, bool)> {
    let mut chunk = Chunk { lines: Vec::with_capacity(CHUNK), duplicates: 0 };
    while chunk.lines.len() < CHUNK {
        let Some(line) = sorted.next()?.and_then(decode) else {
            chunk.lines.extend(ahead.take());
            return Ok((chunk, true));
        };
        match ahead.replace(line) {
            Some(older) if older.key == line.key => chunk.duplicates += 1,
            Some(newest) => chunk.lines.push(newest),
            None => {}
        }
    }
    Ok((chunk, false))
}

fn decode(record: &[u8]) -> Option<Line> {
    let (key, rest) = record.split_first_chunk::<16>()?;
    let [modified, seq, etag] = rest.as_chunks::<8>().0 else { return None };
    Some(Line {
        key: KeyHash(*key),
        modified: u64::from_be_bytes(*modified),
        seq: u64::from_be_bytes(*seq),
        etag: u64::from_be_bytes(*etag),
    })
}
