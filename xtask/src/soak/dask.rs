//! The Python package on a Dask cluster of processes: many items, workers killed at random, and a catalog that is row for row
//! what one process makes.

use crate::Result;
use crate::fixtures;
use crate::package;
use crate::root::target;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many items.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    items: u64,
    /// How many workers are killed, one after another.
    #[arg(long, default_value_t = 30, value_name = "N")]
    kills: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = target().join(format!("soak/dask-{}", args.items));
    if !folder.join("inventory.parquet").exists() {
        fixtures::set(args.items, 1, &folder)?;
    }
    let folder = folder.to_string_lossy().into_owned();
    package::large(&[
        ("EARTHCATALOG_TEST_LARGE", folder),
        ("EARTHCATALOG_TEST_KILLS", args.kills.to_string()),
    ])
}
