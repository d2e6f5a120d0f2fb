//! Many small files to few: what stands behind `earthcatalog compact`.
//!
//! Groups of files are merged and replaced, some hundred partitions in one snapshot. Where another writer was faster, what
//! it has not touched is committed on its state; the rest is planned anew. Nothing that a snapshot names is deleted.

mod merged;
mod plan;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use earthcatalog_catalog::{Change, CommitId, Error as CatalogError, Filter, Head, Operation, Table};
use earthcatalog_hash_index::IndexFiles;
use earthcatalog_store::Base;
use earthcatalog_writer::Format;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::known::{INDEX, on_index};
use crate::leased::under_lease;
use crate::options::{DEFAULT_MEMORY, Stop};
use merged::{Merged, Merger};
use plan::Group;

/// Groups of one snapshot at most: what is lost if the process dies, and what a lost race decides anew.
const GROUPS_A_SNAPSHOT: usize = 500;

/// Bytes of files to be merged in one snapshot, about.
const BYTES_A_SNAPSHOT: u64 = 4 << 30;

/// How often one snapshot is decided while others are faster.
const ATTEMPTS: u32 = 8;

/// How often what others have changed meanwhile is planned anew.
const ROUNDS: u32 = 3;

/// The pause before the first new decision; it grows with each.
const PAUSE: Duration = Duration::from_millis(50);

/// Small files that a partition must have to be compacted, unless told otherwise. Fewer cost readers little, and to merge
/// two at every append would be to write the partition anew each day.
pub const DEFAULT_MIN_FILES: usize = 4;

/// The size that files grow to unless told otherwise: 64 MiB, of which some fit into the default memory at once.
pub const DEFAULT_TARGET_SIZE: u64 = 64 << 20;

/// The options of [`compact`].
#[derive(Debug, Clone)]
pub struct CompactOptions {
    /// Partitions with at least so many small files are taken up; 2 or more.
    pub min_files: usize,
    /// Bytes of a file that is large enough. Files below half of it are small.
    pub target_size: u64,
    /// Bytes that merging may hold, estimated.
    pub memory: u64,
    /// Find out what would be merged, but write nothing.
    pub dry_run: bool,
    /// Do not take the lease.
    pub no_lock: bool,
    /// Who takes the lease, for the eyes of others.
    pub owner: Option<String>,
    /// Ends the run; snapshots that it made stay.
    pub stop: Stop,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            min_files: DEFAULT_MIN_FILES,
            target_size: DEFAULT_TARGET_SIZE,
            memory: DEFAULT_MEMORY,
            dry_run: false,
            no_lock: false,
            owner: None,
            stop: Stop::default(),
        }
    }
}

/// What a compaction did. In a dry run: what it would take up.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Compacted {
    /// The catalog's base.
    pub catalog: String,
    /// True if nothing was written.
    pub dry_run: bool,
    /// True if it was asked to stop before it was done.
    pub interrupted: bool,
    /// Partitions with files that were merged.
    pub partitions: u64,
    /// Files that were merged, and their bytes.
    pub files_before: u64,
    /// Bytes of them.
    pub bytes_before: u64,
    /// Files that took their place. None in a dry run.
    pub files_after: Option<u64>,
    /// Bytes of them.
    pub bytes_after: Option<u64>,
    /// Rows of the merged files.
    pub rows: u64,
    /// Of these, rows that another of the same id has superseded, and that are gone.
    pub duplicates: u64,
    /// Groups of files that were left as they are, since another writer replaced some of them.
    pub given_way: u64,
    /// The snapshots that it made, the oldest first.
    pub snapshots: Vec<i64>,
    /// How long it took.
    pub seconds: f64,
}

/// A compaction at work.
struct Job<'a> {
    base: &'a Base,
    table: &'a dyn Table,
    options: &'a CompactOptions,
    observer: &'a dyn Observer,
    merger: Merger,
}

