//! Between staging and writing: who won of each id, here and against the table, and so what is to be written.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use earthcatalog_catalog::{CommitId, Head};
use earthcatalog_grid::GridSpec;
use earthcatalog_hash_index::{Entry, IdLog, IdLogOptions};
use earthcatalog_model::{PartitionKey, TableSchema, Timestamp};
use earthcatalog_store::Base;
use earthcatalog_writer::{Assets, SchemaBuilder, Sketch};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::decision::Decision;
use super::markers::{self, VERSION};
use super::paths::Paths;
use super::plan::{BulkPlan, read_before};
use super::rounds::Rounds;
use super::slots::{FrameOf, Limits, Naming, Partition, Rewrite, Slot, name_of, slots, tasks};
use super::stage::{Staged, read_tail};
use super::tail::Tail;
use super::task::TaskOptions;
use super::work::BulkParts;
use crate::commit::{index, operation};
use crate::duplicates::{Layout, Resolution, resolve as resolve_ids};
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::existing::{Existing, settle};
use crate::fates::Fates;
use crate::grid_properties;
use crate::ingest::Job;
use crate::known::{Known, on_index};
use crate::options::{IngestOptions, Mode};
use crate::rejected::Rejections;
use crate::report::Ledger;
use crate::run::Run;
use crate::scratch::Scratch;
use crate::selection::Selection;
use crate::worker::on_rayon;
use crate::write::FileWriter;

/// Tails that are read ahead; they are taken in one after another.
const TAILS_AHEAD: usize = 8;

/// Tasks that are written down at once.
const PUTS_AT_ONCE: usize = 16;

/// How a run is resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResolveOptions {
    /// Objects that could not be fetched are rejected, and the run goes on without them.
    pub accept_rejected: bool,
}

/// Decides what a run writes. Where the same was decided before, that is the answer.
///
/// # Errors
/// [`Error::Unfinished`] while chunks are not staged; [`Error::Pending`] while objects are pending and nobody has accepted
/// that; a conflict where the run replaces everything and the table is not as it was when it was planned.
///
/// Boxed, as [`ingest`](crate::ingest) is.
pub fn resolve<'a>(
    parts: &'a BulkParts,
    run: &'a str,
    resolving: ResolveOptions,
    options: &'a TaskOptions,
    observer: &'a dyn Observer,
) -> BoxFuture<'a, Result<Decision>> {
    resolve_run(parts, run, resolving, options, observer).boxed()
}

async fn resolve_run(
    parts: &BulkParts,
    run: &str,
    resolving: ResolveOptions,
    options: &TaskOptions,
    observer: &dyn Observer,
) -> Result<Decision> {
    let base = &parts.base;
    let plan = BulkPlan::read(base, run).await?;
    let paths = plan.paths()?;
    let rounds = Rounds::read(base, &plan).await?;
    let staged = all_staged(&plan, Staged::read_all(base, &plan, &rounds).await?)?;
    check_pending(base, &plan, &rounds, &staged, resolving).await?;
    let head = parts.table.head().await?;
    if let Some(committed) = committed(base, &paths, head.as_ref()).await? {
        return Ok(committed);
    }
    let id = decision_id(&plan, &staged, head.as_ref(), resolving);
    if let Some(found) = Decision::read(base, &paths, &id).await? {
        found.make_current(base, &paths).await?;
        return Ok(found);
    }
    check_head(parts, &plan, head.as_ref())?;
    let settings = settings(&plan, options)?;
    let parts = parts.without_inventory(&plan.inventory);
    let writer = FileWriter::new(base.clone(), parts.format.clone(), id.clone(), false);
    let run = Run {
        id: plan.run.clone(),
        asked: plan.asked.clone(),
        nonce: id,
        mode: settings.mode,
        grid: plan.grid.clone(),
        started: plan.started,
        head,
    };
    let job = Job {
        parts: &parts,
        options: &settings,
        observer,
        run,
        scratch: Scratch::new()?,
        writer: Arc::new(writer),
    };
    Resolving { job, plan: &plan, staged: &staged, last: rounds.last_begins() }.decide().await
}

