//! `--progress json`: one JSON object a line, for programs.
//!
//! The members of each event are in the crate's README: they are an interface.

use earthcatalog::model::{Rejection, Timestamp};
use earthcatalog::{Event, Observer, Progress, Report, TasksProgress};
use serde::Serialize;

use super::console::Console;
use earthcatalog::scrub;

/// Writes each event as a line of JSON.
pub(crate) struct JsonLines {
    console: Console,
}

impl JsonLines {
    /// Lines on this console.
    pub(crate) fn new(console: Console) -> Self {
        Self { console }
    }
}

impl Observer for JsonLines {
    fn on_event(&self, event: &Event<'_>) {
        let line = line(event, &Timestamp::now().to_string());
        if let Some(line) = line {
            self.console.line(&line);
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line<'a> {
    Started { run_id: &'a str, mode: &'a str, grid: &'a str },
    Found { run_id: &'a str, mode: &'a str, grid: &'a str, started: String },
    Tasks(&'a TasksProgress),
    Progress(&'a Progress),
    Rejected { bucket: &'a str, key: &'a str, reason: &'a str, message: &'a str },
    Writing { files: u64 },
    Committing { files: u64, rows: u64 },
    Warning { message: &'a str },
    Finished(&'a Report),
}

#[derive(Serialize)]
struct Timed<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    time: &'a str,
}

fn line(event: &Event<'_>, time: &str) -> Option<String> {
    let warning = if let Event::Warning(message) = event { scrub(message) } else { String::new() };
    let line = match event {
        Event::Started { run_id, mode, grid } => Line::Started { run_id, mode, grid },
        Event::Found { run_id, mode, grid, started } => {
            Line::Found { run_id, mode, grid, started: started.to_string() }
        }
        Event::Tasks(progress) => Line::Tasks(progress),
        Event::Progress(progress) => Line::Progress(progress),
        Event::Rejected(rejection) => rejected(rejection),
        Event::Writing { files } => Line::Writing { files: *files },
        Event::Committing { files, rows } => Line::Committing { files: *files, rows: *rows },
        Event::Warning(_) => Line::Warning { message: &warning },
        Event::Finished(report) => Line::Finished(report),
        _ => return None,
    };
    serde_json::to_string(&Timed { line, time }).ok()
}

fn rejected(rejection: &Rejection) -> Line<'_> {
    let object = &rejection.object;
    Line::Rejected {
        bucket: &object.bucket,
        key: &object.key,
        reason: rejection.reason.as_str(),
        message: &rejection.message,
    }
}

#[cfg(test)]
mod tests {
    use earthcatalog::model::{ObjectRef, Reason};

    use super::*;

    fn check(event: &Event<'_>, expected: &str) {
        assert_eq!(line(event, "T").expect("a line"), expected);
    }

    #[test]
    fn events_are_lines() {
        check(
            &Event::Started { run_id: "r", mode: "full", grid: "s2:4" },
            r#"{"event":"started","run_id":"r","mode":"full","grid":"s2:4","time":"T"}"#,
        );
        check(
            &Event::Progress(Progress { listed: 2, ..Progress::default() }),
            r#"{"event":"progress","listed":2,"selected":0,"listing_done":false,"fetched":0,"bytes":0,"rejected":0,"rows":0,"files":0,"time":"T"}"#,
        );
        let rejection = Rejection::new(ObjectRef::new("b", "k"), Reason::NotFound, "gone");
        check(
            &Event::Rejected(&rejection),
            r#"{"event":"rejected","bucket":"b","key":"k","reason":"not_found","message":"gone","time":"T"}"#,
        );
        check(
            &Event::Warning("see http://u:p@h/x"),
            r#"{"event":"warning","message":"see http://h/x","time":"T"}"#,
        );
    }
}
