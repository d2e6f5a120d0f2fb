//! What a run tells, as JSON texts in a queue that the waiting call empties.

use std::sync::mpsc::Sender;

use earthcatalog::model::Rejection;
use earthcatalog::{Event, Observer, Progress, Report, scrub};
use serde::Serialize;

/// The observer of a call.
pub(crate) struct Events {
    queue: Sender<String>,
    wanted: bool,
}

impl Events {
    /// Events go to `queue` if they are `wanted`.
    pub(crate) fn new(queue: Sender<String>, wanted: bool) -> Self {
        Self { queue, wanted }
    }
}

impl Observer for Events {
    fn on_event(&self, event: &Event<'_>) {
        let line = self.wanted.then(|| line(event)).flatten();
        if let Some(text) = line.and_then(|line| serde_json::to_string(&line).ok()) {
            // A call that no longer listens has been dropped.
            let _ = self.queue.send(text);
        }
    }
}

/// The members are those of the command line's `--progress json`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    Started { run_id: &'a str, mode: &'a str, grid: &'a str },
    Progress(&'a Progress),
    Rejected { bucket: &'a str, key: &'a str, reason: &'a str, message: &'a str },
    Writing { files: u64 },
    Committing { files: u64, rows: u64 },
    Warning { message: String },
    Finished(&'a Report),
}

fn line<'a>(event: &'a Event<'a>) -> Option<Line<'a>> {
    Some(match event {
        Event::Started { run_id, mode, grid } => Line::Started { run_id, mode, grid },
        Event::Progress(progress) => Line::Progress(progress),
        Event::Rejected(rejection) => rejected(rejection),
        Event::Writing { files } => Line::Writing { files: *files },
        Event::Committing { files, rows } => Line::Committing { files: *files, rows: *rows },
        Event::Warning(message) => Line::Warning { message: scrub(message) },
        Event::Finished(report) => Line::Finished(report),
        _ => return None,
    })
}

fn rejected(rejection: &Rejection) -> Line<'_> {
    Line::Rejected {
        bucket: &rejection.object.bucket,
        key: &rejection.object.key,
        reason: rejection.reason.as_str(),
        message: &rejection.message,
    }
}
