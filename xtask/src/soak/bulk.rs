//! Bulk runs of many items by every driver, and such whose workers and drivers are killed while requests fail: the tests of the
//! command line that do so with little, with more of it.

use crate::Result;
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Workers that are killed; of drivers a sixth as many.
    #[arg(long, default_value_t = 30, value_name = "N")]
    kills: u32,
    /// Items that each driver ingests undisturbed.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    items: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // The workspace's features, so that what its tests have built is not built again.
    let mut test = process::cargo();
    test.args(["test", "--locked", "--workspace", "--test", "cli", "bulk_", "--", "--nocapture"]);
    test.env("EARTHCATALOG_TEST_BULK_ITEMS", args.items.to_string());
    process::run(test.env("EARTHCATALOG_TEST_BULK_KILLS", args.kills.to_string()))?;
    println!(
        "{} items by every driver, {} workers killed, 5 % of requests failed: every row is there once, and nothing else",
        args.items, args.kills
    );
    Ok(())
}
