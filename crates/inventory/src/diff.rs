//! What differs between two listings, in bounded memory.
//!
//! Both are read once; of each row a record of 48 bytes goes into one of 256 partitions by the hash of bucket and key,
//! which are kept in temporary files where there are many. A partition is then sorted and compared in memory. What is
//! left is a bit for each row, and a second reading gives the rows themselves, in their order. So neither keys nor sorted
//! files are kept, and the order of the listings does not matter.

use std::sync::Mutex;
use std::thread;

use earthcatalog_model::{KeyHash, etag_hash};
use futures::StreamExt;

use crate::batch::ObjectView;
use crate::error::{Error, Result};
use crate::filter::{Filter, Selector, Verdict};
use crate::marks::Marks;
use crate::open::Inventory;
use crate::partitions::{PARTITIONS, Partitions, Record, Side, UNKNOWN_SIZE, UNKNOWN_TIME};

/// How two listings are compared.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// Bytes that the comparison may hold; beyond it temporary files are written. 1 GiB by default.
    pub memory: u64,
    /// Where these are; by default the system's folder for temporary files. They have no names and are gone when the
    /// process ends, however it ends.
    pub dir: Option<std::path::PathBuf>,
    /// What is looked at of both listings.
    pub filter: Filter,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self { memory: 1 << 30, dir: None, filter: Filter::everything() }
    }
}

/// In what way an object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Only the new listing has it.
    Added,
    /// Both have it, and size, last_modified or etag differ where both say what it is.
    Changed,
    /// Only the old listing has it.
    Removed,
}

/// The counts of a [`Diff`], of objects. An object that a listing names several times counts once: the row that was last
/// modified, and of those the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// Rows of the old listing that pass the filter.
    pub old_rows: u64,
    /// Rows of the new listing that pass the filter.
    pub new_rows: u64,
    /// Objects that only the new listing has.
    pub added: u64,
    /// Objects that both have, but differ.
    pub changed: u64,
    /// Objects that only the old listing has.
    pub removed: u64,
    /// Objects that both have, and that do not differ.
    pub unchanged: u64,
}

/// What differs.
#[derive(Debug)]
pub struct Diff {
    filter: Filter,
    counts: DiffCounts,
    added: Marks,
    changed: Marks,
    removed: Marks,
}

/// Compares two listings by bucket and key.
///
/// # Errors
/// Where a listing cannot be read to its end, or a temporary file not be written or read.
pub async fn diff(old: &dyn Inventory, new: &dyn Inventory, options: &DiffOptions) -> Result<Diff> {
    let mut partitions = Partitions::new(options.memory, options.dir.clone())?;
    let old_rows = gather(old, &options.filter, Side::Old, &mut partitions).await?;
    let new_rows = gather(new, &options.filter, Side::New, &mut partitions).await?;
    let counts = DiffCounts { old_rows, new_rows, ..DiffCounts::default() };
    let diff = Diff {
        filter: options.filter.clone(),
        counts,
        added: Marks::new(new_rows),
        changed: Marks::new(new_rows),
        removed: Marks::new(old_rows),
    };
    compare_all(partitions, diff)
}

impl Diff {
    /// How many objects differ, and how.
    pub fn counts(&self) -> DiffCounts {
        self.counts
    }

