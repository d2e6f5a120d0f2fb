//! `bulk run`: all phases of a run, from here, on worker processes.

use earthcatalog::{Catalog, Observer, Phase, Report, ResolveOptions, Stop, TaskOptions};

use super::{LEFT, bulk, task_options};
use crate::args::bulk::BulkRunArgs;
use crate::commands::ingest::{show, threads};
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::Output;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;
use crate::workers::{Crew, Phasing, Share};

/// Runs it and prints the report, which is that of `ingest`.
pub(crate) async fn run(
    args: &BulkRunArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let stop = Stop::default();
    let share = Share::of(args.workers, settings)?;
    interrupt::watch_for(stop.clone(), console.clone(), LEFT);
    let report = {
        let observer = observer(settings.progress, console);
        let driver = Driver {
            catalog: open(settings).await?,
            crew: Crew::new(settings, share, stop.clone())?,
            observer: &*observer,
            options: task_options(settings, stop.clone()),
            resolving: ResolveOptions { accept_rejected: args.unfetched.accept_rejected },
        };
        let plan = driver.catalog.bulk_plan(&bulk(&args.plan, settings, stop), &*observer).await?;
        driver.drive(&plan.run, args.retry_pending).await?
    };
    show(&report, output)
}

struct Driver<'a> {
    catalog: Catalog,
    crew: Crew,
    observer: &'a dyn Observer,
    options: TaskOptions,
    resolving: ResolveOptions,
}

impl Driver<'_> {
    /// From wherever the run is to its end.
    async fn drive(&self, run: &str, retry_pending: bool) -> Result<Report> {
        // One that was committed, and whose driver died while it tidied up, has no tasks any more.
        if self.catalog.bulk_ended(run).await?.is_none() {
            self.phase(run, Phase::Stage).await?;
            if retry_pending && self.catalog.bulk_retry(run).await? > 0 {
                self.phase(run, Phase::Stage).await?;
            }
            self.catalog.bulk_resolve(run, self.resolving, &self.options, self.observer).await?;
            self.phase(run, Phase::Write).await?;
        }
        Ok(self.catalog.bulk_finish(run, self.resolving, &self.options, self.observer).await?)
    }

    async fn phase(&self, run: &str, phase: Phase) -> Result<()> {
        let undone = self.catalog.bulk_undone(run, phase).await?;
        if undone.is_empty() {
            return Ok(());
        }
        let status = self.catalog.bulk_status(run).await?;
        self.crew.work(&Phasing { status: &status, phase, undone: &undone }, self.observer).await
    }
}
