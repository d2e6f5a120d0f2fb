//! `cargo xtask soak`: promises that only long or large runs can break.

mod bulk;
mod dask;
mod fuzz;
mod grid;
mod kills;
mod memory;
mod model;
mod writers;

use clap::Subcommand;

use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    promise: Promise,
}

#[derive(Subcommand)]
enum Promise {
    /// Memory is bounded by --memory, not by the size of the archive.
    Memory(memory::Args),
    /// A run may die at any moment: kill -9, fifty times.
    Kills(kills::Args),
    /// A catalog is what its archive says, whatever sequence of runs made it and whichever of them died.
    Model(model::Args),
    /// Two writers and a compaction at once, as processes of their own.
    Writers(writers::Args),
    /// Workers and drivers of a bulk run may die at any moment, and requests fail.
    Bulk(bulk::Args),
    /// Bulk runs on Dask from Python, their workers killed at random.
    Dask(dask::Args),
    /// Coverings miss nothing: a million random geometries of every kind for each property.
    Grid(grid::Args),
    /// No GeoJSON makes the grid panic, loop or grow, and no listing the inventory: libFuzzer, which needs a nightly toolchain.
    Fuzz(fuzz::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.promise {
        Promise::Memory(args) => memory::run(args),
        Promise::Kills(args) => kills::run(args),
        Promise::Model(args) => model::run(args),
        Promise::Writers(args) => writers::run(args),
        Promise::Bulk(args) => bulk::run(args),
        Promise::Dask(args) => dask::run(args),
        Promise::Grid(args) => grid::run(args),
        Promise::Fuzz(args) => fuzz::run(args),
    }
}
