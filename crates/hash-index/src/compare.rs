//! What is new in a listing: a merge of the sorted listing with the objects of the index.
//!
//! Time goes in one pass over the files of objects, and twice over the listing: once to sort it, once to merge. Reading,
//! sorting and comparing each have a task or thread.

use std::cmp::Ordering;

use earthcatalog_model::KeyHash;
use futures::TryStreamExt;
use futures::stream::BoxStream;

use crate::error::{Error, Result};
use crate::listing::{Chunk, Line, Lines, Listing, mark};
use crate::log::time_key;
use crate::objects::{Fate, ObjectRow, ObjectsBatch};
use crate::objects_index::Objects;
use crate::returning::Returning;
use crate::seqs::SeqSet;

/// What a comparison is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompareOptions {
    /// Objects that were rejected are selected, though they have not changed.
    pub retry_rejected: bool,
    /// The listing is the whole truth: what it does not have is [`Difference::Gone`], and superseded objects of the ids
    /// whose object is gone or has changed are selected. Without it nothing is gone.
    pub gone: bool,
}

/// An object for which listing and index differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The index does not know it. Selected.
    New {
        /// Its number in the listing.
        seq: u64,
        /// The hash of its name.
        key: KeyHash,
    },
    /// It was written since: its time is later, or its entity tag is another. Selected.
    Changed {
        /// Its number in the listing.
        seq: u64,
        /// What the index knows.
        old: ObjectRow,
    },
    /// The listing is older than the index: its time is earlier. Not selected.
    Older {
        /// Its number in the listing.
        seq: u64,
        /// What the index knows.
        old: ObjectRow,
    },
    /// It has not changed but was rejected, and [`CompareOptions::retry_rejected`] is set. Selected.
    Retry {
        /// Its number in the listing.
        seq: u64,
        /// What the index knows.
        old: ObjectRow,
    },
    /// The listing does not have it.
    Gone {
        /// What the index knows.
        old: ObjectRow,
    },
}

/// How many lines of the listing are what. All but `listed` and `gone` add up to `listed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines pushed.
    pub listed: u64,
    /// Lines of a key that another line lists in a newer version (or again).
    pub duplicates: u64,
    /// See [`Difference::New`].
    pub new: u64,
    /// See [`Difference::Changed`].
    pub changed: u64,
    /// See [`Difference::Older`].
    pub older: u64,
    /// See [`Difference::Retry`].
    pub retried: u64,
    /// Superseded objects of ids whose object is gone. Selected.
    pub returning: u64,
    /// Unchanged, and their items are in the table.
    pub known_ingested: u64,
    /// Unchanged, and superseded before.
    pub known_superseded: u64,
    /// Unchanged, and rejected before.
    pub known_rejected: u64,
    /// Objects of the index that are not in the listing.
    pub gone: u64,
}

impl Tally {
    /// Lines that need no fetching because the index knows them.
    pub fn known(&self) -> u64 {
        self.known_ingested + self.known_superseded + self.known_rejected
    }

    /// True if every line is accounted for, once.
    pub fn is_closed(&self) -> bool {
        let selected = self.new + self.changed + self.retried + self.returning;
        self.listed == self.duplicates + self.older + self.known() + selected
    }
}

/// The end of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The numbers of the objects to fetch.
    pub selected: SeqSet,
    /// The counts.
    pub tally: Tally,
}

