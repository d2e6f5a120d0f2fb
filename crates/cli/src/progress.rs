//! What a run tells, as people or programs want to see it on stderr: bars, lines, JSON lines, or nothing.

pub(crate) mod bars;
pub(crate) mod console;
pub(crate) mod json;
pub(crate) mod lines;
mod tasks;

use earthcatalog::{Event, Observer};

use crate::args::value::ProgressMode;
use bars::Bars;
use console::Console;
use json::JsonLines;
use lines::Lines;

/// The observer for a run. Bars need a terminal; elsewhere they are lines.
pub(crate) fn observer(mode: ProgressMode, console: &Console) -> Box<dyn Observer> {
    let console = console.clone();
    match mode {
        ProgressMode::Json => Box::new(JsonLines::new(console)),
        ProgressMode::None => Box::new(Warnings(console)),
        ProgressMode::Auto | ProgressMode::Bars if console.is_terminal() => Box::new(Bars::new(console)),
        ProgressMode::Auto | ProgressMode::Bars | ProgressMode::Lines => Box::new(Lines::new(console)),
    }
}

/// No progress; what the user should know is still said.
struct Warnings(Console);

impl Observer for Warnings {
    fn on_event(&self, event: &Event<'_>) {
        log(event);
        if let Event::Warning(message) = event {
            self.0.warning(message);
        }
    }
}

/// That an open run goes on, in words.
fn found(event: &Event<'_>) -> String {
    let Event::Found { run_id, mode, grid, started } = event else { return String::new() };
    format!("run {run_id}: {mode}, {grid}; planned {started}, it goes on from where it was")
}

/// What happens to single objects is for the log.
fn log(event: &Event<'_>) {
    if let Event::Rejected(rejection) = event {
        let object = &rejection.object;
        tracing::info!(
            bucket = object.bucket,
            key = object.key,
            reason = rejection.reason.as_str(),
            detail = rejection.message,
            "rejected"
        );
    }
}
