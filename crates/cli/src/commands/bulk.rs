//! `bulk`: an archive as tasks over a plan, driven from here, by an array of jobs, or step by step.

mod clean;
mod plan;
mod run;
mod run_task;
mod status;
mod steps;
mod worker;

use earthcatalog::{Bulk, BulkOptions, Catalog, OpenRun, Stop, TaskOptions};

use crate::args::BulkCommand;
use crate::args::bulk::{BulkPlanArgs, OneRunArgs};
use crate::commands::ingest::request;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::progress::console::Console;
use crate::settings::Settings;

/// What Ctrl-C leaves, in words.
const LEFT: &str = "what is done stays, and the same command goes on with it";

/// Runs one of the commands.
pub(crate) async fn run(
    command: &BulkCommand,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    let done = match command {
        BulkCommand::Run(args) => run::run(args, settings, console, output).await,
        BulkCommand::Plan(args) => plan::run(args, settings, console, output).await,
        BulkCommand::RunTask(args) => run_task::run(args, settings, console, output).await,
        BulkCommand::Retry(args) => steps::retry(args, settings, output).await,
        BulkCommand::Resolve(args) => steps::resolve(args, settings, console, output).await,
        BulkCommand::Register(args) => steps::register(args, settings, console, output).await,
        BulkCommand::Status { run } => status::run(run.as_deref(), settings, output).await,
        BulkCommand::Clean { run } => clean::run(run, settings, output).await,
        BulkCommand::Worker => return worker::run(settings).await,
    };
    done.map_err(resumable)
}

/// Whoever interrupts a run wants to know what became of its work.
fn resumable(failure: Failure) -> Failure {
    match failure.exit() {
        Exit::Interrupted => Failure::new(Exit::Interrupted, format!("interrupted: {LEFT}")),
        _ => failure,
    }
}

/// The run as the library is asked for it.
fn bulk(args: &BulkPlanArgs, settings: &Settings, stop: Stop) -> Bulk {
    let options = BulkOptions {
        chunk_size: args.chunk_size,
        compact_rows: args.compact_rows,
        staging: args.staging_prefix.clone(),
    };
    Bulk { ingest: request(&args.inventory, &args.selection, settings, stop), options }
}

/// How this process itself works on a run.
fn task_options(settings: &Settings, stop: Stop) -> TaskOptions {
    TaskOptions {
        memory: settings.ingest.memory.0,
        concurrency: settings.ingest.concurrency.get(),
        no_lock: settings.ingest.no_lock,
        stop,
        ..TaskOptions::default()
    }
}

/// The run that was named, else the only one that is open.
async fn one_run(args: &OneRunArgs, catalog: &Catalog) -> Result<String> {
    if let Some(run) = &args.run {
        return Ok(run.clone());
    }
    choose(catalog.bulk_runs().await?)
}

fn choose(open: Vec<OpenRun>) -> Result<String> {
    match open.as_slice() {
        [run] => Ok(run.plan.run.clone()),
        [] => Err(Failure::usage("no bulk run is open").hint("begin one with `earthcatalog bulk plan`")),
        runs => {
            let shown = |run: &OpenRun| format!("{} of {}", run.plan.run, run.plan.inventory);
            let list = runs.iter().map(shown).collect::<Vec<_>>().join(", ");
            let message = format!("{} bulk runs are open: {list}", runs.len());
            Err(Failure::usage(message)
                .hint("name one with --run, or give one up with `earthcatalog bulk clean`"))
        }
    }
}