/// A comparison under way: [`Comparison::next`] until it gives None, then [`Comparison::finish`].
///
/// In memory are some batches, and a bit for each line of the listing.
///
/// ```
/// use std::sync::Arc;
///
/// use earthcatalog_hash_index::{
///     CompareOptions, Difference, Fate, Listed, Listing, ListingOptions, ObjectLog, ObjectRow, Objects, ObjectsWriter,
/// };
/// use earthcatalog_model::{IdHash, KeyHash};
/// use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // What an earlier run left: one object, ingested.
/// let mut log = ObjectLog::new(1 << 20, None);
/// let a = KeyHash::of("bucket", "a.json");
/// log.push(&ObjectRow { key: a, id: Some(IdHash::of("a")), last_modified: None, etag: None, fate: Fate::Ingested })?;
/// let mut file = Vec::new();
/// log.write(ObjectsWriter::base(&mut file)?)?;
/// let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
/// store.put(&Path::from("objects.parquet"), file.into()).await?;
///
/// // Today's listing has another one beside it.
/// let mut listing = Listing::new(ListingOptions::default());
/// for key in ["a.json", "b.json"] {
///     listing.push(&Listed { key: KeyHash::of("bucket", key), last_modified: None, etag: None })?;
/// }
/// let objects = Objects::open(&store, &["objects.parquet".into()]).await?;
/// let mut comparison = listing.compare(&objects, CompareOptions::default());
/// while let Some(differences) = comparison.next().await? {
///     assert!(matches!(differences.as_slice(), [Difference::New { seq: 1, .. }]));
/// }
/// let outcome = comparison.finish().await?;
/// assert!(outcome.selected.contains(1) && outcome.tally.is_closed());
/// assert_eq!((outcome.tally.new, outcome.tally.known_ingested), (1, 1));
/// # Ok(())
/// # }
/// ```
pub struct Comparison {
    objects: BoxStream<'static, Result<ObjectsBatch>>,
    lines: Lines,
    batch: Option<ObjectsBatch>,
    row: usize,
    chunk: Chunk,
    line: usize,
    ended: Ended,
    options: CompareOptions,
    returning: Returning,
    selected: SeqSet,
    tally: Tally,
}

/// True behind the last of each, and after an error.
#[derive(Default)]
struct Ended {
    objects: bool,
    lines: bool,
    in_error: bool,
}

impl Listing {
    /// Begins to compare with what the index knows. To be called in a Tokio runtime: sorting and reading go on in
    /// threads and tasks of their own.
    pub fn compare(self, objects: &Objects, options: CompareOptions) -> Comparison {
        Comparison {
            objects: objects.batches(),
            batch: None,
            row: 0,
            chunk: Chunk::default(),
            line: 0,
            ended: Ended::default(),
            options,
            returning: Returning::new(&self.options),
            selected: SeqSet::default(),
            tally: Tally { listed: self.len(), ..Tally::default() },
            lines: self.sorted(),
        }
    }
}

impl Comparison {
    /// The next differences, in order of the hashes of the keys; None behind the last.
    ///
    /// # Errors
    /// When a temporary file or a file of the index cannot be read, or the latter is not sorted. After an error there
    /// is nothing more to be had: what is left of the streams is not the rest.
    pub async fn next(&mut self) -> Result<Option<Vec<Difference>>> {
        if self.ended.in_error {
            return Err(Error::Worker { what: "compare the listing" });
        }
        let next = self.advance().await;
        self.ended.in_error = next.is_err();
        next
    }

    async fn advance(&mut self) -> Result<Option<Vec<Difference>>> {
        let mut differences = Vec::new();
        while differences.is_empty() {
            self.fill().await?;
            if self.ended.objects && self.ended.lines {
                return Ok(None);
            }
            self.join(&mut differences)?;
        }
        Ok(Some(differences))
    }

    /// Goes to the end, and tells what is selected.
    ///
    /// # Errors
    /// As [`Comparison::next`].
    pub async fn finish(mut self) -> Result<Outcome> {
        while self.next().await?.is_some() {}
        let (selected, tally) = (&mut self.selected, &mut self.tally);
        self.returning.finish(|seq| {
            selected.insert(seq);
            tally.returning += 1;
            tally.known_superseded -= 1;
        })?;
        Ok(Outcome { selected: self.selected, tally: self.tally })
    }

    async fn fill(&mut self) -> Result<()> {
        while !self.ended.objects && self.batch.as_ref().is_none_or(|batch| self.row >= batch.len()) {
            (self.batch, self.row) = (self.objects.try_next().await?, 0);
            self.ended.objects = self.batch.is_none();
        }
        while !self.ended.lines && self.line >= self.chunk.lines.len() {
            let next = self.lines.next().await?;
            self.ended.lines = next.is_none();
            (self.chunk, self.line) = (next.unwrap_or_default(), 0);
            self.tally.duplicates += self.chunk.duplicates;
        }
        Ok(())
    }

