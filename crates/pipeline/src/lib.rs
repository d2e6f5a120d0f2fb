//! An inventory in, a snapshot out: the run that stands behind `earthcatalog ingest`.
//!
//! ```text
//! inventory -> listing -> fetch -> prepare (rayon) -> buffers by partition -> write -> duplicates -> commit
//! ```
//!
//! Each step is a module and knows only what comes before it. Nothing here prints: what happens is told to an
//! [`Observer`], and what happened is a [`Report`].

mod error;
mod event;
mod options;
mod report;

pub use error::{Error, Result};
pub use event::{Event, Observer, Progress};
pub use options::{DEFAULT_CONCURRENCY, DEFAULT_MEMORY, IngestOptions, Mode, Stop};
pub use report::{Ledger, Report};
