//! How far a run is, from the store alone, while others work on it.

use std::collections::{BTreeMap, HashSet};

use earthcatalog_model::Timestamp;
use earthcatalog_store::Base;
use serde::Serialize;

use super::claim::Claim;
use super::decision::Decision;
use super::markers;
use super::paths::Paths;
use super::plan::BulkPlan;
use super::rounds::Rounds;
use super::stage::Staged;
use super::task::Phase;
use super::write::Written;
use crate::error::Result;

/// A phase of numbered tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PhaseStatus {
    /// Its tasks.
    pub tasks: u64,
    /// Those that are done.
    pub done: u64,
    /// Those that somebody has begun and not ended; a worker that died may be among them.
    pub begun: Vec<Begun>,
}

/// A task that was begun.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Begun {
    /// Its number.
    pub number: u32,
    /// On which machine.
    pub host: String,
    /// By which process there.
    pub pid: u32,
    /// How long ago, in seconds.
    pub seconds: f64,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BulkStatus {
    /// The run's id.
    pub run: String,
    /// `full` or `delta`.
    pub mode: String,
    /// The inventory.
    pub inventory: String,
    /// When it was planned.
    pub started: Timestamp,
    /// `stage`, `resolve`, `write` or `register`: what is to be done next.
    pub next: &'static str,
    /// The phase of fetching.
    pub stage: PhaseStatus,
    /// The phase of writing; None before it is resolved what is to be written.
    pub write: Option<PhaseStatus>,
    /// Objects to fetch.
    pub objects: u64,
    /// Objects that are staged as items.
    pub items: u64,
    /// Objects that are no items.
    pub rejected: u64,
    /// Objects that could not be had so far.
    pub pending: u64,
    /// Rounds of retries.
    pub retries: u32,
    /// Bytes of staged objects.
    pub staged_bytes: u64,
    /// Objects a second, since the run was planned.
    pub objects_per_second: Option<f64>,
    /// Seconds that the fetching will still take at that rate.
    pub seconds_left: Option<f64>,
}

/// The state of an open run.
///
/// # Errors
/// [`Error::NoRun`](crate::Error::NoRun); those of the store.
pub async fn status(base: &Base, run: &str) -> Result<BulkStatus> {
    let plan = BulkPlan::find(base, run).await?;
    let paths = plan.paths()?;
    let rounds = Rounds::read(base, &plan).await?;
    let staged = Staged::read_all(base, &plan, &rounds).await?;
    let claims = claimed(base, &paths).await?;
    let undone: Vec<u32> = numbers(&staged);
    let stage = phase(base, &paths, Phase::Stage, staged.len() as u64, &undone, &claims).await?;
    let write = match Decision::current(base, &paths).await? {
        None => None,
        Some(decision) => {
            let undone = Written::undone(base, &paths, &decision).await?;
            let tasks = u64::from(decision.tasks);
            Some(phase(base, &paths, Phase::Write, tasks, &undone, &claims).await?)
        }
    };
    let staged: Vec<&Staged> = staged.iter().flatten().collect();
    let last = staged.iter().filter(|staged| staged.number >= rounds.last_begins());
    let pending = last.map(|staged| staged.pending).sum();
    let (items, rejected) =
        (staged.iter().map(|staged| staged.items).sum(), staged.iter().map(|staged| staged.rejected).sum());
    let rate = Rate::of(&plan, &staged, items + rejected);
    Ok(BulkStatus {
        next: next(&stage, write.as_ref()),
        run: plan.run,
        mode: plan.mode,
        inventory: plan.inventory,
        started: plan.started,
        stage,
        write,
        objects: plan.objects,
        items,
        rejected,
        pending,
        retries: rounds.retries(),
        staged_bytes: staged.iter().map(|staged| staged.bytes).sum(),
        objects_per_second: rate.per_second,
        seconds_left: rate.left,
    })
}

fn next(stage: &PhaseStatus, write: Option<&PhaseStatus>) -> &'static str {
    match write {
        _ if stage.done < stage.tasks => "stage",
        None => "resolve",
        Some(write) if write.done < write.tasks => "write",
        Some(_) => "register",
    }
}

struct Rate {
    per_second: Option<f64>,
    left: Option<f64>,
}

impl Rate {
    /// From the plan to the last marker: the work of all machines, and their idling.
    fn of(plan: &BulkPlan, staged: &[&Staged], settled: u64) -> Self {
        let last = staged.iter().map(|staged| staged.done.micros()).max();
        let seconds = last.map(|last| last.saturating_sub(plan.started.micros()) as f64 / 1e6);
        let per_second = seconds.filter(|s| *s > 0.0 && settled > 0).map(|s| settled as f64 / s);
        let left = per_second.map(|rate| plan.objects.saturating_sub(settled) as f64 / rate);
        Self { per_second, left }
    }
}

fn numbers(staged: &[Option<Staged>]) -> Vec<u32> {
    let undone = staged.iter().enumerate().filter(|(_, staged)| staged.is_none());
    undone.map(|(number, _)| number as u32).collect()
}

/// The names of all notes that tasks have begun.
async fn claimed(base: &Base, paths: &Paths) -> Result<HashSet<String>> {
    let listed = markers::list(base, &paths.claims_folder()).await?;
    Ok(listed.iter().filter_map(|(path, _)| path.filename().map(str::to_owned)).collect())
}

async fn phase(
    base: &Base,
    paths: &Paths,
    phase: Phase,
    tasks: u64,
    undone: &[u32],
    claims: &HashSet<String>,
) -> Result<PhaseStatus> {
    let path = |number: &u32| paths.claim(phase.as_str(), *number);
    let is_begun = |number: &&u32| path(number).rsplit('/').next().is_some_and(|name| claims.contains(name));
    let begun: BTreeMap<u32, String> = undone.iter().filter(is_begun).map(|n| (*n, path(n))).collect();
    let found: Vec<Option<Claim>> = markers::read_all(base, begun.values().cloned().collect()).await?;
    let now = Timestamp::now().micros();
    let begun = begun.keys().zip(found).filter_map(|(number, claim)| {
        let claim = claim?;
        let seconds = now.saturating_sub(claim.begun.micros()) as f64 / 1e6;
        Some(Begun { number: *number, host: claim.host, pid: claim.pid, seconds })
    });
    Ok(PhaseStatus { tasks, done: tasks - undone.len() as u64, begun: begun.collect() })
}
