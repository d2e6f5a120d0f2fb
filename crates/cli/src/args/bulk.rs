//! The commands of a bulk ingest, and their options.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand};
use earthcatalog::{DEFAULT_CHUNK_SIZE, DEFAULT_COMPACT_ROWS, Mode, Phase};

use super::groups::{CommitArgs, Given, LayoutArgs, ResourceArgs, SelectionArgs};
use super::value::read;

const TASKS: &str = "Tasks";
const UNFETCHED: &str = "Objects that could not be fetched";
const SAFETY: &str = "Safety";

const RUN: &str = "\
Example: earthcatalog bulk run s3://my-bucket/inventory/full.parquet --catalog s3://my-bucket/catalog --workers 8

All state is in the catalog's folder: after Ctrl-C, a crash or a power cut the same command goes on where it was. Workers \
that die are replaced. Exit code 3: done with rejections; 4: another writer holds the lock or has changed the catalog.";

const PLAN: &str = "\
Example: earthcatalog bulk plan s3://my-bucket/inventory/full.parquet --catalog s3://my-bucket/catalog --json

The same inventory, options and state of the catalog find the plan that they made before.";

const RUN_TASK: &str = "\
Example: earthcatalog bulk run-task --phase stage --index 3 --of 20 --catalog s3://my-bucket/catalog

Job I of M runs the tasks I, I+M, I+2M, … that are not done; where none is left it does nothing. In arrays of Slurm, AWS \
Batch and Kubernetes (Indexed Jobs) the index is found by itself, and in the first two the number of jobs as well.";

const RETRY: &str = "Example: earthcatalog bulk retry --catalog s3://my-bucket/catalog";

const RESOLVE: &str = "Example: earthcatalog bulk resolve --catalog s3://my-bucket/catalog --accept-rejected";

const REGISTER: &str = "\
Example: earthcatalog bulk register --catalog s3://my-bucket/catalog

Where another writer was first, a delta is decided anew and what that changes is written here.";

const STATUS: &str = "Example: earthcatalog bulk status --catalog s3://my-bucket/catalog --json";

const CLEAN: &str = "Example: earthcatalog bulk clean 0123456789abcdef --catalog s3://my-bucket/catalog";

/// What to do about bulk runs.
#[derive(Debug, Subcommand)]
pub(crate) enum BulkCommand {
    /// Run a bulk ingest to its end, on worker processes of this machine
    #[command(after_help = RUN)]
    Run(Box<BulkRunArgs>),
    /// Read the inventory and write down what is to be fetched, as tasks
    #[command(after_help = PLAN)]
    Plan(Box<BulkPlanArgs>),
    /// Run the tasks of a phase that fall to one job of an array
    #[command(after_help = RUN_TASK)]
    RunTask(RunTaskArgs),
    /// Give the objects that could not be fetched out again, as new tasks of staging
    #[command(after_help = RETRY)]
    Retry(OneRunArgs),
    /// Decide what is to be written, once all is staged
    #[command(after_help = RESOLVE)]
    Resolve(ResolveArgs),
    /// Write what is left, and commit the run as one snapshot
    #[command(after_help = REGISTER)]
    Register(ResolveArgs),
    /// Show how far the open runs are
    #[command(after_help = STATUS)]
    Status {
        /// The run; without it all that are open
        run: Option<String>,
    },
    /// Give a run up, and take away all that was made for it
    #[command(after_help = CLEAN)]
    Clean {
        /// The run
        run: String,
    },
    /// Read tasks from standard input, one a line, and answer on standard output
    #[command(hide = true)]
    Worker,
}

/// `bulk plan`, as given.
#[derive(Debug, Args)]
pub(crate) struct BulkPlanArgs {
    /// The inventory, as for `earthcatalog ingest`
    pub(crate) inventory: String,

    /// full replaces the catalog's content in one snapshot; delta adds what is new and replaces what has changed; auto is
    /// full while the catalog is empty, then delta [default: auto]
    #[arg(long, value_parser = read::<Mode>)]
    pub(crate) mode: Option<Mode>,

