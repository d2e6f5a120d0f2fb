//! Two deltas at once and a compaction beside them, as processes of their own: the test of the command line that does so a
//! few times, with more rounds.

use crate::Result;
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds, on a local folder and on the S3 server each.
    #[arg(long, default_value_t = 50, value_name = "N")]
    rounds: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    // The workspace's features, so that what its tests have built is not built again.
    let mut test = process::cargo();
    test.args(["test", "--locked", "--workspace", "delta::two_writers"]);
    process::run(test.env("EARTHCATALOG_TEST_RACES", args.rounds.to_string()))?;
    println!("{} rounds: every item once a cell, in its newest version", args.rounds);
    Ok(())
}
