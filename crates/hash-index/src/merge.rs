//! Several files of the index as one: sorted by hash, and of equal hashes the row of the newest file.
//!
//! Rows are never taken apart: between two rows of the other files, a file's rows are copied in one stretch, and where
//! a batch goes through untouched it is not copied at all. A batch of each file is in memory.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, make_array};
use arrow_buffer::NullBuffer;
use arrow_data::transform::MutableArrayData;
use arrow_schema::SchemaRef;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::ids::hash_at;

/// Rows of a batch given out, more or less.
const BATCH: usize = 16 << 10;

/// Batches that a file's task reads ahead.
const AHEAD: usize = 2;

/// Rows of one file.
pub(crate) struct Part {
    pub(crate) batch: RecordBatch,
    /// The hashes of the rows.
    pub(crate) hashes: FixedSizeBinaryArray,
    /// Rows that are not tombstones; None where all are such.
    pub(crate) live: Option<NullBuffer>,
}

pub(crate) type Parts = BoxStream<'static, Result<Part>>;

/// Merges sorted files of one schema (the wider one, where some know tombstones), the oldest first. Tombstones always
/// hide what is older; they are given out themselves only if `tombstones` says so.
pub(crate) fn merge(
    files: Vec<Parts>,
    schema: SchemaRef,
    tombstones: bool,
) -> BoxStream<'static, Result<RecordBatch>> {
    let sources = files.into_iter().map(Source::new).collect();
    let merge = Merge { sources, picked: Picked::default(), schema, tombstones };
    futures::stream::try_unfold(merge, |mut merge| async move {
        let batch = merge.next().await?;
        Ok(batch.map(|batch| (batch, merge)))
    })
    .boxed()
}

/// The batches of the file at `path`, checked to be in order, for a merge of what is not would lose rows; and read ahead
/// by a task of its own, so that two cores have work.
pub(crate) fn checked(path: &Path, parts: Parts) -> Parts {
    let mut order = Order { path: path.to_string(), last: None, row: 0 };
    let parts = parts.and_then(move |part| std::future::ready(order.check(&part.hashes).map(|()| part)));
    ahead(path.clone(), parts.boxed())
}

fn ahead<T: Send + 'static>(
    path: Path,
    stream: BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    futures::stream::once(async move {
        let (send, receive) = mpsc::channel(AHEAD);
        let task = tokio::spawn(forward(stream, send));
        futures::stream::unfold((receive, Some((task, path))), |(mut receive, reader)| async move {
            if let Some(item) = receive.recv().await {
                return Some((item, (receive, reader)));
            }
            // The channel closes when the task ends, and it ends too when damage makes the decoder panic.
            let (task, path) = reader?;
            let died = task.await.is_err();
            died.then(|| (Err(Error::corrupt(&path, "reading it broke off")), (receive, None)))
        })
    })
    .flatten()
    .boxed()
}

async fn forward<T>(mut stream: BoxStream<'static, Result<T>>, send: mpsc::Sender<Result<T>>) {
    while let Some(item) = stream.next().await {
        if send.send(item).await.is_err() {
            return;
        }
    }
}

struct Order {
    path: String,
    last: Option<[u8; 16]>,
    row: u64,
}

impl Order {
    fn check(&mut self, hashes: &FixedSizeBinaryArray) -> Result<()> {
        let bytes = hashes.value_data().as_chunks::<16>().0;
        for hash in bytes {
            if self.last.as_ref().is_some_and(|last| last >= hash) {
                return Err(Error::Disordered { path: self.path.clone(), row: self.row });
            }
            self.last = Some(*hash);
            self.row += 1;
        }
        Ok(())
    }
}

struct Source {
    /// None behind the last.
    parts: Option<Parts>,
    part: Option<Part>,
    at: usize,
    /// The number that the batch at hand has among those picked from.
    held: Option<usize>,
}

impl Source {
    fn new(parts: Parts) -> Self {
        Self { parts: Some(parts), part: None, at: 0, held: None }
    }

    /// Goes to the next batch with rows where the current one is used up.
    async fn fill(&mut self) -> Result<()> {
        while self.part.as_ref().is_none_or(|part| self.at >= part.hashes.len()) {
            let Some(parts) = &mut self.parts else { break };
            (self.at, self.held) = (0, None);
            self.part = parts.try_next().await?;
            if self.part.is_none() {
                self.parts = None;
            }
        }
        Ok(())
    }

    /// Goes to row `to`, and picks the rows on the way, but for tombstones where they are not wanted.
    fn pick(&mut self, to: usize, picked: &mut Picked, tombstones: bool) {
        let Some(part) = &self.part else { return };
        let held = *self.held.get_or_insert_with(|| picked.hold(&part.batch));
        match part.live.as_ref().filter(|_| !tombstones) {
            None => picked.add(held, self.at, to),
            Some(live) => {
                (self.at..to)
                    .filter(|row| live.is_valid(*row))
                    .for_each(|row| picked.add(held, row, row + 1));
            }
        }
        self.at = to;
    }

    fn head(&self) -> Option<u128> {
        let part = self.part.as_ref()?;
        (self.at < part.hashes.len()).then(|| number(&part.hashes, self.at))
    }

