//! `cargo xtask compare`: what we say beside what others say of the same, and that every difference is one that is known.

mod grid;

use clap::Subcommand;

use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Normal forms beside antimeridian, coverings beside h3 and s2sphere, all from PyPI.
    Grid(grid::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Grid(args) => grid::run(args),
    }
}