fn all_staged(plan: &BulkPlan, staged: Vec<Option<Staged>>) -> Result<Vec<Staged>> {
    let (all, missing) = (staged.len(), staged.iter().filter(|staged| staged.is_none()).count());
    if missing > 0 {
        let what = format!("{missing} of {all} chunks are not staged");
        return Err(Error::Unfinished { run: plan.run.clone(), what });
    }
    Ok(staged.into_iter().flatten().collect())
}

async fn check_pending(
    base: &Base,
    plan: &BulkPlan,
    rounds: &Rounds,
    staged: &[Staged],
    resolving: ResolveOptions,
) -> Result<()> {
    let last = staged.get(rounds.last_begins() as usize..).unwrap_or_default();
    let pending: u64 = last.iter().map(|staged| staged.pending).sum();
    let Some(first) = last.iter().find(|staged| staged.pending > 0).filter(|_| !resolving.accept_rejected)
    else {
        return Ok(());
    };
    let tail = read_tail(base, first).await?;
    let example =
        tail.pending.first().map(|p| format!("{}/{}: {}", p.object.bucket, p.object.key, p.message));
    Err(Error::Pending { run: plan.run.clone(), pending, example: example.unwrap_or_default() })
}

/// The decision that was committed, where only the end of the run is missing.
async fn committed(base: &Base, paths: &Paths, head: Option<&Head>) -> Result<Option<Decision>> {
    let Some(head) = head else { return Ok(None) };
    let current = Decision::current(base, paths).await?;
    Ok(current.filter(|decision| head.has(&CommitId::new(decision.id.as_str()))))
}

/// Everything that a decision depends on.
fn decision_id(plan: &BulkPlan, staged: &[Staged], head: Option<&Head>, resolving: ResolveOptions) -> String {
    let objects: Vec<&str> = staged.iter().map(|staged| staged.object.as_str()).collect();
    let snapshot = head.and_then(|head| head.snapshot_id);
    let index = expects(plan, head);
    let all = format!(
        "{VERSION}\0{}\0{objects:?}\0{snapshot:?}\0{index:?}\0{}",
        plan.run, resolving.accept_rejected
    );
    format!("{}-{}", plan.run, name_of(&all).get(..16).unwrap_or_default())
}

/// The index that a delta is decided on; what replaces everything asks none.
fn expects(plan: &BulkPlan, head: Option<&Head>) -> BTreeMap<String, Option<String>> {
    head.filter(|_| !plan.is_full()).map(on_index).unwrap_or_default()
}

/// A run that replaces everything must have seen it.
fn check_head(parts: &BulkParts, plan: &BulkPlan, head: Option<&Head>) -> Result<()> {
    let snapshot = head.and_then(|head| head.snapshot_id);
    if !plan.is_full() || snapshot == plan.snapshot {
        return Ok(());
    }
    Err(earthcatalog_catalog::Error::Conflict {
        table: head.map_or_else(|| parts.base.url().to_owned(), |head| head.location.clone()),
        reason: "another writer has committed since the run was planned, and to replace everything would lose that"
            .to_owned(),
    }
    .into())
}

/// The options of an ingest that does what this run does.
fn settings(plan: &BulkPlan, options: &TaskOptions) -> Result<IngestOptions> {
    let wrong = |message| Error::Damaged { path: plan.run.clone(), message };
    let assets: Assets = plan.assets.parse().map_err(wrong)?;
    Ok(IngestOptions {
        mode: if plan.is_full() { Mode::Full } else { Mode::Delta },
        assets,
        update_hash_index: plan.update_hash_index,
        memory: options.memory,
        stop: options.stop.clone(),
        ..IngestOptions::default()
    })
}

/// A decision being made.
struct Resolving<'a> {
    job: Job<'a>,
    plan: &'a BulkPlan,
    staged: &'a [Staged],
    /// The first chunk of the last round.
    last: u32,
}

/// What the tails of all chunks say.
struct Gathered {
    log: IdLog,
    fates: Fates,
    rejections: Rejections,
    sketch: Sketch,
    numbers: HashMap<PartitionKey, u32>,
    partitions: Vec<PartitionKey>,
    frames: Vec<(u32, FrameOf)>,
    /// The number of the first item of each chunk.
    firsts: Vec<u64>,
    next: u64,
}

