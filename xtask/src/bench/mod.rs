//! `cargo xtask bench`: what the main jobs cost, each raced against a floor in the same minutes.
//!
//! Small steps (a covering, a file) are criterion's, under `benches/`: here their figures are kept. Whole programs are run as
//! users run them.

mod bulk;
pub(crate) mod catalogs;
mod commit;
mod compact;
mod delta;
mod figures;
mod grid;
mod index;
mod ingest;
mod inventory;
mod machine;
pub(crate) mod measure;
mod parts;
pub(crate) mod programs;
mod record;
mod reference;
pub(crate) mod sets;
pub(crate) mod table;

use clap::Subcommand;

use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    job: Job,
}

#[derive(Subcommand)]
enum Job {
    /// Ingests generated items from a local folder, beside a program that only reads and parses them.
    Ingest(ingest::Args),
    /// A bulk run of generated items, phase by phase, and with one worker and two.
    Bulk(bulk::Args),
    /// Builds, merges, probes and compares a hash index of generated ids and objects.
    Index(index::Args),
    /// Ingests a day's new objects into a catalog, from a listing of everything.
    Delta(delta::Args),
    /// Compacts a catalog of many small files, beside a program that only reads and writes them.
    Compact(compact::Args),
    /// Appends to tables of few and of many files.
    Commit(commit::Args),
    /// Reads listings of every format, beside their decoders alone, and compares two of an archive's size.
    Inventory(inventory::Args),
    /// Ingests generated items by earthcatalog 0.6.1, the Python package before this one, and by us.
    Reference(reference::Args),
    /// Coverings of points, footprints, a coast and the world, by criterion.
    Grid(grid::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.job {
        Job::Ingest(args) => ingest::run(args),
        Job::Bulk(args) => bulk::run(args),
        Job::Index(args) => index::run(args),
        Job::Delta(args) => delta::run(args),
        Job::Compact(args) => compact::run(args),
        Job::Commit(args) => commit::run(args),
        Job::Inventory(args) => inventory::run(args),
        Job::Reference(args) => reference::run(args),
        Job::Grid(args) => grid::run(args),
    }
}
