//! `cargo xtask bench reference`: the same items into a new catalog by earthcatalog 0.6.1, the Python package before this one, and by
//! us, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::catalogs::Catalogs;
use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::programs::{self, EARTHCATALOG};
use super::record::Record;
use super::sets::{Run, Set, set};
use crate::root::root;
use crate::{Result, interop};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sizes to measure, each at h3:1. The older package takes minutes for the default.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "2000,20000")]
    items: Vec<u64>,
    /// Runs of each.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Names the sets.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Measure what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
    /// Write the figures to benches/results/, under the commit that was just built.
    #[arg(long, conflicts_with = "no_build")]
    record: bool,
}

/// The older package's own.
const GRID: &str = "h3:1";

/// What is recorded.
#[derive(Serialize)]
struct Sizes<'a> {
    grid: &'static str,
    sizes: &'a [Size],
}

#[derive(Serialize)]
struct Size {
    items: u64,
    rounds: Vec<Round>,
}

#[derive(Serialize)]
struct Round {
    /// The load average before it.
    load: f64,
    older: Cost,
    ours: Cost,
    /// Files and rows of each.
    older_made: Value,
    ours_made: Value,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG])?;
    }
    let python = interop::older_package()?;
    let (machine, commit) = (machine(), commit()?);
    let sizes: Vec<Size> =
        args.items.iter().map(|items| measure(args, &python, *items)).collect::<Result<_>>()?;
    println!("\n{}", table(&sizes));
    if args.record {
        let figures = Sizes { grid: GRID, sizes: &sizes };
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("reference")?.display());
    }
    Ok(())
}

fn measure(args: &Args, python: &Path, items: u64) -> Result<Size> {
    let set = set(items, args.seed)?;
    let catalogs = Catalogs::new();
    let program = programs::path(EARTHCATALOG);
    let mut rounds = Vec::new();
    for number in 1..=args.runs {
        let load = load();
        let (older_made, older) = older(python, &set, &catalogs.fresh())?;
        let run = Run { program: &program, grid: GRID, memory: None };
        let (report, ours) = set.ingest(&run, &catalogs.fresh())?;
        let ours_made = serde_json::json!({ "files": report["files"], "rows": report["rows"] });
        println!("{items} items, run {number}: 0.6.1 {older}; ours {ours}");
        rounds.push(Round { load, older, ours, older_made, ours_made });
    }
    Ok(Size { items, rounds })
}

fn older(python: &Path, set: &Set, catalog: &Path) -> Result<(Value, Cost)> {
    let script: PathBuf = root().join("xtask/src/bench/reference.py");
    let mut command = Command::new(python);
    measured(command.arg(script).arg(set.csv()).arg(set.bucket()).arg(catalog))
}

/// Medians, as Markdown.
fn table(sizes: &[Size]) -> String {
    let mut lines = vec![
        "| items | CPU s per 1,000 items, 0.6.1 | ours | times | s, 0.6.1 | ours | peak RSS, MB, 0.6.1 | ours |".to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for size in sizes {
        let figure = |of: &dyn Fn(&Round) -> f64| Spread::of(size.rounds.iter().map(of)).median;
        let thousands = size.items as f64 / 1e3;
        let (older, ours) = (figure(&|r| r.older.cpu() / thousands), figure(&|r| r.ours.cpu() / thousands));
        lines.push(format!(
            "| {} | {older:.2} | {ours:.3} | {:.0} | {:.1} | {:.1} | {:.0} | {:.0} |",
            size.items,
            older / ours,
            figure(&|r| r.older.wall),
            figure(&|r| r.ours.wall),
            figure(&|r| r.older.peak_rss as f64 / 1e6),
            figure(&|r| r.ours.peak_rss as f64 / 1e6),
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_both() {
        let cost = |user: f64| Cost { wall: user / 2.0, user, system: 0.0, peak_rss: 50_000_000 };
        let round = |older: f64, ours: f64| Round {
            load: 0.0,
            older: cost(older),
            ours: cost(ours),
            older_made: Value::Null,
            ours_made: Value::Null,
        };
        let sizes = [Size { items: 2_000, rounds: vec![round(9.0, 1.0), round(8.0, 0.5), round(7.0, 0.4)] }];
        let table = table(&sizes);
        assert!(table.contains("| 2000 | 4.00 | 0.250 | 16 | 4.0 | 0.2 | 50 | 50 |"), "{table}");
    }
}
