//! An inventory in, a snapshot out: the run that stands behind `earthcatalog ingest`.
//!
//! ```text
//! inventory -> listing -> fetch -> prepare (rayon) -> buffers by partition -> write -> duplicates -> commit
//! ```
//!
//! Each step is a module and knows only what comes before it. Nothing here prints: what happens is told to an
//! [`Observer`], and what happened is a [`Report`].

mod answers;
mod buffers;
pub mod bulk;
mod commit;
mod compact;
mod duplicates;
mod error;
mod event;
mod existing;
mod fates;
mod feed;
mod gc;
mod grid_properties;
mod index_update;
mod ingest;
mod intake;
mod known;
mod leased;
mod listing;
mod options;
mod parts;
mod prepare;
mod regrid;
mod rejected;
mod report;
mod run;
mod scan;
mod scratch;
mod selection;
mod shelf;
mod verify;
mod worker;
mod write;

pub use bulk::{
    Begun, BulkOptions, BulkParts, BulkPlan, BulkStatus, BulkTask, Cleaned, DEFAULT_CHUNK_SIZE,
    DEFAULT_COMPACT_ROWS, Decision, OpenRun, Phase, PhaseStatus, ResolveOptions, StageReport, TaskOptions,
    TaskReport, WriteReport,
};
pub use compact::{CompactOptions, Compacted, DEFAULT_MIN_FILES, DEFAULT_TARGET_SIZE, compact};
pub use error::{Error, Result};
pub use event::{Event, Observer, Progress, TasksProgress, ToLog};
pub use gc::{Collected, DEFAULT_GRACE, Garbage, GcOptions, gc};
pub use grid_properties::{grid_of, grid_spec};
pub use ingest::ingest;
pub use leased::under_lease;
pub use options::{DEFAULT_CONCURRENCY, DEFAULT_MEMORY, IngestOptions, Mode, Share, Stop};
pub use parts::{Href, Parts};
pub use regrid::{RegridOptions, RegridParts, Regridded, regrid};
pub use report::{Ledger, Report};
pub use verify::{Problem, Verified, VerifyOptions, VerifyParts, verify};