    /// Reads the new listing again and gives what was added or changed to `take`, in the order of the listing.
    ///
    /// # Errors
    /// Where the listing cannot be read or is another now, and what `take` gives.
    pub async fn replay_new(
        &self,
        new: &dyn Inventory,
        mut take: impl FnMut(Change, &ObjectView<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.counts.added + self.counts.changed == 0 {
            return Ok(());
        }
        let rows = each(new, &self.filter, |seq, object| match () {
            () if self.added.get(seq) => take(Change::Added, object),
            () if self.changed.get(seq) => take(Change::Changed, object),
            () => Ok(()),
        });
        same(new, self.counts.new_rows, rows.await?)
    }

    /// Reads the old listing again and gives what was removed to `take`, in the order of the listing.
    ///
    /// # Errors
    /// As [`replay_new`](Self::replay_new).
    pub async fn replay_old(
        &self,
        old: &dyn Inventory,
        mut take: impl FnMut(Change, &ObjectView<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.counts.removed == 0 {
            return Ok(());
        }
        let rows = each(old, &self.filter, |seq, object| match self.removed.get(seq) {
            true => take(Change::Removed, object),
            false => Ok(()),
        });
        same(old, self.counts.old_rows, rows.await?)
    }
}

fn same(inventory: &dyn Inventory, before: u64, now: u64) -> Result<()> {
    if before == now {
        return Ok(());
    }
    let message = format!("it had {before} rows and has {now} now");
    Err(Error::Changed { name: inventory.name().to_owned(), message })
}

/// Shows every row that passes the filter, with its number; their count.
async fn each(
    inventory: &dyn Inventory,
    filter: &Filter,
    mut show: impl FnMut(u64, &ObjectView<'_>) -> Result<()>,
) -> Result<u64> {
    let mut selector: Selector = filter.start();
    let mut batches = inventory.batches_for(filter);
    while !selector.is_done() {
        let Some(batch) = batches.next().await else { break };
        let batch = batch?;
        selector.left_out(&batch);
        for object in batch.iter() {
            match selector.take(&object) {
                Verdict::Take => show(selector.taken() - 1, &object)?,
                Verdict::Skip(_) => {}
                Verdict::End => break,
            }
        }
    }
    Ok(selector.taken())
}

async fn gather(
    inventory: &dyn Inventory,
    filter: &Filter,
    side: Side,
    partitions: &mut Partitions,
) -> Result<u64> {
    each(inventory, filter, |seq, object| partitions.push(&record(side, seq, object))).await
}

fn record(side: Side, seq: u64, object: &ObjectView<'_>) -> Record {
    Record {
        key: KeyHash::of(object.bucket(), object.key()).0,
        side,
        seq,
        size: object.size().unwrap_or(UNKNOWN_SIZE),
        last_modified: object.last_modified().map_or(UNKNOWN_TIME, |time| time.micros()),
        etag: object.etag().map_or(0, |etag| etag_hash(etag).max(1)),
    }
}

/// Compares partition by partition, on as many threads as there are processors.
fn compare_all(partitions: Partitions, mut diff: Diff) -> Result<Diff> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(PARTITIONS);
    let waiting = Mutex::new(partitions.finish()?);
    let counts: Vec<Result<DiffCounts>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(&waiting, &diff))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(died()))).collect()
    });
    for part in counts {
        let part = part?;
        diff.counts.added += part.added;
        diff.counts.changed += part.changed;
        diff.counts.removed += part.removed;
        diff.counts.unchanged += part.unchanged;
    }
    Ok(diff)
}

fn died() -> Error {
    Error::Worker { name: "comparison".to_owned(), message: "a thread that compared panicked".to_owned() }
}

fn work(waiting: &Mutex<crate::partitions::Finished>, diff: &Diff) -> Result<DiffCounts> {
    let mut counts = DiffCounts::default();
    loop {
        let partition = waiting.lock().map_err(|_| died())?.next();
        let Some(partition) = partition else { return Ok(counts) };
        let mut records = partition?.read()?;
        records.sort_unstable_by_key(|record| record.key);
        for same in records.chunk_by(|a, b| a.key == b.key) {
            compare(same, diff, &mut counts);
        }
    }
}

/// The rows of one object.
fn compare(rows: &[Record], diff: &Diff, counts: &mut DiffCounts) {
    let newest =
        |side| rows.iter().filter(|row| row.side == side).max_by_key(|row| (row.last_modified, row.seq));
    match (newest(Side::Old), newest(Side::New)) {
        (None, Some(new)) => {
            diff.added.set(new.seq);
            counts.added += 1;
        }
        (Some(old), None) => {
            diff.removed.set(old.seq);
            counts.removed += 1;
        }
        (Some(old), Some(new)) if differ(old, new) => {
            diff.changed.set(new.seq);
            counts.changed += 1;
        }
        (Some(_), Some(_)) => counts.unchanged += 1,
        (None, None) => {}
    }
}

/// What a side does not know does not differ.
fn differ(old: &Record, new: &Record) -> bool {
    let known = |a: bool, b: bool, differ: bool| a && b && differ;
    known(old.size != UNKNOWN_SIZE, new.size != UNKNOWN_SIZE, old.size != new.size)
        || known(
            old.last_modified != UNKNOWN_TIME,
            new.last_modified != UNKNOWN_TIME,
            old.last_modified != new.last_modified,
        )
        || known(old.etag != 0, new.etag != 0, old.etag != new.etag)
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