/// Merges the small files of partitions that have many of them.
///
/// # Errors
/// [`earthcatalog_catalog::Error::Conflict`] where other writers were faster again and again; what was committed before
/// stays. After any error every snapshot is whole: only single groups of partitions may not be compacted yet.
pub async fn compact(
    base: &Base,
    table: &dyn Table,
    format: Arc<dyn Format>,
    options: &CompactOptions,
    observer: &dyn Observer,
) -> Result<Compacted> {
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let owner = options.owner.clone().unwrap_or_else(|| format!("compact {nonce}"));
    let (memory, target, stop) = (options.memory, options.target_size, options.stop.clone());
    let merger = Merger::new(base.clone(), format, nonce, memory, target, stop);
    let job = Job { base, table, options, observer, merger };
    if options.dry_run {
        return job.work().await;
    }
    // Before the first write: a store that cannot take the commit is refused while nothing is lost by it.
    table.prepare().await?;
    if options.no_lock { job.work().await } else { under_lease(base, owner, observer, job.work()).await }
}

impl Job<'_> {
    async fn work(&self) -> Result<Compacted> {
        let clock = Instant::now();
        let mut report = Compacted {
            catalog: self.base.url().to_owned(),
            dry_run: self.options.dry_run,
            files_after: (!self.options.dry_run).then_some(0),
            bytes_after: (!self.options.dry_run).then_some(0),
            ..Compacted::default()
        };
        let outcome = self.rounds(&mut report).await;
        report.seconds = clock.elapsed().as_secs_f64();
        match outcome {
            // Not nothing was committed: the report says what.
            Err(Error::Interrupted) if !report.snapshots.is_empty() => report.interrupted = true,
            other => other?,
        }
        Ok(report)
    }

    async fn rounds(&self, report: &mut Compacted) -> Result<()> {
        let mut partitions = HashSet::new();
        for _ in 0..ROUNDS {
            let Some(head) = self.table.head().await? else { return Ok(()) };
            let files = self.table.files(&head, &Filter::default()).await?;
            let groups = plan::plan(files, head.schema.leaf_count() as u64, self.options);
            partitions.extend(groups.iter().map(|group| group.partition.clone()));
            report.partitions = partitions.len() as u64;
            if self.options.dry_run {
                groups.iter().for_each(|group| count(report, group));
                return Ok(());
            }
            self.observer.on_event(&Event::Writing { files: groups.len() as u64 });
            let given_way = self.round(head, groups, report).await?;
            report.given_way = given_way;
            if given_way == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Merges and commits the groups; how many gave way to others.
    async fn round(&self, head: Head, groups: Vec<Group>, report: &mut Compacted) -> Result<u64> {
        let schema = Arc::new(head.schema.clone());
        let (mut head, mut given_way) = (head, 0);
        for groups in portions(groups) {
            let all = groups.len();
            let done = match self.merger.merge_all(groups, &schema).await {
                Ok(merged) => self.commit(&mut head, merged, report).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(committed) => {
                    self.merger.discard_all_but(&[]).await;
                    given_way += (all - committed) as u64;
                }
                Err(error) => {
                    if error.nothing_was_committed() {
                        self.merger.discard_all_but(&[]).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(given_way)
    }

    /// Replaces the files of the groups by what they became, in one snapshot; how many groups could be.
    async fn commit(
        &self,
        head: &mut Head,
        mut merged: Vec<Merged>,
        report: &mut Compacted,
    ) -> Result<usize> {
        for attempt in 1.. {
            if self.options.stop.is_stopped() {
                return Err(Error::Interrupted);
            }
            if merged.is_empty() {
                return Ok(0);
            }
            let added = merged.iter().map(|merged| merged.files.len() as u64).sum();
            self.observer
                .on_event(&Event::Committing { files: added, rows: merged.iter().map(Merged::rows).sum() });
            match self.table.commit(change(head, &merged)?).await {
                Ok(done) => {
                    self.merger.forget();
                    *head = done.head;
                    report.snapshots.extend(done.snapshot_id);
                    merged.iter().for_each(|merged| count_merged(report, merged));
                    return Ok(merged.len());
                }
                Err(CatalogError::Conflict { .. }) if attempt < ATTEMPTS => {
                    tokio::time::sleep(PAUSE * attempt).await;
                    *head = self.head_again().await?;
                    merged = self.still_valid(head, merged).await?;
                    self.merger.discard_all_but(&merged).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(0)
    }

    async fn head_again(&self) -> Result<Head> {
        let gone = || CatalogError::Conflict {
            table: self.base.url().to_owned(),
            reason: "the table is no longer there".to_owned(),
        };
        Ok(self.table.head().await?.ok_or_else(gone)?)
    }

    /// The groups whose files are all still in the table: no row of them was replaced or deleted, as that takes the file
    /// out.
    async fn still_valid(&self, head: &Head, merged: Vec<Merged>) -> Result<Vec<Merged>> {
        let partitions: BTreeSet<_> = merged.iter().map(|merged| merged.group.partition.clone()).collect();
        let cells = partitions.iter().map(|partition| partition.cell.clone()).collect();
        let filter = Filter { cells: Some(cells), partitions: Some(partitions), ..Filter::default() };
        let files = self.table.files(head, &filter).await?;
        let live: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let is_valid =
            |merged: &Merged| merged.group.files.iter().all(|file| live.contains(file.path.as_str()));
        Ok(merged.into_iter().filter(is_valid).collect())
    }
}

/// Groups by snapshot.
fn portions(groups: Vec<Group>) -> Vec<Vec<Group>> {
    let mut portions: Vec<Vec<Group>> = Vec::new();
    let mut bytes = 0;
    for group in groups {
        bytes += group.bytes();
        match portions.last_mut() {
            Some(last) if last.len() < GROUPS_A_SNAPSHOT && bytes <= BYTES_A_SNAPSHOT => last.push(group),
            _ => {
                bytes = group.bytes();
                portions.push(vec![group]);
            }
        }
    }
    portions
}

fn change(head: &Head, merged: &[Merged]) -> Result<Change> {
    let id = CommitId::new(uuid::Uuid::now_v7().simple().to_string());
    let removed = merged.iter().flat_map(|merged| &merged.group.files).map(|file| file.path.clone());
    let remove = removed.collect();
    // Readers of changes skip what is only rewritten: rows that another has superseded are more than that.
    let operation = match merged.iter().all(|merged| merged.rows() == merged.group.rows()) {
        true => Operation::Rewrite { remove },
        false => Operation::Replace { remove },
    };
    Ok(Change {
        operation,
        add: merged.iter().flat_map(|merged| merged.files.clone()).collect(),
        schema: None,
        properties: index_after(head, &id)?,
        decided_on: Some(head.snapshot_id),
        expects: on_index(head),
        summary: [("earthcatalog.maintenance".to_owned(), "compact".to_owned())].into(),
        id,
    })
}

/// The hash index tells in which partitions the rows of an id are, and a compaction does not change that: an index that
/// is current stays so. One that is not is left to those who bring it up to date.
fn index_after(head: &Head, commit: &CommitId) -> Result<BTreeMap<String, Option<String>>> {
    let index = head.properties.get(INDEX).and_then(|text| IndexFiles::from_json(text).ok());
    let current = index.filter(|index| head.is_of(&CommitId::new(index.commit.clone())));
    let Some(index) = current else { return Ok(BTreeMap::new()) };
    let json = IndexFiles { commit: commit.as_str().to_owned(), ..index }.to_json()?;
    Ok([(INDEX.to_owned(), Some(json))].into())
}

fn count(report: &mut Compacted, group: &Group) {
    report.files_before += group.files.len() as u64;
    report.bytes_before += group.bytes();
    report.rows += group.rows();
}

fn count_merged(report: &mut Compacted, merged: &Merged) {
    count(report, &merged.group);
    report.duplicates += merged.group.rows().saturating_sub(merged.rows());
    let bytes: u64 = merged.files.iter().map(|file| file.bytes).sum();
    *report.files_after.get_or_insert(0) += merged.files.len() as u64;
    *report.bytes_after.get_or_insert(0) += bytes;
}
