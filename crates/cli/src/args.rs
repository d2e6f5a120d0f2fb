//! The command line as it is declared: names, values, help. What it means is resolved in `settings`.

pub(crate) mod bulk;
pub(crate) mod cells;
pub(crate) mod global;
pub(crate) mod groups;
pub(crate) mod ingest;
pub(crate) mod inventory;
pub(crate) mod maintenance;
pub(crate) mod query;
pub(crate) mod value;
mod verify;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use bulk::BulkCommand;
pub(crate) use cells::CellsArgs;
pub(crate) use global::GlobalArgs;
pub(crate) use groups::{Given, SelectionArgs};
pub(crate) use ingest::IngestArgs;
pub(crate) use inventory::InventoryCommand;
pub(crate) use maintenance::{AtArgs, CompactArgs, ExpireArgs, GcArgs, RegridArgs};
pub(crate) use query::FilesArgs;
pub(crate) use verify::VerifyArgs;

const ABOUT: &str = "Spatial catalogs of STAC items in GeoParquet and Apache Iceberg, without a server";

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done with rejections, 4 locked or conflicting, 130 interrupted.

Results go to stdout, progress and messages to stderr. Options may also come from the environment (EARTHCATALOG_…) or \
from earthcatalog.toml: `earthcatalog config show` prints each and where it came from.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "earthcatalog", version, about = ABOUT, after_help = EXIT_CODES, max_term_width = 110)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read an inventory, fetch its STAC items and commit them to the catalog as one snapshot
    Ingest(Box<IngestArgs>),
    /// Ingest an archive as tasks over a plan, on many processes or machines, any of which may die
    #[command(arg_required_else_help = true)]
    Bulk {
        #[command(subcommand)]
        command: BulkCommand,
    },
    /// Read, convert and compare inventories
    #[command(arg_required_else_help = true)]
    Inventory {
        #[command(subcommand)]
        command: InventoryCommand,
    },
    /// Show the catalog's grid, table, snapshot and hash index
    #[command(after_help = "Example: earthcatalog info --catalog s3://my-bucket/catalog --json")]
    Info,
    /// Show rows, files and bytes of each partition (grid cell and year)
    #[command(after_help = "Example: earthcatalog stats --catalog s3://my-bucket/catalog --json")]
    Stats(AtArgs),
    /// Count unique items and rows, without reading the rows
    #[command(after_help = "Example: earthcatalog count --catalog s3://my-bucket/catalog")]
    Count(AtArgs),
    /// List the GeoParquet files that may hold items of an area and a time
    Files(FilesArgs),
    /// List the grid cells that a box or a geometry touches, also without a catalog
    Cells(CellsArgs),
    /// Print the STAC item of an id as JSON
    #[command(after_help = "Example: earthcatalog get S2A_T22WFV_20200701 --catalog s3://my-bucket/catalog")]
    Get {
        /// The item's id
        id: String,
    },
    /// Merge the small files of partitions that have many
    Compact(CompactArgs),
    /// Cover every item's geometry anew, in the same grid or another
    Regrid(RegridArgs),
    /// List the catalog's snapshots, and what each added and took away
    #[command(after_help = "Example: earthcatalog history --catalog s3://my-bucket/catalog --json")]
    History,
    /// Check that files, rows, cells, bounds and index are what the catalog says
    Verify(VerifyArgs),
    /// Let old snapshots go
    Expire(ExpireArgs),
    /// Delete files that no snapshot refers to
    Gc(GcArgs),
    /// Look at the lock that writers take, or remove a dead writer's
    #[command(arg_required_else_help = true)]
    Lock {
        #[command(subcommand)]
        command: LockCommand,
    },
    /// Look at the configuration
    #[command(arg_required_else_help = true)]
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: earthcatalog completions bash > ~/.local/share/bash-completion/completions/earthcatalog"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What to do with the lock.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum LockCommand {
    /// Show who holds the lock, and since when
    #[command(after_help = "Example: earthcatalog lock status --catalog s3://my-bucket/catalog")]
    Status,
    /// Remove the lock; be sure that its holder is dead, else its work may be lost
    #[command(after_help = "Example: earthcatalog lock break --catalog s3://my-bucket/catalog")]
    Break,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting, its value and where it came from; secrets are hidden
    #[command(after_help = "Example: EARTHCATALOG_MEMORY=2GiB earthcatalog config show")]
    Show,
}
