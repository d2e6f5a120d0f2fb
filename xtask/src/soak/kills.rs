//! kill -9 at many moments of a run: the test of the command line that does so at a few, with more of them.

use crate::Result;
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Moments at which a run is killed.
    #[arg(long, default_value_t = 50, value_name = "N")]
    moments: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // The workspace's features, so that what its tests have built is not built again.
    let mut test = process::cargo();
    test.args(["test", "--locked", "--workspace", "killed_at_any_moment"]);
    process::run(test.env("EARTHCATALOG_TEST_KILLS", args.moments.to_string()))?;
    println!(
        "killed at {} moments: the catalog was as before or as after, and a second run ended as one",
        args.moments
    );
    Ok(())
}
