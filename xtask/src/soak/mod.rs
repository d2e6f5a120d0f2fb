//! `cargo xtask soak`: promises that only long or large runs can break.

mod memory;

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
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.promise {
        Promise::Memory(args) => memory::run(args),
    }
}
