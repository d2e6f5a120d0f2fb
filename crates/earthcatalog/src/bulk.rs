//! Bulk ingest of a catalog: plans, tasks, and their end.

use std::sync::Arc;

use earthcatalog_fetch::StoreFetch;
use earthcatalog_grid::GridSpec;
use earthcatalog_pipeline::{
    self as pipeline, BulkOptions, BulkParts, BulkPlan, BulkStatus, BulkTask, Cleaned, Decision, Observer,
    OpenRun, Phase, Report, ResolveOptions, TaskOptions, TaskReport, bulk,
};
use earthcatalog_writer::GeoParquet;

use crate::catalog::Catalog;
use crate::config::Ingest;
use crate::error::Result;
use crate::source::Source;
use crate::sources::Sources;

/// How often [`Catalog::bulk_finish`] resolves anew where other writers come first.
const ATTEMPTS: u32 = 8;

/// A bulk run: what to read, and how it is cut into tasks.
#[derive(Debug, Clone, Default)]
pub struct Bulk {
    /// The inventory and the options of any ingest. Its memory decides how large files may be; that of the workers is
    /// theirs.
    pub ingest: Ingest,
    /// Chunks, files, staging.
    pub options: BulkOptions,
}

impl Bulk {
    /// A bulk run of an inventory with default options.
    pub fn new(inventory: impl Into<String>) -> Self {
        Self { ingest: Ingest::new(inventory), options: BulkOptions::default() }
    }
}

impl Catalog {
    /// Plans a bulk run: reads the inventory and writes down what is to be fetched, in chunks. The plan of the same
    /// inventory, options and state of the catalog is found again, and with it all the work that was done for it.
    ///
    /// The phases and what a task is: [`earthcatalog_pipeline::bulk`].
    ///
    /// # Errors
    /// Where the inventory or the catalog cannot be read, or nothing of the inventory passes the filters.
    pub async fn bulk_plan(&self, run: &Bulk, observer: &dyn Observer) -> Result<BulkPlan> {
        let source = Source::of_run(&self.stores, &run.ingest).await?;
        source.check_for_workers()?;
        let parts = self.bulk_parts(run.ingest.grid.as_ref()).await?;
        Ok(bulk::plan(&parts, source.inventory, &run.ingest.options, &run.options, observer).await?)
    }

