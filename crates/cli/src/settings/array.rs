//! The place of a process in an array of jobs, by the variables of the schedulers that have such arrays.

use super::environment::Environment;
use crate::failure::{Failure, Result};

/// Which job of how many this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArrayJob {
    /// From 0.
    pub(crate) index: u32,
    /// How many there are; None where the scheduler does not say.
    pub(crate) of: Option<u32>,
}

/// The variables that are looked for, for messages.
pub(crate) const VARIABLES: &str = "SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX";

impl ArrayJob {
    /// The place that a scheduler names; None outside of arrays.
    pub(crate) fn of(env: &Environment) -> Result<Option<Self>> {
        if let Some(id) = number(env, "SLURM_ARRAY_TASK_ID")? {
            return slurm(env, id).map(Some);
        }
        if let Some(index) = number(env, "AWS_BATCH_JOB_ARRAY_INDEX")? {
            return Ok(Some(Self { index, of: number(env, "AWS_BATCH_JOB_ARRAY_SIZE")? }));
        }
        let index = number(env, "JOB_COMPLETION_INDEX")?;
        Ok(index.map(|index| Self { index, of: None }))
    }
}

/// Slurm's arrays begin anywhere, and have steps: `--array=1-20`, `--array=0-38:2`.
fn slurm(env: &Environment, id: u32) -> Result<ArrayJob> {
    let first = number(env, "SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
    let step = number(env, "SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
    let of = number(env, "SLURM_ARRAY_TASK_COUNT")?;
    let index = id.saturating_sub(first) / step;
    match of {
        Some(of) if index >= of || id < first => Err(Failure::usage(format!(
            "the array of Slurm has {of} jobs from {first} on, and this one is {id}: it has gaps"
        ))
        .hint("use an array without gaps, e.g. --array=0-19, or give --index and --of")),
        _ => Ok(ArrayJob { index, of }),
    }
}

fn number(env: &Environment, name: &str) -> Result<Option<u32>> {
    let Some(text) = env.get(name) else { return Ok(None) };
    let wrong = |_| Failure::usage(format!("{name}: {text:?} is no whole number"));
    text.trim().parse().map(Some).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(env: &[(&str, &str)]) -> Result<Option<ArrayJob>> {
        ArrayJob::of(&Environment::from_pairs(env.iter().copied()))
    }

    fn check(env: &[(&str, &str)], index: u32, jobs: Option<u32>) {
        assert_eq!(of(env).unwrap(), Some(ArrayJob { index, of: jobs }), "{env:?}");
    }

    #[test]
    fn places_by_scheduler() {
        assert_eq!(of(&[]).unwrap(), None);
        let slurm = |id, min, step, count| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_STEP", step),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        check(&slurm("7", "0", "1", "20"), 7, Some(20));
        check(&slurm("20", "1", "1", "20"), 19, Some(20));
        check(&slurm("38", "0", "2", "20"), 19, Some(20));
        check(&[("SLURM_ARRAY_TASK_ID", "4")], 4, None);
        check(&[("AWS_BATCH_JOB_ARRAY_INDEX", "3"), ("AWS_BATCH_JOB_ARRAY_SIZE", "9")], 3, Some(9));
        check(&[("JOB_COMPLETION_INDEX", "0")], 0, None);
    }

    #[test]
    fn an_array_with_gaps_and_no_number() {
        let gaps =
            [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "3"), ("SLURM_ARRAY_TASK_COUNT", "2")];
        for (env, part) in [(&gaps[..], "gaps"), (&[("JOB_COMPLETION_INDEX", "x")], "no whole number")] {
            assert!(of(env).unwrap_err().to_string().contains(part), "{env:?}");
        }
    }
}
