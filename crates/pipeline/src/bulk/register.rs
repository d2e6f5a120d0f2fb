//! The last phase: one snapshot of all that was written, read back; then the staging goes.

use std::collections::{BTreeMap, HashSet};

use earthcatalog_catalog::{Change, CommitId, Committed, Filter, Operation};
use earthcatalog_model::DataFile;
use earthcatalog_store::Base;

use super::clean::{Cleaned, remove_staging};
use super::decision::Decision;
use super::markers;
use super::paths::Paths;
use super::plan::BulkPlan;
use super::resolve::{seconds_since, tell};
use super::task::TaskOptions;
use super::work::BulkParts;
use super::write::Written;
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::leased::under_lease;
use crate::report::Report;
use futures::FutureExt;
use futures::future::BoxFuture;

/// What a run leaves on purpose.
const LEAVES: [&str; 2] = ["report.json", "rejected.parquet"];

/// Commits a run as one snapshot. A run that was committed before is not committed again, whoever did it; the report of
/// one that has ended is its answer.
///
/// # Errors
/// [`Error::Unfinished`] while files are missing. A conflict where another writer has committed since it was resolved: a
/// delta is then to be resolved again, and only what that changes is to be written.
///
/// Boxed, as [`ingest`](crate::ingest) is.
pub fn register<'a>(
    parts: &'a BulkParts,
    run: &'a str,
    options: &'a TaskOptions,
    observer: &'a dyn Observer,
) -> BoxFuture<'a, Result<Report>> {
    register_run(parts, run, options, observer).boxed()
}

async fn register_run(
    parts: &BulkParts,
    run: &str,
    options: &TaskOptions,
    observer: &dyn Observer,
) -> Result<Report> {
    let paths = Paths::of(run)?;
    if let Some(report) = ended(&parts.base, run).await? {
        // It may have died while it tidied up.
        if let Ok(plan) = BulkPlan::find(&parts.base, run).await {
            remove_staging(&parts.base, &plan, &paths, &LEAVES, &mut Cleaned::default()).await?;
        }
        return Ok(report);
    }
    let plan = BulkPlan::read(&parts.base, run).await?;
    let work = Registering { parts, plan: &plan, paths: &paths, observer }.work();
    if options.no_lock {
        return work.await;
    }
    let owner = options.owner.clone().unwrap_or_else(|| format!("bulk {run}"));
    under_lease(&parts.base, owner, observer, work).await
}

/// The report of a run that has ended; None of one that is open.
///
/// # Errors
/// Those of the store.
pub async fn ended(base: &Base, run: &str) -> Result<Option<Report>> {
    markers::read(base, &Paths::of(run)?.report()).await
}

struct Registering<'a> {
    parts: &'a BulkParts,
    plan: &'a BulkPlan,
    paths: &'a Paths,
    observer: &'a dyn Observer,
}