    /// Goes on until a batch or a chunk is used up.
    fn join(&mut self, differences: &mut Vec<Difference>) -> Result<()> {
        let (batch, chunk) = (self.batch.take(), std::mem::take(&mut self.chunk));
        let rows = batch.as_ref().map_or(0, ObjectsBatch::len);
        while self.goes_on(rows, &chunk) {
            let line = chunk.lines.get(self.line);
            let known = batch.as_ref().filter(|_| self.row < rows);
            match order(line, known, self.row) {
                Ordering::Less => {
                    differences.extend(line.map(|line| self.new_line(line)));
                    self.line += 1;
                }
                Ordering::Greater => {
                    if let Some(batch) = known {
                        self.unlisted(batch, differences)?;
                    }
                    self.row += 1;
                }
                Ordering::Equal => {
                    if let Some((line, batch)) = line.zip(known) {
                        self.listed(line, batch, differences)?;
                    }
                    self.line += 1;
                    self.row += 1;
                }
            }
        }
        (self.batch, self.chunk) = (batch, chunk);
        Ok(())
    }

    fn goes_on(&self, rows: usize, chunk: &Chunk) -> bool {
        let has_row = self.row < rows;
        let has_line = self.line < chunk.lines.len();
        (has_row || self.ended.objects) && (has_line || self.ended.lines) && (has_row || has_line)
    }

    fn new_line(&mut self, line: &Line) -> Difference {
        self.tally.new += 1;
        self.selected.insert(line.seq);
        Difference::New { seq: line.seq, key: line.key }
    }

    fn unlisted(&mut self, batch: &ObjectsBatch, differences: &mut Vec<Difference>) -> Result<()> {
        if !self.options.gone {
            return Ok(());
        }
        self.tally.gone += 1;
        self.lose(batch, self.row)?;
        differences.push(Difference::Gone { old: batch.row(self.row) });
        Ok(())
    }

    /// An object that rows of the table are from no longer stands for them; one that was rejected may have been an item
    /// before, and its rows stay.
    fn lose(&mut self, batch: &ObjectsBatch, row: usize) -> Result<()> {
        match (batch.fate(row), batch.id(row)) {
            (Fate::Ingested | Fate::Rejected, Some(id)) if self.options.gone => self.returning.lost(&id),
            _ => Ok(()),
        }
    }

    fn listed(&mut self, line: &Line, batch: &ObjectsBatch, differences: &mut Vec<Difference>) -> Result<()> {
        let (row, seq) = (self.row, line.seq);
        match (age(line, batch, row), batch.fate(row)) {
            (Age::Newer, _) => {
                self.tally.changed += 1;
                self.selected.insert(seq);
                // What it holds now is not known: its id may be lost, or be an older one than a superseded object has.
                self.lose(batch, row)?;
                differences.push(Difference::Changed { seq, old: batch.row(row) });
            }
            (Age::Older, _) => {
                self.tally.older += 1;
                differences.push(Difference::Older { seq, old: batch.row(row) });
            }
            (Age::Same, Fate::Rejected) if self.options.retry_rejected => {
                self.tally.retried += 1;
                self.selected.insert(seq);
                self.lose(batch, row)?;
                differences.push(Difference::Retry { seq, old: batch.row(row) });
            }
            (Age::Same, Fate::Rejected | Fate::Deleted) => self.tally.known_rejected += 1,
            (Age::Same, Fate::Ingested) => self.tally.known_ingested += 1,
            (Age::Same, Fate::Superseded) => {
                self.tally.known_superseded += 1;
                if let Some(id) = batch.id(row).filter(|_| self.options.gone) {
                    self.returning.waits(&id, seq)?;
                }
            }
        }
        Ok(())
    }
}

/// Which comes first; the one that there is, where the other has ended.
fn order(line: Option<&Line>, batch: Option<&ObjectsBatch>, row: usize) -> Ordering {
    match (line, batch) {
        (Some(line), Some(batch)) => line.key.cmp(&batch.key(row)),
        (Some(_), None) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

enum Age {
    Newer,
    Same,
    Older,
}

/// How the listed version stands to the known one. What only one side has says nothing.
fn age(line: &Line, batch: &ObjectsBatch, row: usize) -> Age {
    let modified = time_key(batch.last_modified(row));
    if line.modified != 0 && modified != 0 && line.modified != modified {
        return if line.modified > modified { Age::Newer } else { Age::Older };
    }
    match batch.etag(row) {
        Some(etag) if line.etag != 0 && mark(etag) != line.etag => Age::Newer,
        _ => Age::Same,
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
