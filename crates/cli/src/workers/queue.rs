//! The tasks that are to be handed out, and how often each has gone wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use earthcatalog::{BulkTask, Phase};

use crate::exit::Exit;
use crate::failure::Failure;

/// Workers that one task may cost.
const MOST_DEATHS: u32 = 5;

/// How often a task is tried that fails with an error.
const MOST_TRIES: u32 = 3;

/// A task, and what it has been through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    /// The task.
    pub(crate) task: BulkTask,
    deaths: u32,
    errors: u32,
}

impl Tried {
    fn new(task: BulkTask) -> Self {
        Self { task, deaths: 0, errors: 0 }
    }

    /// Its worker died of that; an error where another would do so too.
    pub(crate) fn died(mut self, how: &str) -> Result<Self, Failure> {
        self.deaths += 1;
        if self.deaths < MOST_DEATHS {
            return Ok(self);
        }
        let BulkTask { run, phase, number, .. } = &self.task;
        let phase = phase.as_str();
        let message = format!(
            "the workers of task {number} of the phase {phase} of the run {run} died {} times; the last {how}",
            self.deaths
        );
        Err(Failure::new(Exit::Failed, message).hint(format!(
            "where memory is short, give fewer --workers or a smaller --chunk-size; see with `earthcatalog bulk run-task \
             --run {run} --phase {phase} --index {number}` what it does alone"
        )))
    }

    /// It ended with an error; that error where it is no use to try again.
    pub(crate) fn failed(mut self, failure: Failure) -> Result<Self, Failure> {
        self.errors += 1;
        if failure.exit() == Exit::Failed && self.errors < MOST_TRIES { Ok(self) } else { Err(failure) }
    }

    /// How often it ended with an error.
    pub(crate) fn errors(&self) -> u32 {
        self.errors
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<VecDeque<Tried>>);

impl Queue {
    /// The tasks of these numbers.
    pub(crate) fn new(run: &str, phase: Phase, numbers: &[u32]) -> Self {
        let tasks = numbers.iter().map(|number| Tried::new(BulkTask::new(run, phase, *number)));
        Self(Mutex::new(tasks.collect()))
    }

    /// The next task; None where all are done or in someone's hands.
    pub(crate) fn take(&self) -> Option<Tried> {
        self.lock().pop_front()
    }

    /// Gives a task out again, after the others.
    pub(crate) fn put_back(&self, task: Tried) {
        self.lock().push_back(task);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Tried>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Queue {
        Queue::new("0123456789abcdef", Phase::Stage, &[3, 4])
    }

    #[test]
    fn a_task_that_kills_ends_the_run_and_is_named() {
        let queue = queue();
        for _ in 1..MOST_DEATHS {
            let task = queue.take().unwrap();
            assert_eq!(task.task.number, 3);
            queue.put_back(task.died("by signal 9").unwrap());
            assert_eq!(queue.take().unwrap().task.number, 4);
            queue.put_back(Tried::new(BulkTask::new("0123456789abcdef", Phase::Stage, 4)));
        }
        let failure = queue.take().unwrap().died("by signal 9").unwrap_err();
        insta::assert_snapshot!(failure.to_string());
    }

    #[test]
    fn an_error_is_tried_again_where_that_may_help() {
        let failed = |exit| Failure::new(exit, "x");
        let task = queue().take().unwrap();
        assert!(task.clone().failed(failed(Exit::Usage)).is_err());
        assert!(task.clone().failed(failed(Exit::Conflict)).is_err());
        let task = task.failed(failed(Exit::Failed)).unwrap().failed(failed(Exit::Failed)).unwrap();
        assert!(task.failed(failed(Exit::Failed)).is_err());
    }
}
