//! How far all workers together are.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use earthcatalog::{BulkStatus, Event, Observer, Phase, TaskReport, TasksProgress};

use super::message::Fetched;

/// The time between two words of it.
const EVERY: Duration = Duration::from_millis(250);

/// See the module.
pub(crate) struct Tally<'a> {
    observer: &'a dyn Observer,
    clock: Instant,
    state: Mutex<State>,
}

struct State {
    /// What is done.
    done: TasksProgress,
    /// What was done when this began.
    before: TasksProgress,
    /// What each worker has of its task.
    running: Vec<Fetched>,
    said: Option<Instant>,
}

impl<'a> Tally<'a> {
    /// Begins where the run is.
    pub(crate) fn new(observer: &'a dyn Observer, phase: Phase, status: &BulkStatus, workers: usize) -> Self {
        let before = begun(phase, status);
        let state = State { done: before, before, running: vec![Fetched::default(); workers], said: None };
        Self { observer, clock: Instant::now(), state: Mutex::new(state) }
    }

    /// The observer, for what is not counted.
    pub(crate) fn observer(&self) -> &dyn Observer {
        self.observer
    }

    /// A worker is so far with its task.
    pub(crate) fn running(&self, place: usize, fetched: Fetched) {
        let mut state = self.lock();
        if let Some(running) = state.running.get_mut(place) {
            *running = fetched;
        }
        self.tell(&mut state);
    }

    /// A worker has done its task.
    pub(crate) fn done(&self, place: usize, report: &TaskReport) {
        let mut state = self.lock();
        if let Some(running) = state.running.get_mut(place) {
            *running = Fetched::default();
        }
        state.done.done += 1;
        if let TaskReport::Stage(report) = report {
            state.done.fetched += report.items + report.rejected + report.pending;
            state.done.rejected += report.rejected;
            state.done.pending += report.pending;
            state.done.bytes += report.fetched_bytes;
        }
        self.tell(&mut state);
    }

    fn tell(&self, state: &mut State) {
        let is_last = state.done.done == state.done.tasks;
        if !is_last && state.said.is_some_and(|said| said.elapsed() < EVERY) {
            return;
        }
        state.said = Some(Instant::now());
        self.observer.on_event(&Event::Tasks(state.now(self.clock.elapsed())));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is done and what is being done, with the rate since this began.
    fn now(&self, elapsed: Duration) -> TasksProgress {
        let mut now = self.done;
        for running in &self.running {
            now.fetched += running.fetched;
            now.rejected += running.rejected;
            now.bytes += running.bytes;
        }
        let (made, left) = match now.phase {
            Phase::Stage => (now.fetched - self.before.fetched, now.objects.saturating_sub(now.fetched)),
            Phase::Write => (now.done - self.before.done, now.tasks - now.done),
        };
        let rate = (made > 0).then(|| made as f64 / elapsed.as_secs_f64().max(0.001));
        now.objects_per_second = rate.filter(|_| now.phase == Phase::Stage);
        now.seconds_left = rate.map(|rate| left as f64 / rate);
        now
    }
}

fn begun(phase: Phase, status: &BulkStatus) -> TasksProgress {
    let of = match phase {
        Phase::Stage => Some(&status.stage),
        Phase::Write => status.write.as_ref(),
    };
    TasksProgress {
        phase,
        tasks: of.map_or(0, |of| of.tasks),
        done: of.map_or(0, |of| of.done),
        objects: status.objects,
        fetched: status.items + status.rejected + status.pending,
        bytes: 0,
        rejected: status.rejected,
        pending: status.pending,
        objects_per_second: None,
        seconds_left: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(phase: Phase) -> TasksProgress {
        TasksProgress {
            phase,
            tasks: 4,
            done: 1,
            objects: 100,
            fetched: 25,
            bytes: 0,
            rejected: 0,
            pending: 0,
            objects_per_second: None,
            seconds_left: None,
        }
    }

    fn state(phase: Phase) -> State {
        let running = vec![Fetched { fetched: 10, bytes: 7, rejected: 1 }, Fetched::default()];
        State { done: progress(phase), before: progress(phase), running, said: None }
    }

    #[test]
    fn the_rate_is_of_what_was_done_since_the_beginning() {
        let now = state(Phase::Stage).now(Duration::from_secs(2));
        assert_eq!((now.fetched, now.rejected, now.bytes), (35, 1, 7));
        assert_eq!((now.objects_per_second, now.seconds_left), (Some(5.0), Some(13.0)));
    }

    #[test]
    fn files_are_counted_by_their_tasks() {
        let mut state = state(Phase::Write);
        assert_eq!(state.now(Duration::from_secs(2)).seconds_left, None);
        state.done.done = 2;
        let now = state.now(Duration::from_secs(2));
        assert_eq!((now.objects_per_second, now.seconds_left), (None, Some(4.0)));
    }
}
