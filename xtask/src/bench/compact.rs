//! `cargo xtask bench compact`: many small files to few, and the floor: the same files read, and their rows written again.

use std::path::Path;
use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::catalogs::Catalogs;
use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::parts::Parts;
use super::programs::{self, EARTHCATALOG, REWRITE};
use super::record::Record;
use super::sets::{Run, Set, set};
use super::table::thousands;
use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Items of the catalog.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    items: u64,
    #[arg(long, default_value = "s2:1", value_name = "SPEC")]
    grid: String,
    /// Ingests that the catalog is made by: so many files in most partitions.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    parts: u32,
    /// Runs, each on a catalog of its own.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Names the set: the same seed makes the same files.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Measure what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
    /// Write the figures to benches/results/, under the commit that was just built.
    #[arg(long, conflicts_with = "no_build")]
    record: bool,
}

/// What is recorded. MB are of the files that are merged.
#[derive(Serialize)]
struct Compactions<'a> {
    items: u64,
    grid: &'a str,
    parts: u32,
    mb_a_second: Spread,
    floor_mb_a_second: Spread,
    /// CPU time by that of the floor run before it.
    times_floor: Spread,
    peak_rss_bytes: Spread,
    rounds: Vec<Round>,
}

#[derive(Serialize)]
struct Round {
    /// The load average before it.
    load: f64,
    compact: Cost,
    floor: Cost,
    /// What the two say that they did.
    compacted: Value,
    rewritten: Value,
}

impl Round {
    fn mb_a_second(&self, cost: &Cost) -> f64 {
        self.compacted["bytes_before"].as_f64().unwrap_or(0.0) / 1e6 / cost.wall
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG, REWRITE])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let set = set(args.items, args.seed)?;
    let parts = Parts::of(&set, args.parts as usize)?;
    let catalogs = Catalogs::new();
    let rounds = (1..=args.runs).map(|number| {
        let round = round(args, &set, &parts, &catalogs)?;
        println!("run {number}: {}, floor {}", round.compact, round.floor);
        Ok(round)
    });
    let figures = figures(args, rounds.collect::<Result<Vec<_>>>()?);
    println!("\n{}", table(&figures));
    if args.record {
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("compact")?.display());
    }
    Ok(())
}

/// A catalog of many files is made, not measured; its files are in the system's cache then.
fn round(args: &Args, set: &Set, parts: &Parts, catalogs: &Catalogs) -> Result<Round> {
    let (program, catalog) = (programs::path(EARTHCATALOG), catalogs.fresh());
    let run = Run { program: &program, grid: &args.grid, memory: None };
    for part in parts.files() {
        set.ingest_of(&run, part, "auto", &catalog)?;
    }
    let load = load();
    let mut floor = Command::new(programs::path(REWRITE));
    let (rewritten, floor) = measured(floor.arg(catalog.join("warehouse")).arg(catalogs.fresh()))?;
    let (compacted, compact) = compact(&program, &catalog)?;
    for name in ["files_before", "bytes_before", "rows"] {
        if compacted[name] != rewritten[name] {
            return Err(format!("the floor did other work: {rewritten}, not {compacted}").into());
        }
    }
    Ok(Round { load, compact, floor, compacted, rewritten })
}

fn compact(program: &Path, catalog: &Path) -> Result<(Value, Cost)> {
    let mut command = Command::new(program);
    command.arg("compact").arg("--catalog").arg(catalog);
    measured(command.args(["--min-files", "2", "--json", "--no-lock", "--progress", "none"]))
}

fn figures(args: &Args, rounds: Vec<Round>) -> Compactions<'_> {
    let each = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    Compactions {
        items: args.items,
        grid: &args.grid,
        parts: args.parts,
        mb_a_second: each(|round| round.mb_a_second(&round.compact)),
        floor_mb_a_second: each(|round| round.mb_a_second(&round.floor)),
        times_floor: each(|round| round.compact.cpu() / round.floor.cpu()),
        peak_rss_bytes: each(|round| round.compact.peak_rss as f64),
        rounds,
    }
}

fn table(figures: &Compactions<'_>) -> String {
    let last = figures.rounds.last();
    let number = |name: &str| last.and_then(|round| round.compacted[name].as_u64()).unwrap_or(0);
    let mb = |name: &str| format!("{:.1}", number(name) as f64 / 1e6);
    [
        "| files before | MB | rows | files after | MB | MB/s | floor, MB/s | × floor, CPU | peak RSS, MB |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|".to_owned(),
        format!(
            "| {} | {} | {} | {} | {} | {:.1} | {:.1} | {:.2} | {:.0} |",
            thousands(number("files_before")),
            mb("bytes_before"),
            thousands(number("rows")),
            thousands(number("files_after")),
            mb("bytes_after"),
            figures.mb_a_second.median,
            figures.floor_mb_a_second.median,
            figures.times_floor.median,
            figures.peak_rss_bytes.median / 1e6,
        ),
    ]
    .join("\n")
}
