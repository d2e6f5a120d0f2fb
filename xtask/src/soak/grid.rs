//! Coverings of millions of random geometries: the property tests of the grid, with more cases and other seeds.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Result;
use crate::bench::table::thousands;
use crate::process;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Cases of each property.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    cases: u64,
    /// The seed of the first case; the others follow it. By default of the clock, so that no two runs are the same.
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// End each property after so many minutes, whatever it has done by then.
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// Only properties whose name holds this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let seed = args.seed.unwrap_or_else(seed_of_the_clock);
    println!("{} cases of each property, seeds from {seed} on", thousands(args.cases));
    let mut test = process::cargo();
    test.args(["test", "--release", "--locked", "-p", "earthcatalog-grid", "--test", "properties", "--"]);
    test.arg("--nocapture").args(&args.only);
    test.env("GRID_CASES", args.cases.to_string()).env("GRID_SEED", seed.to_string());
    if let Some(minutes) = args.minutes {
        test.env("GRID_SECONDS", (60 * minutes).to_string());
    }
    process::run(&mut test)?;
    println!("no property was broken");
    Ok(())
}

/// Seconds, so far apart that runs of the same cases hardly share a seed.
fn seed_of_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    now.wrapping_mul(1 << 20)
}
