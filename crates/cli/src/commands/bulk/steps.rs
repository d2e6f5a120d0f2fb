//! The steps of a run that are no tasks: `bulk retry`, `bulk resolve` and `bulk register`.

use earthcatalog::{Ledger, ResolveOptions, Stop};
use serde::Serialize;

use super::{LEFT, one_run, task_options};
use crate::args::bulk::{OneRunArgs, ResolveArgs};
use crate::commands::ingest::{show, threads};
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;

#[derive(Serialize)]
struct Retried<'a> {
    run: &'a str,
    stage_tasks: u32,
}

#[derive(Serialize)]
struct Resolved<'a> {
    run: &'a str,
    decision: &'a str,
    write_tasks: u32,
    undone: u64,
    rows: u64,
    #[serde(flatten)]
    ledger: Ledger,
}

/// Gives pending objects out again, and prints how many tasks that makes.
pub(crate) async fn retry(args: &OneRunArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let catalog = open(settings).await?;
    let run = one_run(args, &catalog).await?;
    let stage_tasks = catalog.bulk_retry(&run).await?;
    if output.is_json() {
        output.document(&Retried { run: &run, stage_tasks })?;
    } else {
        output.line(&match stage_tasks {
            0 => format!("run {run}: nothing is pending"),
            1 => format!("run {run}: 1 new task of staging"),
            n => format!("run {run}: {} new tasks of staging", numbers::count(n.into())),
        })?;
    }
    Ok(Exit::Done)
}

/// Decides what is to be written, and prints in how many tasks.
pub(crate) async fn resolve(
    args: &ResolveArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), LEFT);
    let catalog = open(settings).await?;
    let run = one_run(&args.run, &catalog).await?;
    let decision = {
        let observer = observer(settings.progress, console);
        catalog.bulk_resolve(&run, resolving(args), &task_options(settings, stop), &*observer).await?
    };
    let undone = catalog.bulk_undone(&run, earthcatalog::Phase::Write).await?.len() as u64;
    let resolved = Resolved {
        run: &run,
        decision: &decision.id,
        write_tasks: decision.tasks,
        undone,
        rows: decision.rows,
        ledger: decision.ledger,
    };
    if output.is_json() {
        output.document(&resolved)?;
    } else {
        output.line(&text(&resolved))?;
    }
    Ok(Exit::Done)
}

/// Brings a run to its end, and prints its report, which is that of `ingest`.
pub(crate) async fn register(
    args: &ResolveArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), LEFT);
    let catalog = open(settings).await?;
    let run = one_run(&args.run, &catalog).await?;
    let report = {
        let observer = observer(settings.progress, console);
        catalog.bulk_finish(&run, resolving(args), &task_options(settings, stop), &*observer).await?
    };
    show(&report, output)
}

fn resolving(args: &ResolveArgs) -> ResolveOptions {
    ResolveOptions { accept_rejected: args.unfetched.accept_rejected }
}

fn text(resolved: &Resolved<'_>) -> String {
    let tasks = u64::from(resolved.write_tasks);
    let done = tasks - resolved.undone;
    let noun = if tasks == 1 { "task" } else { "tasks" };
    let done = if done > 0 { format!(", {} of them done", numbers::count(done)) } else { String::new() };
    format!(
        "run {}: {} in {} {noun} of writing{done}",
        resolved.run,
        numbers::plural(resolved.rows, "row"),
        numbers::count(tasks)
    )
}
