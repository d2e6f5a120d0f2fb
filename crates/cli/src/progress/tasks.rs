//! How far the tasks of a bulk run are, in words.

use std::time::Duration;

use earthcatalog::{Phase, TasksProgress};

use crate::output::numbers;

/// `stage: 12 of 43 tasks, 12,000 of 43,000 objects, 1,234/s, 25.1 s left, 3 rejected, 2 pending`
pub(super) fn line(now: &TasksProgress) -> String {
    let mut parts = vec![format!("{}: {}", now.phase.as_str(), done(now))];
    if now.phase == Phase::Stage {
        parts.push(format!("{} of {} objects", numbers::count(now.fetched), numbers::count(now.objects)));
        parts.extend(now.objects_per_second.map(|rate| format!("{}/s", numbers::count(rate.round() as u64))));
    }
    parts.extend(left(now));
    parts.extend(beside(now));
    parts.join(", ")
}

/// What stands beside a bar, which counts objects itself.
pub(super) fn message(now: &TasksProgress) -> String {
    let rate = now.objects_per_second.map(|rate| format!("{}/s", numbers::count(rate.round() as u64)));
    let parts = rate.into_iter().chain(left(now)).chain([done(now)]).chain(beside(now));
    parts.collect::<Vec<_>>().join(", ")
}

/// `12 of 43 tasks`
fn done(now: &TasksProgress) -> String {
    format!("{} of {}", numbers::count(now.done), numbers::plural(now.tasks, "task"))
}

/// `25.1 s left`
fn left(now: &TasksProgress) -> Option<String> {
    let left = now.seconds_left.filter(|left| *left > 0.0)?;
    Some(format!("{} left", numbers::duration(Duration::try_from_secs_f64(left).ok()?)))
}

/// What has not become an item.
fn beside(now: &TasksProgress) -> Vec<String> {
    let counts = [(now.rejected, "rejected"), (now.pending, "pending")];
    let counts = counts.iter().filter(|(n, _)| *n > 0 && now.phase == Phase::Stage);
    counts.map(|(n, word)| format!("{} {word}", numbers::count(*n))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> TasksProgress {
        TasksProgress {
            phase: Phase::Stage,
            tasks: 43,
            done: 12,
            objects: 43_000,
            fetched: 12_000,
            bytes: 0,
            rejected: 3,
            pending: 2,
            objects_per_second: Some(1234.4),
            seconds_left: Some(25.1),
        }
    }

    #[test]
    fn phases_in_words() {
        assert_eq!(
            line(&progress()),
            "stage: 12 of 43 tasks, 12,000 of 43,000 objects, 1,234/s, 25.1 s left, 3 rejected, 2 pending"
        );
        let write =
            TasksProgress { phase: Phase::Write, tasks: 1, done: 0, seconds_left: None, ..progress() };
        assert_eq!(line(&write), "write: 0 of 1 task");
    }
}
