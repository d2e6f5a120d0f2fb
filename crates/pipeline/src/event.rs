//! What a run tells while it goes on.

use earthcatalog_model::{Rejection, Timestamp};

use crate::bulk::Phase;
use crate::report::Report;

/// The numbers of a run so far. They only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Lines of the inventory read.
    pub listed: u64,
    /// Of these, those that pass the filters: what will be fetched. Items, where a table is covered anew.
    pub selected: u64,
    /// True once `listed` and `selected` are final.
    pub listing_done: bool,
    /// Objects fetched, or given up; items read, where a table is covered anew.
    pub fetched: u64,
    /// Bytes fetched.
    pub bytes: u64,
    /// Objects rejected.
    pub rejected: u64,
    /// Rows made.
    pub rows: u64,
    /// Files written.
    pub files: u64,
}

/// How far the tasks of a phase of a bulk run are, over all that work on them. The numbers of a task that has to be done
/// again are taken back.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct TasksProgress {
    /// The phase.
    pub phase: Phase,
    /// Its tasks.
    pub tasks: u64,
    /// Those that are done.
    pub done: u64,
    /// Objects to fetch.
    pub objects: u64,
    /// Objects fetched, or given up.
    pub fetched: u64,
    /// Bytes fetched since the driver began.
    pub bytes: u64,
    /// Objects rejected.
    pub rejected: u64,
    /// Objects that could not be had so far.
    pub pending: u64,
    /// Objects a second since the driver began; of staging.
    pub objects_per_second: Option<f64>,
    /// Seconds that the phase will still take at the rate since then.
    pub seconds_left: Option<f64>,
}

/// Something that happened. Events come in the order of their happening, from one task at a time.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// Its id.
        run_id: &'a str,
        /// Its mode, decided: never `auto`. `regrid` for a table that is covered anew.
        mode: &'static str,
        /// The grid's name.
        grid: &'a str,
    },
    /// An open bulk run that was asked for the same was found: it goes on.
    Found {
        /// Its id.
        run_id: &'a str,
        /// Its mode.
        mode: &'a str,
        /// The grid's name.
        grid: &'a str,
        /// When it was planned.
        started: Timestamp,
    },
    /// Some tasks of a bulk run went by; told by who hands them out.
    Tasks(TasksProgress),
    /// Some items went by. At most a few a second.
    Progress(Progress),
    /// An object was rejected; it will be a row of `rejected.parquet`.
    Rejected(&'a Rejection),
    /// All is fetched; what is buffered is being written: so many files are still to come.
    Writing {
        /// Files still to be written.
        files: u64,
    },
    /// The files are there; the snapshot is being committed.
    Committing {
        /// Files to register.
        files: u64,
        /// Their rows.
        rows: u64,
    },
    /// Something that the user should know and that does not end the run.
    Warning(&'a str),
    /// The run has ended.
    Finished(&'a Report),
}

/// Who wants to know. Called from the run's own task: it must not block.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn on_event(&self, event: &Event<'_>);
}

/// Nobody wants to know.
impl Observer for () {
    fn on_event(&self, _: &Event<'_>) {}
}

/// The observer of calls that nobody looks on at: warnings go to the log, the rest nowhere.
#[derive(Debug, Clone, Copy)]
pub struct ToLog;

impl Observer for ToLog {
    fn on_event(&self, event: &Event<'_>) {
        if let Event::Warning(message) = event {
            tracing::warn!("{message}");
        }
    }
}
