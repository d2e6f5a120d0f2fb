//! `cargo xtask bench ingest`: an inventory in, a catalog out, and the floor: the same files read and parsed, no more.

use std::process::Command;

use chrono::Utc;
use serde::Serialize;

use super::catalogs::Catalogs;
use super::figures::{Figures, Output, Round, Shape};
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::programs::{self, EARTHCATALOG, FLOOR};
use super::record::Record;
use super::sets::{Run, Set, set};
use super::table::table;
use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sizes to measure, each at each grid. Without sizes and grids: 2,000, 20,000 and 100,000 at h3:1 (few rows a file),
    /// and 100,000 at s2:1 (some hundred rows a file).
    #[arg(long, value_delimiter = ',', value_name = "N")]
    items: Vec<u64>,
    /// Grids to measure [default: h3:1].
    #[arg(long, value_delimiter = ',', value_name = "SPEC")]
    grid: Vec<String>,
    /// Runs of each, the floor's between those of the ingest.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Names the sets: the same seed makes the same files.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Passed to the ingest; its own default if not given.
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// Measure what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
    /// Write the figures to benches/results/, under the commit that was just built.
    #[arg(long, conflicts_with = "no_build")]
    record: bool,
}

/// What is recorded.
#[derive(Serialize)]
struct Ingests<'a> {
    seed: u64,
    /// `--memory`, if it was given.
    memory: Option<&'a str>,
    shapes: &'a [Shape],
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG, FLOOR])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let changed = if commit.dirty { ", changed since" } else { "" };
    println!(
        "{}, {} cores, Linux {}; commit {}{changed}",
        machine.cpu, machine.cores, machine.kernel, commit.id
    );
    let shapes = shapes(&args.items, &args.grid);
    let catalogs = Catalogs::new();
    let shapes = shapes
        .iter()
        .map(|(items, grid)| shape(args, &catalogs, *items, grid))
        .collect::<Result<Vec<_>>>()?;
    println!("\n{}", table(&shapes));
    if args.record {
        let figures = Ingests { seed: args.seed, memory: args.memory.as_deref(), shapes: &shapes };
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("ingest")?.display());
    }
    Ok(())
}

/// Each size at each grid; what the two are by default depends on both.
fn shapes(items: &[u64], grids: &[String]) -> Vec<(u64, String)> {
    let h3 = ["h3:1".to_owned()];
    let grids_or_h3 = if grids.is_empty() { &h3 } else { grids };
    let items_or_all = if items.is_empty() { &[2_000, 20_000, 100_000] } else { items };
    let mut shapes = Vec::new();
    for grid in grids_or_h3 {
        shapes.extend(items_or_all.iter().map(|items| (*items, grid.clone())));
    }
    if items.is_empty() && grids.is_empty() {
        shapes.push((100_000, "s2:1".to_owned()));
    }
    shapes
}

/// Measures one shape. A floor that is not counted brings the files into the system's cache first.
fn shape(args: &Args, catalogs: &Catalogs, items: u64, grid: &str) -> Result<Shape> {
    let set = set(items, args.seed)?;
    floor(&set)?;
    let program = programs::path(EARTHCATALOG);
    let run = Run { program: &program, grid, memory: args.memory.as_deref() };
    let mut rounds = Vec::new();
    let mut output = Output::default();
    for number in 1..=args.runs {
        let load = load();
        let (report, ingest) = set.ingest(&run, &catalogs.fresh())?;
        output = Output::of(&report);
        let round = Round { load, ingest, floor: floor(&set)? };
        println!("{items} at {grid}, run {number}: {}, floor {}", round.ingest, round.floor);
        rounds.push(round);
    }
    Ok(Shape { items, grid: grid.to_owned(), output, figures: Figures::of(items, &rounds), rounds })
}

/// Runs the floor over a set.
fn floor(set: &Set) -> Result<Cost> {
    let mut command = Command::new(programs::path(FLOOR));
    let (parsed, cost) = measured(command.arg(set.inventory()).arg(set.bucket()))?;
    if parsed["items"].as_u64() != Some(set.items) {
        return Err(format!("the floor read {parsed}, not {} items", set.items).into());
    }
    Ok(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_meet_grids() {
        for (items, grids, expected) in [
            (&[][..], &[][..], "2000 h3:1, 20000 h3:1, 100000 h3:1, 100000 s2:1"),
            (&[5], &[], "5 h3:1"),
            (&[5, 6], &["s2:1", "s2:4"], "5 s2:1, 6 s2:1, 5 s2:4, 6 s2:4"),
            (&[], &["s2:4"], "2000 s2:4, 20000 s2:4, 100000 s2:4"),
        ] {
            let grids: Vec<String> = grids.iter().map(|g: &&str| (*g).to_owned()).collect();
            let shapes = shapes(items, &grids);
            let shown: Vec<String> = shapes.iter().map(|(n, grid)| format!("{n} {grid}")).collect();
            assert_eq!(shown.join(", "), expected);
        }
    }
}
