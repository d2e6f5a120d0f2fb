//! Objects that could not be fetched are asked for again in a round of their own, with chunks numbered on.

use earthcatalog_store::Base;
use serde::{Deserialize, Serialize};

use super::markers::{self, VERSION};
use super::plan::{BulkPlan, put_chunks};
use super::stage::{Staged, read_tail};
use crate::error::{Error, Result};

/// Chunks of a retry at most as large: what failed once may take long again.
const CHUNK_SIZE: u64 = 2_000;

/// A round of retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    version: u32,
    /// The number of its first chunk.
    pub(super) first: u32,
    /// How many chunks it has.
    pub(super) chunks: u32,
    /// Its objects.
    pub(super) objects: u64,
}

/// The chunks of a run: those of the plan, then those of each round.
#[derive(Debug, Clone)]
pub(super) struct Rounds {
    rounds: Vec<Round>,
}

impl Rounds {
    pub(super) async fn read(base: &Base, plan: &BulkPlan) -> Result<Self> {
        let paths = plan.paths()?;
        let first = Round { version: VERSION, first: 0, chunks: plan.chunks, objects: plan.objects };
        let mut rounds = vec![first];
        while let Some(round) = markers::read(base, &paths.round(rounds.len() as u32)).await? {
            rounds.push(round);
        }
        Ok(Self { rounds })
    }

    /// Chunks in all.
    pub(super) fn chunks(&self) -> u32 {
        self.rounds.iter().map(|round| round.chunks).sum()
    }

    /// How many rounds of retries there were.
    pub(super) fn retries(&self) -> u32 {
        self.rounds.len() as u32 - 1
    }

    /// The number of the first chunk of the last round: what is pending there is pending in the run, what was pending
    /// before has been taken up since.
    pub(super) fn last_begins(&self) -> u32 {
        self.rounds.last().map_or(0, |round| round.first)
    }
}

/// Gives the objects that are pending out again; how many tasks of staging that makes. None where nothing is pending.
///
/// # Errors
/// [`Error::Unfinished`] while chunks are not staged: what they leave pending is not known yet.
pub async fn retry(base: &Base, run: &str) -> Result<u32> {
    let plan = BulkPlan::read(base, run).await?;
    let rounds = Rounds::read(base, &plan).await?;
    let staged = Staged::read_all(base, &plan, &rounds).await?;
    let mut objects = Vec::new();
    for (chunk, staged) in staged.iter().enumerate().skip(rounds.last_begins() as usize) {
        let staged = staged.as_ref().ok_or_else(|| unfinished(&plan, chunk))?;
        if staged.pending > 0 {
            objects.extend(read_tail(base, staged).await?.pending_objects().cloned());
        }
    }
    if objects.is_empty() {
        return Ok(0);
    }
    let (paths, first, count) = (plan.paths()?, rounds.chunks(), objects.len() as u64);
    let chunks =
        put_chunks(base, objects, CHUNK_SIZE, |number| paths.chunk(&plan.staging, first + number)).await?;
    let round = Round { version: VERSION, first, chunks, objects: count };
    // Two drivers make the same round of the same markers.
    let round = markers::create(base, &paths.round(rounds.rounds.len() as u32), round).await?;
    Ok(round.chunks)
}

fn unfinished(plan: &BulkPlan, chunk: usize) -> Error {
    Error::Unfinished { run: plan.run.clone(), what: format!("chunk {chunk} is not staged") }
}