impl Resolving<'_> {
    fn base(&self) -> &Base {
        &self.job.parts.base
    }

    async fn decide(&self) -> Result<Decision> {
        let mut gathered = self.gather().await?;
        let rejections = std::mem::replace(&mut gathered.rejections, Rejections::new());
        let (rejected, by_reason) = (rejections.count(), rejections.by_reason().clone());
        let rejected_path = self.put_rejections(rejections).await?;
        let schema = self.schema(&gathered.sketch)?;
        let (resolution, fates, existing) = self.resolve(&mut gathered).await?;
        self.check_any(&resolution, rejected, rejected_path.as_deref())?;
        let objects: Vec<String> = self.staged.iter().map(|staged| staged.object.clone()).collect();
        let hash = schema_hash(&schema)?;
        let naming = Naming { schema: &hash, objects: &objects };
        let slots = self.slots(gathered, &resolution, &naming);
        let existing_files =
            existing.as_ref().map(|(_, existing)| existing.files.as_slice()).unwrap_or_default();
        let rewrites = rewrites(existing_files, &naming);
        let remove: Vec<String> = existing_files.iter().map(|(file, _)| file.path.clone()).collect();
        let (rows, partitions) = (slots.iter().map(Slot::rows).sum(), partitions(&slots));
        let (updated, deleted) = existing
            .as_ref()
            .map_or((0, 0), |(_, existing)| (existing.updated(), existing.deleted.len() as u64));
        let (properties, index_changed) =
            self.properties(&resolution, fates, existing.as_ref(), &remove, slots.is_empty()).await?;
        let work = tasks(slots, rewrites, &objects);
        let decision = Decision {
            version: VERSION,
            id: self.job.run.nonce.clone(),
            run: self.plan.run.clone(),
            snapshot: self.job.run.snapshot(),
            tasks: work.len() as u32,
            names: work.iter().map(|work| work.name.clone()).collect(),
            rows,
            schema,
            replaces_all: self.plan.is_full(),
            remove,
            expects: expects(self.plan, self.job.run.head.as_ref()),
            properties,
            index_changed,
            ledger: self.ledger(&resolution, rejected),
            updated,
            deleted,
            partitions,
            rejected_by_reason: by_reason,
            rejected_path,
        };
        decision.ledger.check()?;
        let paths = self.plan.paths()?;
        let base = self.base();
        let puts = work.into_iter().enumerate().map(|(number, work)| {
            let path = paths.work(&decision.id, number as u32);
            async move { markers::put_compressed(base, &path, &work).await }
        });
        stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect::<Vec<()>>().await?;
        decision.put(self.base(), &paths).await?;
        Ok(decision)
    }

    /// Reads all tails, in the order of the chunks.
    async fn gather(&self) -> Result<Gathered> {
        let ids = self.job.options.memory / 16;
        let mut gathered = Gathered {
            log: IdLog::new(IdLogOptions { memory: ids, ..IdLogOptions::default() }),
            fates: Fates::new(ids, read_before(self.base(), self.plan).await?)?,
            rejections: Rejections::new(),
            sketch: Sketch::default(),
            numbers: HashMap::new(),
            partitions: Vec::new(),
            frames: Vec::new(),
            firsts: Vec::new(),
            next: 0,
        };
        // Collected, or the compiler cannot see that all this may move to another thread.
        let reads: Vec<_> = self.staged.iter().map(|staged| read_tail(self.base(), staged)).collect();
        let mut tails = stream::iter(reads).buffered(TAILS_AHEAD).enumerate();
        while let Some((chunk, tail)) = tails.next().await {
            if self.job.options.stop.is_stopped() {
                return Err(Error::Interrupted);
            }
            let chunk = chunk as u32;
            gathered.take_in(chunk, tail?, chunk >= self.last)?;
        }
        Ok(gathered)
    }

    /// The schema of the files: the table's with all that was seen, whatever came first.
    fn schema(&self, sketch: &Sketch) -> Result<TableSchema> {
        let mut builder = match &self.job.run.head {
            Some(head) => SchemaBuilder::extend(head.schema.clone()),
            None => SchemaBuilder::create(sketch, self.job.options.assets),
        };
        builder.evolve(sketch);
        Ok((**builder.schema()).clone())
    }

    async fn resolve(
        &self,
        gathered: &mut Gathered,
    ) -> Result<(Resolution, Fates, Option<(Known, Existing)>)> {
        let log = std::mem::replace(&mut gathered.log, IdLog::new(IdLogOptions::default()));
        let fates = std::mem::replace(&mut gathered.fates, Fates::new(0, HashMap::new())?);
        let layout = gathered.partitions.iter().cloned().map(Layout::waiting).collect();
        let head = self.job.run.head.as_ref().filter(|_| self.job.run.mode != Mode::Full);
        let known = match head {
            Some(head) => Some((Known::open(&self.job, head).await?, head)),
            None => None,
        };
        let ids = known.as_ref().map(|(known, _)| &known.ids);
        let (mut resolution, mut fates) = resolve_ids(log, layout, &self.job.scratch, fates, ids).await?;
        let Some((known, head)) = known else { return Ok((resolution, fates, None)) };
        let selection = Selection::default();
        let existing = settle(&self.job, head, &known, &selection, &mut resolution, &mut fates).await?;
        Ok((resolution, fates, Some((known, existing))))
    }

    /// A run of which nothing is left must not replace anything.
    fn check_any(&self, resolution: &Resolution, rejected: u64, path: Option<&str>) -> Result<()> {
        if resolution.unique > 0 || !self.plan.is_full() {
            return Ok(());
        }
        let bulk = Some(self.plan.run.clone());
        Err(Error::AllRejected { rejected, path: path.unwrap_or_default().to_owned(), bulk })
    }

    fn slots(&self, gathered: Gathered, resolution: &Resolution, naming: &Naming<'_>) -> Vec<Slot> {
        let Gathered { partitions, mut frames, firsts, .. } = gathered;
        let limits = Limits { rows: self.plan.compact_rows, bytes: self.plan.file_bytes };
        // By partition, in its order; within it the frames stay in that of the chunks.
        let mut order: Vec<u32> = (0..partitions.len() as u32).collect();
        order.sort_by(|a, b| partitions.get(*a as usize).cmp(&partitions.get(*b as usize)));
        frames.sort_by_key(|(partition, _)| *partition);
        let of = |number: u32| {
            let begin = frames.partition_point(|(partition, _)| *partition < number);
            let rest = frames.get(begin..).unwrap_or_default();
            rest.iter().take_while(move |(partition, _)| *partition == number).map(|(_, frame)| *frame)
        };
        let mut all = Vec::new();
        for number in order {
            let Some(key) = partitions.get(number as usize) else { continue };
            let lost = by_chunk(resolution.waiting.get(&number), &firsts);
            let partition = Partition { key: key.clone(), frames: of(number).collect(), lost };
            all.extend(slots(partition, limits, naming));
        }
        all
    }

    /// The properties of the commit: the grid and the index; and whether they alone are worth one.
    async fn properties(
        &self,
        resolution: &Resolution,
        fates: Fates,
        existing: Option<&(Known, Existing)>,
        remove: &[String],
        nothing_to_add: bool,
    ) -> Result<(BTreeMap<String, Option<String>>, bool)> {
        let (mut properties, operation) = match existing {
            None => {
                let spec: GridSpec = self.job.parts.grid.spec();
                (grid_properties::properties(&spec), earthcatalog_catalog::Operation::ReplaceAll)
            }
            Some(_) => (BTreeMap::new(), operation(remove.to_vec(), nothing_to_add)),
        };
        let index = index(&self.job, resolution, fates, existing, &operation).await?;
        let changed = index.is_some();
        if operation != earthcatalog_catalog::Operation::Properties || changed {
            properties.extend(index.unwrap_or_else(crate::commit::no_index));
        }
        Ok((properties, changed))
    }

    async fn put_rejections(&self, rejections: Rejections) -> Result<Option<String>> {
        let Some(bytes) = on_rayon(move || rejections.finish()).await?? else { return Ok(None) };
        let rel = self.plan.paths()?.file("rejected.parquet");
        self.base().put(&rel, bytes).await?;
        Ok(Some(self.base().location(&rel)))
    }

    fn ledger(&self, resolution: &Resolution, rejected: u64) -> Ledger {
        Ledger {
            listed: self.plan.listed,
            filtered: self.plan.filtered,
            known: self.plan.known,
            superseded: resolution.superseded + self.plan.duplicates,
            rejected,
            pending: 0,
            ingested: resolution.unique,
        }
    }
}