    /// Objects of a task of staging: the work that a process that dies can lose
    #[arg(long, help_heading = TASKS, value_name = "N", default_value_t = DEFAULT_CHUNK_SIZE)]
    pub(crate) chunk_size: u64,

    /// Rows of a file at most; a partition with more becomes several
    #[arg(long, help_heading = TASKS, value_name = "N", default_value_t = DEFAULT_COMPACT_ROWS)]
    pub(crate) compact_rows: u64,

    /// A folder of the catalog's base for the run's large temporary files [default: runs]
    #[arg(long, help_heading = TASKS, value_name = "FOLDER")]
    pub(crate) staging_prefix: Option<String>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,

    #[command(flatten)]
    pub(crate) layout: LayoutArgs,

    #[command(flatten)]
    pub(crate) resources: ResourceArgs,

    /// Keep the hash index up to date; without it the next delta has to make it from the table [default: true]
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) update_hash_index: Option<bool>,

    #[command(flatten)]
    pub(crate) commit: CommitArgs,
}

/// `bulk run`, as given.
#[derive(Debug, Args)]
pub(crate) struct BulkRunArgs {
    #[command(flatten)]
    pub(crate) plan: BulkPlanArgs,

    /// Worker processes; memory, requests and threads are shared out among them [default: one a processor, at most 4]
    #[arg(long, help_heading = TASKS, value_name = "N", value_parser = read::<NonZeroUsize>)]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Ask once more for the objects that could not be fetched
    #[arg(long, help_heading = UNFETCHED)]
    pub(crate) retry_pending: bool,

    #[command(flatten)]
    pub(crate) unfetched: UnfetchedArgs,
}

/// What becomes of objects that could not be fetched.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct UnfetchedArgs {
    /// Go on without objects that could not be fetched: they are rejected
    #[arg(long, help_heading = UNFETCHED)]
    pub(crate) accept_rejected: bool,
}

/// Which run.
#[derive(Clone, Debug, Args)]
pub(crate) struct OneRunArgs {
    /// The run; may be left out where one is open
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
}

/// `bulk run-task`, as given.
#[derive(Debug, Args)]
pub(crate) struct RunTaskArgs {
    #[command(flatten)]
    pub(crate) run: OneRunArgs,

    /// stage fetches items, write makes files of them
    #[arg(long)]
    pub(crate) phase: Phase,

    /// Which job of the array this is, from 0 [default: what Slurm, AWS Batch or Kubernetes say]
    #[arg(long, value_name = "I")]
    pub(crate) index: Option<u32>,

    /// How many jobs the array has [default: what Slurm or AWS Batch say; else only the task of the index is run]
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) of: Option<u32>,

    #[command(flatten)]
    pub(crate) resources: ResourceArgs,

    #[command(flatten)]
    pub(crate) commit: CommitArgs,
}

/// `bulk resolve` and `bulk register`, as given.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    #[command(flatten)]
    pub(crate) run: OneRunArgs,

    #[command(flatten)]
    pub(crate) unfetched: UnfetchedArgs,

    #[command(flatten)]
    pub(crate) resources: ResourceArgs,

    #[command(flatten)]
    pub(crate) commit: CommitArgs,
}

impl BulkCommand {
    /// What of it are settings.
    pub(crate) fn given(&self) -> Given<'_> {
        match self {
            Self::Run(args) => args.plan.given(),
            Self::Plan(args) => args.given(),
            Self::RunTask(args) => step(&args.resources, &args.commit),
            Self::Resolve(args) | Self::Register(args) => step(&args.resources, &args.commit),
            Self::Retry(_) | Self::Status { .. } | Self::Clean { .. } | Self::Worker => Given::default(),
        }
    }
}

impl BulkPlanArgs {
    fn given(&self) -> Given<'_> {
        Given {
            source: Some(&self.inventory),
            mode: self.mode,
            selection: Some(&self.selection),
            layout: Some(&self.layout),
            resources: Some(&self.resources),
            max_delete: None,
            update_hash_index: self.update_hash_index,
            commit: Some(&self.commit),
        }
    }
}

fn step<'a>(resources: &'a ResourceArgs, commit: &'a CommitArgs) -> Given<'a> {
    Given { resources: Some(resources), commit: Some(commit), ..Given::default() }
}
