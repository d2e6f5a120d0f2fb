//! What a run does to rows that are in the table already: which of them an item of the run replaces, which outlive it,
//! and which are to go because their object is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use earthcatalog_catalog::{Filter, Head};
use earthcatalog_hash_index::{Fate, Hit, ObjectRow};
use earthcatalog_model::{DataFile, IdHash, PartitionKey, Timestamp};
use futures::{StreamExt, TryStreamExt, stream};

use crate::duplicates::Resolution;
use crate::error::{Error, Result};
use crate::fates::Fates;
use crate::ingest::Job;
use crate::known::Known;
use crate::options::Mode;
use crate::scan::scan;
use crate::selection::Selection;

/// Files that are read at once.
const FILES_AT_ONCE: usize = 8;

/// Ids that are looked up at once.
const PROBE: usize = 1 << 16;

/// An item of the run whose id the table has.
pub(crate) struct Met {
    pub(crate) id: IdHash,
    pub(crate) seq: u64,
    pub(crate) age: Age,
    /// The partitions of the item, by the run's numbers.
    pub(crate) partitions: Vec<u32>,
    /// Where the table has rows of its id.
    pub(crate) old: Vec<PartitionKey>,
}

/// How new a row is: `updated`, then when its object was last written. Absent is oldest.
pub(crate) type Age = (Option<Timestamp>, Option<Timestamp>);

/// See the module.
#[derive(Default)]
pub(crate) struct Existing {
    /// Files that are to be written anew, without the rows of these ids.
    pub(crate) files: Vec<(DataFile, Vec<IdHash>)>,
    /// Ids of the run that the table has, in whatever version.
    pub(crate) met: HashSet<IdHash>,
    /// Those of which the table's version is the newer one.
    pub(crate) outlived: HashSet<IdHash>,
    /// Ids whose rows go and that nothing replaces, sorted.
    pub(crate) deleted: Vec<IdHash>,
}

impl Existing {
    /// Items that replace rows.
    pub(crate) fn updated(&self) -> u64 {
        (self.met.len() - self.outlived.len()) as u64
    }
}

/// A row of the table that the run has to do with.
struct Row {
    file: usize,
    id: IdHash,
    age: Age,
}

/// Decides for each, and takes what is outlived out of the resolution.
pub(crate) async fn settle(
    job: &Job<'_>,
    head: &Head,
    known: &Known,
    selection: &Selection,
    resolution: &mut Resolution,
    fates: &mut Fates,
) -> Result<Existing> {
    let met = resolution.met.iter().map(|met| met.id).collect();
    let mut existing = Existing { met, ..Existing::default() };
    let lost: HashSet<IdHash> = selection.lost.union(fates.left()).copied().collect();
    let deleted = rows_of(known, lost.difference(&existing.met).copied().collect()).await?;
    check_deletions(job, known, deleted.len() as u64)?;
    existing.deleted = deleted.iter().map(|hit| hit.id_hash).collect();
    let (files, rows) = find(job, head, &resolution.met, &deleted).await?;
    let void: HashSet<IdHash> = lost.union(fates.renewed()).copied().collect();
    existing.outlived = outlived(&resolution.met, &rows, &void);
    existing.files = to_rewrite(files, &rows, &existing.outlived);
    outlive(resolution, fates, &existing.outlived)?;
    supersede(known, resolution, fates, &existing.outlived).await?;
    for key in &selection.gone {
        fates.note(&ObjectRow::deleted(*key))?;
    }
    Ok(existing)
}

async fn rows_of(known: &Known, mut ids: Vec<IdHash>) -> Result<Vec<Hit>> {
    ids.sort_unstable();
    let mut hits = Vec::new();
    for some in ids.chunks(PROBE) {
        hits.extend(known.ids.probe(some.to_vec()).await?);
    }
    Ok(hits)
}

/// A listing that lacks much of what the catalog holds is more often a wrong or unfinished one than the truth.
fn check_deletions(job: &Job<'_>, known: &Known, deleted: u64) -> Result<()> {
    let items = known.files.unique_items;
    let most = job.options.max_delete.of(items);
    if job.run.mode == Mode::Sync && deleted > most && !job.options.dry_run {
        return Err(Error::TooManyDeletions { deleted, items, most });
    }
    Ok(())
}