impl Gathered {
    /// Takes in a chunk. What is pending in one of an earlier round was taken up by a later one.
    fn take_in(&mut self, chunk: u32, tail: Tail, is_last: bool) -> Result<()> {
        let Tail { partitions, frames, items, rejected, pending, sketch } = tail;
        let numbers: Vec<u32> = partitions.into_iter().map(|key| self.number(key)).collect();
        let global = |local: &u32| numbers.get(*local as usize).copied().unwrap_or_default();
        for frame in frames {
            let of =
                FrameOf { chunk, offset: frame.offset, bytes: frame.bytes, rows: frame.rows, raw: frame.raw };
            self.frames.push((global(&frame.partition), of));
        }
        self.firsts.push(self.next);
        for item in items {
            let entry = Entry {
                id_hash: item.id(),
                updated: item.updated,
                last_modified: item.last_modified,
                seq: self.next,
                partitions: item.partitions.iter().map(global).collect(),
            };
            self.log.push(entry)?;
            self.fates.staged_as(item.key(), item.id(), item.last_modified, item.etag)?;
            self.next += 1;
        }
        let given_up = pending.into_iter().filter(|_| is_last).map(crate::prepare::Pending::given_up);
        for rejection in rejected.into_iter().chain(given_up) {
            self.fates.rejected(&rejection)?;
            self.rejections.push(rejection)?;
        }
        self.sketch.merge(sketch);
        Ok(())
    }

