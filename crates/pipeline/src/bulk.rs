//! Bulk ingest: a run as four phases of tasks over a plan in the store, so that many machines can do it and any may die.
//!
//! ```text
//! plan       inventory -> chunk files, plan.json
//! stage(n)   chunk -> fetch -> cover -> one object of NDJSON, a zstd frame for each partition; then a marker that names it
//! resolve    all markers -> who won of each id -> what to write; the decision
//! write(n)   frames of all chunks -> GeoParquet files; then a marker that names them
//! register   one snapshot, read back; then the staging goes
//! ```
//!
//! All state is in the store. A task is the run and a number, and does no harm when it runs twice, or twice at once:
//! what is staged is named by its content and its marker is created only if there is none; what is written is named by
//! what it is made from, and the same staged set gives the same bytes.

mod again;
mod claim;
mod clean;
mod decision;
mod frames;
mod hex;
mod line;
mod markers;
mod options;
mod paths;
mod plan;
mod register;
mod resolve;
mod rounds;
mod runs;
mod slots;
mod stage;
mod status;
mod tail;
mod task;
mod work;
mod write;

pub use clean::{Cleaned, clean};
pub use decision::Decision;
pub use options::{BulkOptions, DEFAULT_CHUNK_SIZE, DEFAULT_COMPACT_ROWS};
pub use plan::{BulkPlan, plan};
pub use register::{ended, register};
pub use resolve::{ResolveOptions, resolve};
pub use rounds::retry;
pub use runs::{OpenRun, open_runs};
pub use stage::StageReport;
pub use status::{Begun, BulkStatus, PhaseStatus, status};
pub use task::{BulkTask, Phase, TaskOptions, TaskReport, run_task, undone};
pub use work::BulkParts;
pub use write::WriteReport;
