//! Worker processes of this machine: tasks of a phase handed out, answers taken, the dead replaced.
//!
//! ```text
//! Queue -> Crew, a place for each worker -> Process (pipes) -> `earthcatalog bulk worker`
//!                                        <- Answer, one a line <-
//! ```
//!
//! A worker is this same program. What it needs beyond a task it gets by its environment and by its first line, so that
//! nothing secret stands on a command line. When the driver is gone its standard input ends, and so does the worker.

mod crew;
mod message;
mod process;
mod queue;
mod share;
mod tally;

pub(crate) use crew::{Crew, Phasing};
pub(crate) use message::{Answer, Orders};
pub(crate) use share::Share;
