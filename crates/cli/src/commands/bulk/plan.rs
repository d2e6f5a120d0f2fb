//! `bulk plan`: what is to be fetched, written down as tasks.

use earthcatalog::{BulkPlan, Stop};
use serde::Serialize;

use super::{LEFT, bulk};
use crate::args::bulk::BulkPlanArgs;
use crate::commands::ingest::threads;
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
struct Document<'a> {
    run: &'a str,
    mode: &'a str,
    inventory: &'a str,
    grid: &'a str,
    stage_tasks: u64,
    objects: u64,
    listed: u64,
    filtered: u64,
    known: u64,
    started: String,
}

/// Plans a run, or finds its plan, and prints how many tasks it has.
pub(crate) async fn run(
    args: &BulkPlanArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), LEFT);
    let catalog = open(settings).await?;
    let plan = {
        let observer = observer(settings.progress, console);
        catalog.bulk_plan(&bulk(args, settings, stop), &*observer).await?
    };
    // Retries have added some where the plan is an earlier one.
    let tasks = catalog.bulk_status(&plan.run).await?.stage.tasks;
    if output.is_json() {
        output.document(&document(&plan, tasks))?;
    } else {
        output.line(&text(&plan, tasks))?;
    }
    Ok(Exit::Done)
}

fn document(plan: &BulkPlan, stage_tasks: u64) -> Document<'_> {
    Document {
        run: &plan.run,
        mode: &plan.mode,
        inventory: &plan.inventory,
        grid: &plan.grid,
        stage_tasks,
        objects: plan.objects,
        listed: plan.listed,
        filtered: plan.filtered,
        known: plan.known,
        started: plan.started.to_string(),
    }
}

/// `run 0123456789abcdef: full, s2:4; 12,000 objects in 2 tasks of staging`
fn text(plan: &BulkPlan, tasks: u64) -> String {
    let BulkPlan { run, mode, grid, objects, .. } = plan;
    let noun = if tasks == 1 { "task" } else { "tasks" };
    format!(
        "run {run}: {mode}, {grid}; {} in {} {noun} of staging",
        numbers::plural(*objects, "object"),
        numbers::count(tasks)
    )
}
