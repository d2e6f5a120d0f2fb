//! A task of a bulk run: what a driver hands out, and what it gets back.

use earthcatalog_store::Base;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::claim;
use super::decision::Decision;
use super::markers::VERSION;
use super::plan::BulkPlan;
use super::register::ended;
use super::rounds::Rounds;
use super::stage::{StageReport, Staged, stage};
use super::work::BulkParts;
use super::write::{WriteReport, Written, write};
use crate::error::{Error, Result};
use crate::event::Observer;
use crate::options::{DEFAULT_CONCURRENCY, DEFAULT_MEMORY, Stop};

/// The phases whose tasks are numbered and run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A chunk is fetched and staged.
    Stage,
    /// Some partitions are written.
    Write,
}

impl Phase {
    /// The word for it on the command line and in tasks.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Write => "write",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "stage" => Ok(Self::Stage),
            "write" => Ok(Self::Write),
            _ => Err(format!("unknown phase {text:?}: use stage or write")),
        }
    }
}

/// A task. All that it takes to run it is in the store: any process that can open the catalog may do it, at any time,
/// twice, or twice at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkTask {
    /// Of this form.
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// The phase.
    pub phase: Phase,
    /// Its number in the phase, from 0.
    pub number: u32,
}

impl BulkTask {
    /// A task of a run.
    pub fn new(run: impl Into<String>, phase: Phase, number: u32) -> Self {
        Self { version: VERSION, run: run.into(), phase, number }
    }
}

/// How a process works on tasks. Nothing of it changes what comes out.
#[derive(Debug, Clone)]
pub struct TaskOptions {
    /// Bytes that it may hold.
    pub memory: u64,
    /// Requests in flight.
    pub concurrency: usize,
    /// Do not take the lease where a snapshot is made.
    pub no_lock: bool,
    /// Who takes the lease, for the eyes of others.
    pub owner: Option<String>,
    /// Ends the work soon after it is set.
    pub stop: Stop,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            memory: DEFAULT_MEMORY,
            concurrency: DEFAULT_CONCURRENCY,
            no_lock: false,
            owner: None,
            stop: Stop::default(),
        }
    }
}

/// What a task did, or found done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum TaskReport {
    /// A chunk is staged.
    Stage(StageReport),
    /// Files are written.
    Write(WriteReport),
}

/// Runs a task.
///
/// # Errors
/// What ends the task: the store, a source that cannot be reached at all. Bad items and objects that cannot be had are
/// counted in the report.
///
/// Boxed, as [`ingest`](crate::ingest) is.
pub fn run_task<'a>(
    parts: &'a BulkParts,
    task: &'a BulkTask,
    options: &'a TaskOptions,
    observer: &'a dyn Observer,
) -> BoxFuture<'a, Result<TaskReport>> {
    run(parts, task, options, observer).boxed()
}

async fn run(
    parts: &BulkParts,
    task: &BulkTask,
    options: &TaskOptions,
    observer: &dyn Observer,
) -> Result<TaskReport> {
    if task.version > VERSION {
        return Err(Error::Newer { run: task.run.clone() });
    }
    let plan = BulkPlan::read(&parts.base, &task.run).await?;
    match task.phase {
        Phase::Stage => run_stage(parts, &plan, task.number, options, observer).await.map(TaskReport::Stage),
        Phase::Write => run_write(parts, &plan, task.number, options).await.map(TaskReport::Write),
    }
}

async fn run_stage(
    parts: &BulkParts,
    plan: &BulkPlan,
    number: u32,
    options: &TaskOptions,
    observer: &dyn Observer,
) -> Result<StageReport> {
    let paths = plan.paths()?;
    if let Some(done) = super::markers::read::<Staged>(&parts.base, &paths.staged(number)).await? {
        return Ok(done);
    }
    let chunks = Rounds::read(&parts.base, plan).await?.chunks();
    check_number(plan, Phase::Stage, number, chunks)?;
    claim::leave(&parts.base, &paths, Phase::Stage, number).await;
    stage(parts, plan, number, options, observer).await
}

async fn run_write(
    parts: &BulkParts,
    plan: &BulkPlan,
    number: u32,
    options: &TaskOptions,
) -> Result<WriteReport> {
    let paths = plan.paths()?;
    let decision = Decision::expect(&parts.base, &paths).await?;
    check_number(plan, Phase::Write, number, decision.tasks)?;
    let name = decision.names.get(number as usize).map(String::as_str).unwrap_or_default();
    if let Some(done) = Written::read(&parts.base, &paths, name).await? {
        return Ok(done.report(number));
    }
    claim::leave(&parts.base, &paths, Phase::Write, number).await;
    write(parts, plan, &decision, number, options).await
}

fn check_number(plan: &BulkPlan, phase: Phase, number: u32, tasks: u32) -> Result<()> {
    if number < tasks {
        return Ok(());
    }
    Err(Error::Options {
        message: format!(
            "the run {} has {tasks} tasks of the phase {}, numbered from 0; there is no {number}",
            plan.run,
            phase.as_str()
        ),
        hint: "an array of jobs may have fewer jobs than tasks, but no more".to_owned(),
    })
}

/// The numbers of the tasks of a phase that are not done; of a run that has ended, none.
///
/// # Errors
/// [`Error::NoRun`]; [`Error::Unfinished`] where it is not resolved yet what is to be written.
pub async fn undone(base: &Base, run: &str, phase: Phase) -> Result<Vec<u32>> {
    if ended(base, run).await?.is_some() {
        return Ok(Vec::new());
    }
    let plan = BulkPlan::read(base, run).await?;
    let paths = plan.paths()?;
    match phase {
        Phase::Stage => {
            let rounds = Rounds::read(base, &plan).await?;
            Ok(missing(&Staged::read_all(base, &plan, &rounds).await?))
        }
        Phase::Write => {
            let decision = Decision::expect(base, &paths).await?;
            Written::undone(base, &paths, &decision).await
        }
    }
}

/// The places that are empty.
fn missing<T>(markers: &[Option<T>]) -> Vec<u32> {
    let numbers = markers.iter().enumerate().filter(|(_, marker)| marker.is_none());
    numbers.map(|(number, _)| number as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_small_and_versioned() {
        let task = BulkTask::new("0123456789abcdef", Phase::Write, u32::MAX);
        let json = serde_json::to_string(&task).unwrap();
        assert_eq!(json, r#"{"version":1,"run":"0123456789abcdef","phase":"write","number":4294967295}"#);
        assert_eq!(serde_json::from_str::<BulkTask>(&json).unwrap(), task);
    }
}