    /// The plan of an open run.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn bulk_plan_of(&self, run: &str) -> Result<BulkPlan> {
        Ok(BulkPlan::read(&self.base, run).await?)
    }

    /// Runs a task of staging or writing. It may run anywhere, at any time, twice, or twice at once.
    ///
    /// # Errors
    /// What ends the task; a bad item does not.
    pub async fn bulk_task(
        &self,
        task: &BulkTask,
        options: &TaskOptions,
        observer: &dyn Observer,
    ) -> Result<TaskReport> {
        let parts = self.bulk_parts_of(&task.run).await?;
        Ok(bulk::run_task(&parts, task, options, observer).await?)
    }

    /// The tasks of a phase that are not done.
    ///
    /// # Errors
    /// Where there is no such run, or (for writing) it is not resolved yet.
    pub async fn bulk_undone(&self, run: &str, phase: Phase) -> Result<Vec<u32>> {
        Ok(bulk::undone(&self.base, run, phase).await?)
    }

    /// Gives the objects that could not be fetched out again, as new tasks of staging; how many.
    ///
    /// # Errors
    /// Where tasks of staging are not done.
    pub async fn bulk_retry(&self, run: &str) -> Result<u32> {
        Ok(bulk::retry(&self.base, run).await?)
    }

    /// Decides what is to be written, once all is staged.
    ///
    /// # Errors
    /// Where tasks of staging are not done, or objects are pending and that was not accepted.
    pub async fn bulk_resolve(
        &self,
        run: &str,
        resolving: ResolveOptions,
        options: &TaskOptions,
        observer: &dyn Observer,
    ) -> Result<Decision> {
        let parts = self.bulk_parts_of(run).await?;
        Ok(bulk::resolve(&parts, run, resolving, options, observer).await?)
    }

    /// Commits a run as one snapshot, once all is written, and takes its staging away.
    ///
    /// # Errors
    /// Where tasks of writing are not done, or another writer has committed since it was resolved.
    pub async fn bulk_register(
        &self,
        run: &str,
        options: &TaskOptions,
        observer: &dyn Observer,
    ) -> Result<Report> {
        let parts = match self.bulk_parts_of(run).await {
            Err(error) if is_ended(&error) => self.bulk_parts(None).await?,
            parts => parts?,
        };
        let mut options = options.clone();
        // The lease rests on conditional PUTs too: a store without them has none to give.
        options.no_lock |= self.config.unsafe_no_cas;
        Ok(bulk::register(&parts, run, &options, observer).await?)
    }

    /// Brings a run to its end from here, once all is staged: resolves it, runs the tasks of writing that are not done,
    /// one after another, and commits. Where another writer comes first, a delta is resolved anew.
    ///
    /// # Errors
    /// As [`bulk_resolve`](Self::bulk_resolve) and [`bulk_register`](Self::bulk_register).
    pub async fn bulk_finish(
        &self,
        run: &str,
        resolving: ResolveOptions,
        options: &TaskOptions,
        observer: &dyn Observer,
    ) -> Result<Report> {
        for _ in 1..ATTEMPTS {
            match self.bulk_finish_once(run, resolving, options, observer).await {
                Err(error) if self.may_try_again(run, &error).await => {
                    observer
                        .on_event(&pipeline::Event::Warning(&format!("{error}; the run is resolved anew")));
                }
                outcome => return outcome,
            }
        }
        self.bulk_finish_once(run, resolving, options, observer).await
    }

    async fn bulk_finish_once(
        &self,
        run: &str,
        resolving: ResolveOptions,
        options: &TaskOptions,
        observer: &dyn Observer,
    ) -> Result<Report> {
        if self.bulk_ended(run).await?.is_some() {
            return self.bulk_register(run, options, observer).await;
        }
        self.bulk_resolve(run, resolving, options, observer).await?;
        for number in self.bulk_undone(run, Phase::Write).await? {
            self.bulk_task(&BulkTask::new(run, Phase::Write, number), options, observer).await?;
        }
        self.bulk_register(run, options, observer).await
    }

    /// A delta is decided anew on what another writer made; what was to replace everything would lose that.
    async fn may_try_again(&self, run: &str, error: &crate::Error) -> bool {
        let is_delta = self.bulk_plan_of(run).await.is_ok_and(|plan| plan.mode == "delta");
        is_delta && error.kind() == crate::ErrorKind::Conflict
    }

    /// The report of a run that has ended; None of one that is open, or was never there.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    pub async fn bulk_ended(&self, run: &str) -> Result<Option<Report>> {
        Ok(bulk::ended(&self.base, run).await?)
    }

    /// How far an open run is.
    ///
    /// # Errors
    /// Where there is no such run.
    pub async fn bulk_status(&self, run: &str) -> Result<BulkStatus> {
        Ok(bulk::status(&self.base, run).await?)
    }

    /// The runs that are planned and have not ended, the oldest first.
    ///
    /// # Errors
    /// Where the catalog cannot be read.
    pub async fn bulk_runs(&self) -> Result<Vec<OpenRun>> {
        Ok(bulk::open_runs(&self.base).await?)
    }

    /// Gives a run up, and takes its staging away. Files of rows that were written for it are left to [`gc`](Self::gc): a driver
    /// that only seemed dead may be committing them.
    ///
    /// # Errors
    /// Where there is no such run.
    pub async fn bulk_clean(&self, run: &str) -> Result<Cleaned> {
        Ok(bulk::clean(&self.base, run).await?)
    }

    /// The parts of an open run, its grid as planned.
    async fn bulk_parts_of(&self, run: &str) -> Result<BulkParts> {
        let plan = BulkPlan::read(&self.base, run).await?;
        let spec: GridSpec = plan.grid.parse()?;
        self.bulk_parts(Some(&spec)).await
    }

    async fn bulk_parts(&self, grid: Option<&GridSpec>) -> Result<BulkParts> {
        let fetch = StoreFetch::new(Arc::new(Sources::new(self.stores.clone())), self.fetch_options());
        Ok(BulkParts {
            base: self.base.clone(),
            table: self.table.clone(),
            fetch: Arc::new(fetch),
            href: Arc::new(Sources::new(self.stores.clone())),
            grid: self.grid_for(grid).await?,
            format: Arc::new(GeoParquet::default()),
        })
    }
}

/// True where a run is not open any more: it may have been brought to its end by another.
fn is_ended(error: &crate::Error) -> bool {
    matches!(error, crate::Error::Pipeline(pipeline::Error::NoRun { .. }))
}