    /// Whether there may be more behind the batch at hand.
    fn is_used_up(&self) -> bool {
        self.part.as_ref().is_some_and(|part| self.at >= part.hashes.len())
    }

    /// The first row behind `at` whose hash is not below `end`; the end of the batch where there is none.
    fn stretch(&self, end: Option<u128>) -> usize {
        let Some(part) = &self.part else { return self.at };
        let Some(end) = end else { return part.hashes.len() };
        gallop(&part.hashes, self.at + 1, end)
    }
}

fn number(hashes: &FixedSizeBinaryArray, row: usize) -> u128 {
    u128::from_be_bytes(hash_at(hashes, row))
}

/// The first row from `start` on that is not below `end`: in doubling steps, then by halves of the last one.
fn gallop(hashes: &FixedSizeBinaryArray, start: usize, end: u128) -> usize {
    let (mut low, mut step) = (start, 1);
    while low + step <= hashes.len() && number(hashes, low + step - 1) < end {
        low += step;
        step *= 2;
    }
    let mut high = hashes.len().min(low + step);
    while low < high {
        let middle = low.midpoint(high);
        if number(hashes, middle) < end {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

struct Merge {
    sources: Vec<Source>,
    picked: Picked,
    schema: SchemaRef,
    tombstones: bool,
}

impl Merge {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            for source in &mut self.sources {
                source.fill().await?;
            }
            let ended = self.pick();
            if ended || self.picked.rows >= BATCH {
                let batch = self.picked.take(&self.schema)?;
                self.sources.iter_mut().for_each(|source| source.held = None);
                if batch.is_some() || ended {
                    return Ok(batch);
                }
            }
        }
    }

    /// Picks rows until a batch is used up or enough are picked; true where there are none any more.
    fn pick(&mut self) -> bool {
        while self.picked.rows < BATCH {
            let Some((newest, end)) = self.smallest() else { return true };
            let Some(source) = self.sources.get_mut(newest) else { return true };
            let to = source.stretch(end);
            source.pick(to, &mut self.picked, self.tombstones);
            if self.sources.iter().any(Source::is_used_up) {
                break;
            }
        }
        false
    }

    /// The source of the smallest hash, the newest of those that have it, and the smallest of the others' hashes. Rows
    /// that the newest hides are passed over.
    fn smallest(&mut self) -> Option<(usize, Option<u128>)> {
        let (mut smallest, mut newest, mut second) = (u128::MAX, None, None::<u128>);
        for (number, source) in self.sources.iter().enumerate() {
            let Some(head) = source.head() else { continue };
            if newest.is_none() || head <= smallest {
                second = newest.map_or(second, |_| Some(smallest));
                (smallest, newest) = (head, Some(number));
            } else {
                second = Some(second.map_or(head, |second| second.min(head)));
            }
        }
        let newest = newest?;
        if second != Some(smallest) {
            return Some((newest, second));
        }
        self.hide(smallest, newest);
        Some((newest, Some(smallest.saturating_add(1))))
    }

    fn hide(&mut self, hash: u128, newest: usize) {
        for (number, source) in self.sources.iter_mut().enumerate() {
            if number != newest && source.head() == Some(hash) {
                source.at += 1;
            }
        }
    }
}

/// Stretches of rows on their way into one batch.
#[derive(Default)]
struct Picked {
    batches: Vec<RecordBatch>,
    stretches: Vec<Stretch>,
    rows: usize,
}

/// Some rows of one of the batches.
struct Stretch {
    batch: usize,
    from: usize,
    to: usize,
}

impl Picked {
    /// Adds a batch to pick from; its number.
    fn hold(&mut self, batch: &RecordBatch) -> usize {
        self.batches.push(batch.clone());
        self.batches.len() - 1
    }

    fn add(&mut self, batch: usize, from: usize, to: usize) {
        self.rows += to - from;
        match self.stretches.last_mut() {
            Some(last) if last.batch == batch && last.to == from => last.to = to,
            _ => self.stretches.push(Stretch { batch, from, to }),
        }
    }

    /// What was picked, as one batch; None if that is nothing.
    fn take(&mut self, schema: &SchemaRef) -> Result<Option<RecordBatch>> {
        let Self { batches, stretches, rows } = std::mem::take(self);
        if let [Stretch { batch, from, to }] = stretches.as_slice() {
            return Ok(batches.get(*batch).map(|batch| batch.slice(*from, to - from)));
        }
        if rows == 0 {
            return Ok(None);
        }
        let column = |i| joined(&batches, &stretches, i, rows);
        let columns: Vec<ArrayRef> = (0..schema.fields().len()).map(column).collect();
        RecordBatch::try_new(Arc::clone(schema), columns).map(Some).map_err(Error::write)
    }
}

fn joined(batches: &[RecordBatch], stretches: &[Stretch], column: usize, rows: usize) -> ArrayRef {
    let data: Vec<_> = batches.iter().map(|batch| batch.column(column).to_data()).collect();
    let mut joined = MutableArrayData::new(data.iter().collect(), false, rows);
    stretches.iter().for_each(|stretch| joined.extend(stretch.batch, stretch.from, stretch.to));
    make_array(joined.freeze())
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
