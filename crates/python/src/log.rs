//! Warnings of the crates, handed to Python's `logging` in the thread of a call.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Mutex, PoisonError};

use earthcatalog::scrub;
use pyo3::prelude::*;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

/// Messages that no call has fetched yet; the oldest go when there are too many.
static WAITING: Mutex<VecDeque<Record>> = Mutex::new(VecDeque::new());
const MOST_WAITING: usize = 1000;

struct Record {
    target: String,
    severe: bool,
    message: String,
}

/// Listens to warnings and errors from now on. Where somebody listens already it stays so.
pub(crate) fn start() {
    let subscriber = Registry::default().with(Collect.with_filter(LevelFilter::WARN));
    // The module is imported once a process; a second time there is nothing to do.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Gives what was said to Python's loggers.
///
/// # Errors
/// What a handler of `logging` raises.
pub(crate) fn hand_over(py: Python<'_>) -> PyResult<()> {
    let records = std::mem::take(&mut *WAITING.lock().unwrap_or_else(PoisonError::into_inner));
    if records.is_empty() {
        return Ok(());
    }
    let log = py.import("earthcatalog._log")?.getattr("native")?;
    records
        .into_iter()
        .try_for_each(|record| log.call1((record.target, record.severe, record.message)).map(drop))
}

struct Collect;

impl<S: Subscriber> Layer<S> for Collect {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let record = Record {
            target: event.metadata().target().to_owned(),
            severe: *event.metadata().level() == Level::ERROR,
            message: scrub(&text.whole()),
        };
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(record);
    }
}

/// A message and its fields, as `message (name=value, …)`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(self) -> String {
        if self.fields.is_empty() { self.message } else { format!("{} ({})", self.message, self.fields) }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name if self.fields.is_empty() => write!(self.fields, "{name}={value:?}"),
            name => write!(self.fields, ", {name}={value:?}"),
        };
    }
}