impl Registering<'_> {
    async fn work(self) -> Result<Report> {
        let base = &self.parts.base;
        let decision = Decision::expect(base, self.paths).await?;
        let written = self.written(&decision).await?;
        let files: Vec<DataFile> = written.iter().flat_map(|written| written.files.clone()).collect();
        let mut report = self.report(&decision, &written);
        report.ledger.check()?;
        tell(self.observer, report.files, report.rows);
        if let Some(change) = change(&decision, files) {
            let added: Vec<String> = change.add.iter().map(|file| file.path.clone()).collect();
            let makes_snapshot = change.operation != Operation::Properties;
            let committed = self.parts.table.commit(change).await?;
            self.read_back(&committed, &decision, &added).await?;
            report.snapshot_id = committed.snapshot_id.filter(|_| makes_snapshot);
        }
        report.seconds = seconds_since(self.plan.started);
        markers::put(base, &self.paths.report(), &report).await?;
        // What is committed is committed: leftovers are for the next collection of garbage.
        let cleaned = remove_staging(base, self.plan, self.paths, &LEAVES, &mut Cleaned::default()).await;
        if let Err(error) = cleaned {
            self.observer
                .on_event(&Event::Warning(&format!("not all staged files could be removed: {error}")));
        }
        self.observer.on_event(&Event::Finished(&report));
        Ok(report)
    }

    /// What was written; all of it.
    async fn written(&self, decision: &Decision) -> Result<Vec<Written>> {
        let rels = decision.names.iter().map(|name| self.paths.written(name)).collect();
        let found: Vec<Option<Written>> = markers::read_all(&self.parts.base, rels).await?;
        let missing = found.iter().filter(|written| written.is_none()).count();
        let unfinished = |what| Err(Error::Unfinished { run: self.plan.run.clone(), what });
        if missing > 0 {
            return unfinished(format!("{missing} of {} tasks of writing are not done", found.len()));
        }
        let written: Vec<Written> = found.into_iter().flatten().collect();
        let rows: u64 = written.iter().map(|written| written.rows).sum();
        if rows != decision.rows {
            return unfinished(format!("{rows} rows were written where {} were staged", decision.rows));
        }
        Ok(written)
    }

    /// The commit is there for all to see before anything goes that it was made from.
    async fn read_back(&self, committed: &Committed, decision: &Decision, added: &[String]) -> Result<()> {
        let head = match self.parts.table.head().await? {
            // Another writer may have come since; what the table was after this commit is what is looked at.
            Some(head) if head.is_of(&CommitId::new(decision.id.as_str())) => head,
            _ => committed.head.clone(),
        };
        if !head.is_of(&CommitId::new(decision.id.as_str())) {
            return Ok(());
        }
        let files = self.parts.table.files(&head, &Filter::default()).await?;
        let there: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let missing = added.iter().filter(|path| !there.contains(path.as_str())).count();
        if missing == 0 {
            return Ok(());
        }
        let what = format!("{missing} of {} files are not in the table that was read back", added.len());
        Err(Error::Unfinished { run: self.plan.run.clone(), what })
    }

    fn report(&self, decision: &Decision, written: &[Written]) -> Report {
        let files = || written.iter().flat_map(|written| &written.files);
        let mut extra: BTreeMap<String, u64> = BTreeMap::new();
        for (property, count) in written.iter().flat_map(|written| &written.extra) {
            *extra.entry(property.clone()).or_default() += count;
        }
        Report {
            run_id: self.plan.run.clone(),
            mode: self.plan.mode.clone(),
            dry_run: false,
            inventory: self.plan.inventory.clone(),
            catalog: self.parts.base.url().to_owned(),
            grid: self.plan.grid.clone(),
            ledger: decision.ledger,
            updated: decision.updated,
            deleted: decision.deleted,
            rows: decision.rows,
            files: files().count() as u64,
            rewritten_files: decision.remove.len() as u64,
            bytes: files().map(|file| file.bytes).sum(),
            partitions: decision.partitions,
            snapshot_id: None,
            rejected_by_reason: decision.rejected_by_reason.clone(),
            rejected_path: decision.rejected_path.clone(),
            extra,
            started: self.plan.started,
            seconds: 0.0,
        }
    }
}

/// The change of the table; None where nothing of it would be another.
fn change(decision: &Decision, add: Vec<DataFile>) -> Option<Change> {
    let operation = match decision {
        Decision { replaces_all: true, .. } => Operation::ReplaceAll,
        Decision { remove, .. } => crate::commit::operation(remove.clone(), add.is_empty()),
    };
    if operation == Operation::Properties && !decision.index_changed {
        return None;
    }
    Some(Change {
        id: CommitId::new(decision.id.as_str()),
        operation,
        add,
        schema: Some(decision.schema.clone()),
        properties: decision.properties.clone(),
        decided_on: Some(decision.snapshot),
        expects: decision.expects.clone(),
        summary: [("earthcatalog.run-id".to_owned(), decision.run.clone())].into(),
    })
}