    fn number(&mut self, key: PartitionKey) -> u32 {
        let next = self.partitions.len() as u32;
        *self.numbers.entry(key).or_insert_with_key(|key| {
            self.partitions.push(key.clone());
            next
        })
    }
}

/// Lost lines by chunk, and there by their number in it.
fn by_chunk(lost: Option<&HashSet<u64>>, firsts: &[u64]) -> HashMap<u32, HashSet<u32>> {
    let mut by_chunk: HashMap<u32, HashSet<u32>> = HashMap::new();
    for seq in lost.into_iter().flatten() {
        let chunk = firsts.partition_point(|first| first <= seq).saturating_sub(1);
        let first = firsts.get(chunk).copied().unwrap_or_default();
        by_chunk.entry(chunk as u32).or_default().insert((seq - first) as u32);
    }
    by_chunk
}

fn rewrites(
    files: &[(earthcatalog_model::DataFile, Vec<earthcatalog_model::IdHash>)],
    naming: &Naming<'_>,
) -> Vec<Rewrite> {
    let rewrite = |(file, ids): &(earthcatalog_model::DataFile, Vec<_>)| {
        let name = naming.rewrite(&file.path, ids);
        Rewrite { file: file.clone(), ids: ids.clone(), name }
    };
    files.iter().map(rewrite).collect()
}

fn partitions(slots: &[Slot]) -> u64 {
    slots.iter().map(|slot| &slot.partition).collect::<BTreeSet<_>>().len() as u64
}

fn schema_hash(schema: &TableSchema) -> Result<String> {
    Ok(name_of(&serde_json::to_string(schema).map_err(Error::Report)?))
}

/// Tells that something of the run is done, for those who watch.
pub(super) fn tell(observer: &dyn Observer, files: u64, rows: u64) {
    observer.on_event(&Event::Committing { files, rows });
}

/// Now, for reports.
pub(super) fn seconds_since(started: Timestamp) -> f64 {
    Timestamp::now().micros().saturating_sub(started.micros()) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_line_is_found_in_its_chunk() {
        let lost = HashSet::from([0, 4, 5, 9]);
        // The third chunk has no items.
        let found = by_chunk(Some(&lost), &[0, 5, 9, 9]);
        let expected =
            HashMap::from([(0, HashSet::from([0, 4])), (1, HashSet::from([0])), (3, HashSet::from([0]))]);
        assert_eq!(found, expected);
        assert!(by_chunk(None, &[0]).is_empty());
    }
}
