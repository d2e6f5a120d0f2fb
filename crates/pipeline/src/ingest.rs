//! The run, from its plan to its report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use earthcatalog_catalog::Head;
use earthcatalog_inventory::Filter;
use earthcatalog_model::Timestamp;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::commit::{Findings, commit};
use crate::duplicates::{Layout, Resolution, resolve};
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::existing::{Existing, settle};
use crate::feed::feed;
use crate::intake::{Budget, Intake, SchemaOf};
use crate::known::{Known, Reading};
use crate::leased::under_lease;
use crate::listing::Listed;
use crate::options::{IngestOptions, Mode};
use crate::parts::Parts;
use crate::report::{Ledger, Report};
use crate::run::Run;
use crate::scratch::Scratch;
use crate::selection::{Selection, select};
use crate::worker::on_rayon;
use crate::write::FileWriter;

/// How often a run is decided, where other writers come first, and how long it waits at most between two attempts, times
/// their number.
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(200);

/// A run at work: what all its steps need.
pub(crate) struct Job<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) options: &'a IngestOptions,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) run: Run,
    pub(crate) scratch: Scratch,
    pub(crate) writer: Arc<FileWriter>,
}

/// Reads an inventory, fetches and writes its items, and commits them as one snapshot.
///
/// Where another writer commits first, a run that does not replace everything is decided anew, on what that writer made,
/// a few times.
///
/// # Errors
/// What ends a run. A bad item does not: it is a rejection. After any error the catalog is as it was; only
/// [`earthcatalog_catalog::Error`] can say that it does not know whether its commit arrived.
///
/// The future is boxed: the compiler then knows in other crates too that it may move to another thread.
pub fn ingest<'a>(
    parts: &'a Parts,
    options: &'a IngestOptions,
    observer: &'a dyn Observer,
) -> BoxFuture<'a, Result<Report>> {
    attempts(parts, options, observer).boxed()
}

async fn attempts(parts: &Parts, options: &IngestOptions, observer: &dyn Observer) -> Result<Report> {
    for attempt in 1..ATTEMPTS {
        match attempt_once(parts, options, observer).await {
            Err(error) if error.is_conflict() && options.mode != Mode::Full => {
                observer.on_event(&Event::Warning(&format!("{error}; the run is decided anew")));
                // Of two that met once, one should be done before the other comes again.
                let share = f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
                tokio::time::sleep((PAUSE * attempt).mul_f64(share)).await;
            }
            outcome => return outcome,
        }
    }
    attempt_once(parts, options, observer).await
}

async fn attempt_once(parts: &Parts, options: &IngestOptions, observer: &dyn Observer) -> Result<Report> {
    let run = Run::plan(parts, options).await?;
    observer.on_event(&Event::Started { run_id: &run.id, mode: run.mode.as_str(), grid: &run.grid });
    let writer =
        FileWriter::new(parts.base.clone(), parts.format.clone(), run.nonce.clone(), options.dry_run);
    let job = Job { parts, options, observer, run, scratch: Scratch::new()?, writer: Arc::new(writer) };
    if !options.dry_run {
        // Before the first write: a store that cannot take the commit is refused while nothing is lost by it.
        parts.table.prepare().await?;
    }
    if options.no_lock || options.dry_run {
        return job.work().await;
    }
    under_lease(&parts.base, job.owner(), observer, job.work()).await
}

