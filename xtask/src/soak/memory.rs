//! Peak memory of an ingest of few items and of many, at the same `--memory`: they must hardly differ.

use crate::Result;
use crate::bench::catalogs::Catalogs;
use crate::bench::programs::{self, EARTHCATALOG};
use crate::bench::sets::{Run, set};
use crate::bench::table::thousands;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Items of the one run.
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    small: u64,
    /// Items of the other.
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    large: u64,
    /// What both may use.
    #[arg(long, default_value = "256MB", value_name = "SIZE")]
    memory: String,
    /// The grid; a fine one has more partitions open at once.
    #[arg(long, default_value = "h3:1", value_name = "SPEC")]
    grid: String,
    /// Names the sets.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Run what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
}

/// How much of the smaller peak the two may differ by.
const MOST: f64 = 0.15;

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG])?;
    }
    let catalogs = Catalogs::new();
    let small = peak(args, &catalogs, args.small)?;
    let large = peak(args, &catalogs, args.large)?;
    let difference = difference(small, large);
    let said = format!("the two peaks differ by {:.1} %", difference * 100.0);
    if difference < MOST {
        println!("{said}, less than {:.0} %", MOST * 100.0);
        return Ok(());
    }
    Err(format!("{said}: memory grows with the archive, not with --memory {}", args.memory).into())
}

/// The peak of a run, in bytes.
fn peak(args: &Args, catalogs: &Catalogs, items: u64) -> Result<u64> {
    let program = programs::path(EARTHCATALOG);
    let run = Run { program: &program, grid: &args.grid, memory: Some(&args.memory) };
    let (report, cost) = set(items, args.seed)?.ingest(&run, &catalogs.fresh())?;
    println!(
        "{} items at {}, --memory {}: peak RSS {:.1} MB, {} files, {:.1} s",
        thousands(items),
        args.grid,
        args.memory,
        cost.peak_rss as f64 / 1e6,
        report["files"],
        cost.wall,
    );
    Ok(cost.peak_rss)
}

/// By which part of the smaller one the two differ.
fn difference(one: u64, other: u64) -> f64 {
    one.abs_diff(other) as f64 / one.min(other).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_may_be_the_larger() {
        assert_eq!((difference(100, 110), difference(110, 100), difference(5, 5)), (0.1, 0.1, 0.0));
        assert!(difference(100, 115) >= MOST && difference(100, 114) < MOST);
    }
}
