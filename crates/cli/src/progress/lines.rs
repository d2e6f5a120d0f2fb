//! Plain lines, one every few seconds: for log files and for terminals that are none.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use earthcatalog::{Event, Observer, Progress, TasksProgress};

use super::console::Console;
use super::{found, log, tasks};
use crate::output::numbers;

/// The time between two lines of progress.
const EVERY: Duration = Duration::from_secs(5);

/// Writes a line every few seconds.
pub(crate) struct Lines {
    console: Console,
    clock: Mutex<Clock>,
}

struct Clock {
    started: Instant,
    said: Instant,
}

impl Lines {
    /// Lines on this console.
    pub(crate) fn new(console: Console) -> Self {
        let now = Instant::now();
        Self { console, clock: Mutex::new(Clock { started: now, said: now }) }
    }

    fn progress(&self, now: &Progress) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.said.elapsed() >= EVERY {
            clock.said = Instant::now();
            self.console.line(&line(now, clock.started.elapsed()));
        }
    }

    /// The end of a phase is said in any case.
    fn tasks(&self, now: &TasksProgress) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if now.done == now.tasks || clock.said.elapsed() >= EVERY {
            clock.said = Instant::now();
            self.console.line(&tasks::line(now));
        }
    }
}

impl Observer for Lines {
    fn on_event(&self, event: &Event<'_>) {
        log(event);
        match event {
            Event::Started { run_id, mode, grid } => {
                self.console.line(&format!("run {run_id}: {mode}, {grid}"))
            }
            Event::Found { .. } => self.console.line(&found(event)),
            Event::Tasks(now) => self.tasks(now),
            Event::Progress(now) => self.progress(now),
            Event::Writing { files } => {
                self.console.line(&format!("writing {}", numbers::plural(*files, "file")))
            }
            Event::Committing { files, rows } => {
                let (files, rows) = (numbers::plural(*files, "file"), numbers::plural(*rows, "row"));
                self.console.line(&format!("committing {files} with {rows}"));
            }
            Event::Warning(message) => self.console.warning(message),
            _ => {}
        }
    }
}

/// `12,000 of 43,000 objects, 1,234/s, 25.1 s left, 40.2 MiB, 3 rejected, 120 files`
fn line(now: &Progress, elapsed: Duration) -> String {
    let rate = now.fetched as f64 / elapsed.as_secs_f64().max(0.001);
    let mut parts = vec![done(now), format!("{}/s", numbers::count(rate.round() as u64))];
    parts.extend(left(now, rate).map(|left| format!("{} left", numbers::duration(left))));
    parts.push(numbers::bytes(now.bytes));
    if now.rejected > 0 {
        parts.push(format!("{} rejected", numbers::count(now.rejected)));
    }
    parts.push(numbers::plural(now.files, "file"));
    parts.join(", ")
}

fn done(now: &Progress) -> String {
    let fetched = numbers::count(now.fetched);
    if now.listing_done {
        format!("{fetched} of {} objects", numbers::count(now.selected))
    } else {
        format!("{fetched} objects, {} listed so far", numbers::count(now.listed))
    }
}

/// The time left, at the average rate; None while the listing goes on.
fn left(now: &Progress, rate: f64) -> Option<Duration> {
    let todo = now.selected.saturating_sub(now.fetched) as f64;
    let known = now.listing_done && rate > 0.0 && todo > 0.0;
    known.then(|| Duration::try_from_secs_f64(todo / rate).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: Progress, seconds: u64, expected: &str) {
        assert_eq!(line(&now, Duration::from_secs(seconds)), expected);
    }

    #[test]
    fn lines_say_how_far_and_how_long() {
        let listing =
            Progress { listed: 5000, selected: 1000, fetched: 200, bytes: 2048, ..Progress::default() };
        check(listing, 10, "200 objects, 5,000 listed so far, 20/s, 2.0 KiB, 0 files");
        let fetching = Progress { listing_done: true, rejected: 3, files: 1, ..listing };
        check(fetching, 10, "200 of 1,000 objects, 20/s, 40.0 s left, 2.0 KiB, 3 rejected, 1 file");
        check(
            Progress { fetched: 1000, ..fetching },
            10,
            "1,000 of 1,000 objects, 100/s, 2.0 KiB, 3 rejected, 1 file",
        );
        check(Progress { listing_done: true, ..Progress::default() }, 0, "0 of 0 objects, 0/s, 0 B, 0 files");
    }
}