impl Job<'_> {
    fn owner(&self) -> String {
        self.options.owner.clone().unwrap_or_else(|| format!("ingest {}", self.run.id))
    }

    async fn work(&self) -> Result<Report> {
        let clock = Instant::now();
        let schema = SchemaOf::new(self.run.head.as_ref().map(|h| h.schema.clone()), self.options.assets);
        let mut intake = Intake::new(Budget::of(self.options.memory), self.writer.clone(), schema);
        let outcome = self.run_through(&mut intake, clock).await;
        if outcome.as_ref().is_err_and(Error::nothing_was_committed) {
            intake.abandon().await;
            let names: Vec<String> = intake.names().chain(self.writer.others()).collect();
            self.writer.remove(names.iter().map(String::as_str)).await;
        }
        outcome
    }

    async fn run_through(&self, intake: &mut Intake, clock: Instant) -> Result<Report> {
        let (known, mut selection) = self.select().await?;
        intake.note_fates(std::mem::take(&mut selection.before))?;
        let listed = self.feed(&mut selection, intake).await?;
        intake.settle().await?;
        self.check_selection(&listed, known.is_some(), intake).await?;
        let findings = self.find_out(known, &selection, intake).await?;
        let waiting = intake.buffers.numbers_waiting().len() as u64;
        if waiting > 0 {
            self.observer.on_event(&Event::Writing { files: waiting });
        }
        if !self.options.dry_run {
            intake.write_rest(&findings.resolution.waiting).await?;
            self.rewrite(intake, &findings.resolution).await?;
        }
        let mut report = self.report(intake, &listed, &selection, &findings);
        report.ledger.check()?;
        if !self.options.dry_run {
            commit(self, intake, findings, &mut report).await?;
        }
        report.seconds = clock.elapsed().as_secs_f64();
        self.put_report(&report).await?;
        self.observer.on_event(&Event::Finished(&report));
        Ok(report)
    }

    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading {
            base: &self.parts.base,
            table: &*self.parts.table,
            href: &*self.parts.href,
            scratch: &self.scratch,
            memory: self.options.memory / 8,
        }
    }

    /// What the index knows and what is to be fetched; a full run asks no index, and fetches all.
    async fn select(&self) -> Result<(Option<(Known, &Head)>, Selection)> {
        let Some(head) = self.run.head.as_ref().filter(|_| self.run.mode != Mode::Full) else {
            return Ok((None, Selection::default()));
        };
        let known = Known::open(self, head).await?;
        let selection = select(self, &known).await?;
        Ok((Some((known, head)), selection))
    }

    async fn feed(&self, selection: &mut Selection, intake: &mut Intake) -> Result<Listed> {
        let first = selection.listed.take();
        match first {
            Some(listed) if selection.is_empty() => Ok(listed),
            first => {
                let listed = feed(self, selection.seqs.clone(), intake).await?;
                let before = first.map_or(listed.listed, |first| first.listed);
                if before != listed.listed {
                    let inventory = self.parts.inventory.name().to_owned();
                    return Err(Error::InventoryChanged { inventory, before, after: listed.listed });
                }
                Ok(listed)
            }
        }
    }

    /// The lines that are asked for.
    pub(crate) fn filter(&self) -> Filter {
        let options = self.options;
        Filter {
            suffixes: options.suffixes.clone(),
            prefix: options.prefix.clone(),
            since: options.since,
            until: options.until,
            glob: options.glob.clone(),
            min_size: options.min_size,
            max_size: options.max_size,
            all_versions: false,
            limit: options.limit,
        }
    }

    /// A run that selects nothing, or of which nothing is left, has been given the wrong inventory or filters. A delta
    /// may find nothing since a time, or nothing that is not known.
    async fn check_selection(&self, listed: &Listed, is_delta: bool, intake: &mut Intake) -> Result<()> {
        let passed = listed.listed - listed.filtered;
        if passed == 0 && !(is_delta && self.options.since.is_some()) {
            let inventory = self.parts.inventory.name().to_owned();
            return Err(Error::NothingSelected { inventory, message: listed.summary.clone() });
        }
        let rejected = intake.rejections.count();
        if !is_delta && rejected == intake.progress.fetched {
            let path = self.put_rejections(intake).await?.unwrap_or_default();
            return Err(Error::AllRejected { rejected, path, bulk: None });
        }
        Ok(())
    }

    /// Who won of each id, here and against what the table holds.
    async fn find_out(
        &self,
        known: Option<(Known, &Head)>,
        selection: &Selection,
        intake: &mut Intake,
    ) -> Result<Findings> {
        let layout = intake.buffers.partitions().iter().map(Layout::from).collect();
        let (log, fates) = (intake.take_log(), intake.take_fates()?);
        let ids = known.as_ref().map(|(known, _)| &known.ids);
        let (mut resolution, mut fates) = resolve(log, layout, &self.scratch, fates, ids).await?;
        let existing = match known {
            None => None,
            Some((known, head)) => {
                let existing = settle(self, head, &known, selection, &mut resolution, &mut fates).await?;
                Some((known, existing))
            }
        };
        Ok(Findings { resolution, fates, existing })
    }

    /// Takes the rows of the losers out of files that are already written.
    async fn rewrite(&self, intake: &mut Intake, resolution: &Resolution) -> Result<()> {
        let schema = intake.schema();
        for ((partition, file), ids) in resolution.files.iter().rev() {
            let Some(old) = intake.file(*partition, *file).cloned() else { continue };
            let Some(key) = intake.buffers.partitions().get(*partition as usize).map(|p| p.key.clone())
            else {
                continue;
            };
            let new = self.writer.without(&key, &old, ids.clone(), schema.clone()).await?;
            intake.replace(*partition, *file, new)?;
            self.writer.remove(std::iter::once(self.writer.rel(&key, old.number).as_str())).await;
        }
        Ok(())
    }

    /// The file `rejected.parquet`, where there are rejections; its location.
    pub(crate) async fn put_rejections(&self, intake: &mut Intake) -> Result<Option<String>> {
        let rejections = intake.take_rejections();
        let Some(bytes) = on_rayon(move || rejections.finish()).await?? else { return Ok(None) };
        let rel = self.run.file("rejected.parquet");
        self.writer.put_other(&rel, bytes).await?;
        Ok(Some(self.parts.base.location(&rel)))
    }

    async fn put_report(&self, report: &Report) -> Result<()> {
        let json = serde_json::to_vec_pretty(report).map_err(Error::Report)?;
        let put = self.writer.put_other(&self.run.file("report.json"), json.into()).await;
        if let Err(error) = put {
            // The snapshot is there: a run does not fail any more for want of its report.
            self.observer.on_event(&Event::Warning(&format!("report.json could not be written: {error}")));
        }
        Ok(())
    }

    fn report(&self, intake: &Intake, listed: &Listed, selection: &Selection, findings: &Findings) -> Report {
        let files = || intake.files();
        let dry = self.options.dry_run;
        let Findings { resolution, existing, .. } = findings;
        let existing = existing.as_ref().map(|(_, existing)| existing);
        let partitions = intake.buffers.partitions().iter().filter(|p| dry || !p.files.is_empty()).count();
        Report {
            run_id: self.run.id.clone(),
            mode: self.run.mode.as_str().to_owned(),
            dry_run: dry,
            inventory: self.parts.inventory.name().to_owned(),
            catalog: self.parts.base.url().to_owned(),
            grid: self.run.grid.clone(),
            ledger: Ledger {
                listed: listed.listed,
                filtered: listed.filtered,
                known: selection.known,
                superseded: resolution.superseded + selection.duplicates,
                rejected: intake.rejections.count(),
                pending: 0,
                ingested: resolution.unique,
            },
            updated: existing.map_or(0, Existing::updated),
            deleted: existing.map_or(0, |existing| existing.deleted.len() as u64),
            rows: if dry { intake.progress.rows } else { files().map(|f| f.rows).sum() },
            files: files().count() as u64,
            rewritten_files: resolution.files.len() as u64,
            bytes: files().map(|f| f.bytes).sum(),
            partitions: partitions as u64,
            snapshot_id: None,
            rejected_by_reason: intake.rejections.by_reason().clone(),
            rejected_path: None,
            extra: intake.extra.clone(),
            started: self.run.started,
            seconds: Timestamp::now().micros().saturating_sub(self.run.started.micros()) as f64 / 1e6,
        }
    }
}
