//! `bulk run-task`: the tasks that fall to one job of an array.

use earthcatalog::{BulkTask, Catalog, Stop, TaskReport};
use serde::Serialize;

use super::{LEFT, one_run, task_options};
use crate::args::bulk::RunTaskArgs;
use crate::commands::ingest::threads;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;
use crate::settings::array::{ArrayJob, VARIABLES};

#[derive(Serialize)]
struct Document<'a> {
    run: &'a str,
    phase: &'a str,
    index: u32,
    of: Option<u32>,
    /// Tasks of the phase that nobody had done when the job began.
    undone: u64,
    tasks: Vec<TaskReport>,
}

/// Runs the job's tasks that are not done, one after another.
pub(crate) async fn run(
    args: &RunTaskArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let job = place(args, &settings.array)?;
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), LEFT);
    let catalog = open(settings).await?;
    let run = one_run(&args.run, &catalog).await?;
    let undone = undone(&catalog, &run, args).await?;
    let mine: Vec<u32> = undone.iter().copied().filter(|number| falls_to(job, *number)).collect();
    let mut tasks = Vec::new();
    {
        let observer = observer(settings.progress, console);
        let options = task_options(settings, stop);
        for number in mine {
            tasks.push(
                catalog.bulk_task(&BulkTask::new(&run, args.phase, number), &options, &*observer).await?,
            );
        }
    }
    let phase = args.phase.as_str();
    let ArrayJob { index, of } = job;
    let document = Document { run: &run, phase, index, of, undone: undone.len() as u64, tasks };
    if output.is_json() {
        output.document(&document)?;
    } else {
        output.line(&text(&document))?;
    }
    Ok(Exit::Done)
}

/// Of a run that has ended nothing is left to do: a job that comes late has nothing to complain of.
async fn undone(catalog: &Catalog, run: &str, args: &RunTaskArgs) -> Result<Vec<u32>> {
    match catalog.bulk_ended(run).await? {
        Some(_) => Ok(Vec::new()),
        None => Ok(catalog.bulk_undone(run, args.phase).await?),
    }
}

/// Flags before the scheduler's word; where the index is given, the number of jobs is another array's.
fn place(args: &RunTaskArgs, array: &Result<Option<ArrayJob>>) -> Result<ArrayJob> {
    let job = match args.index {
        Some(index) => ArrayJob { index, of: args.of },
        None => {
            let found = array.clone()?.ok_or_else(|| {
                Failure::usage(format!("which job is this? None of {VARIABLES} is set"))
                    .hint("give --index, from 0, and with --of how many jobs there are")
            })?;
            ArrayJob { of: args.of.or(found.of), ..found }
        }
    };
    match job.of {
        Some(of) if job.index >= of => Err(Failure::usage(format!(
            "job {} of {of} is none: they are numbered from 0 to {}",
            job.index,
            of.saturating_sub(1)
        ))),
        _ => Ok(job),
    }
}

fn falls_to(job: ArrayJob, number: u32) -> bool {
    match job.of {
        Some(of) => number % of == job.index,
        None => number == job.index,
    }
}

fn text(document: &Document<'_>) -> String {
    let Document { run, phase, undone, tasks, .. } = document;
    let (done, left) = (tasks.len() as u64, undone - tasks.len() as u64);
    format!(
        "run {run}, {phase}: {} done here, {} left for others",
        numbers::plural(done, "task"),
        numbers::count(left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(index: u32, of: Option<u32>) -> Vec<u32> {
        (0..10).filter(|number| falls_to(ArrayJob { index, of }, *number)).collect()
    }

    #[test]
    fn every_task_falls_to_one_job() {
        assert_eq!(tasks(3, None), [3]);
        assert!(tasks(12, None).is_empty());
        assert_eq!(tasks(1, Some(4)), [1, 5, 9]);
        assert!(tasks(11, Some(20)).is_empty());
        let mut all: Vec<u32> = (0..3).flat_map(|index| tasks(index, Some(3))).collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }
}