/// The table's files where those ids have rows, and these rows.
async fn find(job: &Job<'_>, head: &Head, met: &[Met], deleted: &[Hit]) -> Result<(Vec<DataFile>, Vec<Row>)> {
    let wanted: HashSet<IdHash> =
        met.iter().map(|m| m.id).chain(deleted.iter().map(|hit| hit.id_hash)).collect();
    if wanted.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let of_deleted = deleted.iter().filter_map(|hit| hit.partitions.as_ref()).flatten();
    let partitions: BTreeSet<PartitionKey> =
        met.iter().flat_map(|m| &m.old).chain(of_deleted).cloned().collect();
    let filter = Filter { partitions: Some(partitions), ..Filter::default() };
    let files = job.parts.table.files(head, &filter).await?;
    // Collected, or the compiler cannot see that all this may move to another thread.
    let scans: Vec<_> =
        files.iter().enumerate().map(|(number, file)| read(job, number, file, &wanted)).collect();
    let rows: Vec<Vec<Row>> = stream::iter(scans).buffered(FILES_AT_ONCE).try_collect().await?;
    Ok((files, rows.into_iter().flatten().collect()))
}

async fn read(job: &Job<'_>, number: usize, file: &DataFile, wanted: &HashSet<IdHash>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    scan(&job.parts.base, file, |row| {
        let id = IdHash::of(row.id);
        if wanted.contains(&id) {
            rows.push(Row { file: number, id, age: (row.updated, row.last_modified) });
        }
    })
    .await?;
    Ok(rows)
}

/// The ids of which a row of the table is newer than the run's item. Where the row's object is gone or another version,
/// the row is void, however new.
fn outlived(met: &[Met], rows: &[Row], void: &HashSet<IdHash>) -> HashSet<IdHash> {
    let mut newest: HashMap<IdHash, Age> = HashMap::new();
    for row in rows {
        newest.entry(row.id).and_modify(|age| *age = (*age).max(row.age)).or_insert(row.age);
    }
    let outlives =
        |met: &&Met| !void.contains(&met.id) && newest.get(&met.id).is_some_and(|old| *old > met.age);
    met.iter().filter(outlives).map(|met| met.id).collect()
}

fn to_rewrite(
    files: Vec<DataFile>,
    rows: &[Row],
    outlived: &HashSet<IdHash>,
) -> Vec<(DataFile, Vec<IdHash>)> {
    let mut gone: BTreeMap<usize, BTreeSet<IdHash>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !outlived.contains(&row.id)) {
        gone.entry(row.file).or_default().insert(row.id);
    }
    let ids = |number: usize| gone.get(&number).map(|ids| ids.iter().copied().collect());
    files.into_iter().enumerate().filter_map(|(number, file)| Some((file, ids(number)?))).collect()
}

/// The run's own rows of what is outlived are not to be.
fn outlive(resolution: &mut Resolution, fates: &mut Fates, outlived: &HashSet<IdHash>) -> Result<()> {
    let met = std::mem::take(&mut resolution.met);
    for met in met.iter().filter(|met| outlived.contains(&met.id)) {
        resolution.drop_item(met.id, met.seq, &met.partitions);
        fates.superseded(met.seq, None)?;
    }
    resolution.met = met;
    Ok(())
}

/// An item that came to an id from another object supersedes the one that the id was from.
async fn supersede(
    known: &Known,
    resolution: &Resolution,
    fates: &mut Fates,
    outlived: &HashSet<IdHash>,
) -> Result<()> {
    let mut moved = HashMap::new();
    for met in resolution.met.iter().filter(|met| !outlived.contains(&met.id)) {
        let key = fates.key_of(met.seq)?;
        if fates.before(&key) != Some(&met.id) {
            moved.insert(met.id, key);
        }
    }
    if moved.is_empty() {
        return Ok(());
    }
    let mut rows = known.objects.of_ids(moved.keys().copied().collect());
    while let Some(row) = rows.try_next().await? {
        let is_winner = row.id.and_then(|id| moved.get(&id)) == Some(&row.key);
        // What has changed was fetched, and its new fate is noted.
        if row.fate == Fate::Ingested && !is_winner && fates.before(&row.key).is_none() {
            fates.note(&ObjectRow { fate: Fate::Superseded, ..row })?;
        }
    }
    Ok(())
}
