//! Bars: one for the fetching, with rate and time left as soon as the listing is done, and one for the files.

use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use earthcatalog::{Event, Observer, Phase, Progress, TasksProgress};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::console::Console;
use super::{found, log, tasks};
use crate::output::numbers;

const LISTING: &str = "{spinner} {msg}  {rate}";
const FETCHING: &str = "{bar:32} {human_pos}/{human_len} objects  {rate}  {eta} left  {msg}";
const WRITING: &str = "{bar:32} {human_pos}/{human_len} files  {rate}  {eta} left";
const STAGING: &str = "{bar:32} {human_pos}/{human_len} objects  {msg}";
const TASKS: &str = "{bar:32} {msg}";
const TICK: Duration = Duration::from_millis(120);

/// Draws bars on a terminal.
pub(crate) struct Bars {
    console: Console,
    fetching: ProgressBar,
    writing: OnceLock<ProgressBar>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counting: bool,
    files_before: u64,
    files: u64,
}

impl Bars {
    /// Bars on this console; nothing is drawn before the first event.
    pub(crate) fn new(console: Console) -> Self {
        let fetching = ProgressBar::hidden().with_style(style(LISTING));
        Self { console, fetching, writing: OnceLock::new(), state: Mutex::default() }
    }

    fn start(&self, run_id: &str, mode: &str, grid: &str) {
        self.console.line(&format!("run {run_id}: {mode}, {grid}"));
        let bar = self.console.add(self.fetching.clone());
        bar.enable_steady_tick(TICK);
    }

    fn progress(&self, now: &Progress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.files = now.files;
        match self.writing.get() {
            Some(bar) => bar.set_position(now.files.saturating_sub(state.files_before)),
            None => self.fetched(&mut state, now),
        }
    }

    fn fetched(&self, state: &mut State, now: &Progress) {
        if now.listing_done && !state.counting {
            state.counting = true;
            self.fetching.set_style(style(FETCHING));
        }
        if now.listing_done {
            self.fetching.set_length(now.selected);
        }
        self.fetching.set_position(now.fetched);
        self.fetching.set_message(if state.counting { beside(now) } else { listing(now) });
    }

    fn writing(&self, files: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.files_before = state.files;
        self.fetching.finish_and_clear();
        let bar = self.writing.get_or_init(|| {
            let bar = self.console.add(ProgressBar::new(files).with_style(style(WRITING)));
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_length(files);
    }

    /// A bar for each phase: of objects while they are fetched, of tasks while files are written.
    fn tasks(&self, now: &TasksProgress) {
        let (bar, template, position, length) = match now.phase {
            Phase::Stage => (&self.fetching, STAGING, now.fetched, now.objects),
            Phase::Write => (self.tasks_bar(now.tasks), TASKS, now.done, now.tasks),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.counting && now.phase == Phase::Stage {
            state.counting = true;
            let bar = self.console.add(self.fetching.clone());
            bar.set_style(style(template));
            bar.enable_steady_tick(TICK);
        }
        bar.set_length(length);
        bar.set_position(position);
        bar.set_message(tasks::message(now));
    }

    fn tasks_bar(&self, tasks: u64) -> &ProgressBar {
        self.fetching.finish_and_clear();
        self.writing.get_or_init(|| {
            let bar = self.console.add(ProgressBar::new(tasks).with_style(style(TASKS)));
            bar.enable_steady_tick(TICK);
            bar
        })
    }

    fn committing(&self, files: u64, rows: u64) {
        self.clear();
        self.console.line(&format!(
            "committing {} with {}",
            numbers::plural(files, "file"),
            numbers::plural(rows, "row")
        ));
    }

    fn clear(&self) {
        self.fetching.finish_and_clear();
        if let Some(bar) = self.writing.get() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Bars {
    fn on_event(&self, event: &Event<'_>) {
        log(event);
        match event {
            Event::Started { run_id, mode, grid } => self.start(run_id, mode, grid),
            Event::Found { .. } => self.console.line(&found(event)),
            Event::Tasks(now) => self.tasks(now),
            Event::Progress(now) => self.progress(now),
            Event::Writing { files } => self.writing(*files),
            Event::Committing { files, rows } => self.committing(*files, *rows),
            Event::Warning(message) => self.console.warning(message),
            Event::Finished(_) => self.clear(),
            _ => {}
        }
    }
}

/// A run that ends with an error must not leave its bars above the message.
impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
        // The writer is indicatif's own line buffer, which takes everything.
        let _ = write!(out, "{}/s", numbers::count(state.per_sec().round() as u64));
    })
}

fn listing(now: &Progress) -> String {
    let counts = [(now.listed, "listed"), (now.selected, "selected"), (now.fetched, "fetched")];
    let shown: Vec<String> =
        counts.iter().map(|(n, word)| format!("{} {word}", numbers::count(*n))).collect();
    format!("{}  {}", shown.join(", "), beside(now))
}

fn beside(now: &Progress) -> String {
    let rejected =
        if now.rejected > 0 { format!(", {} rejected", numbers::count(now.rejected)) } else { String::new() };
    format!("{}, {}{rejected}", numbers::bytes(now.bytes), numbers::plural(now.files, "file"))
}
