//! `cargo xtask bench commit`: what an append costs in tables that have few files and in those that have many.

use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::catalogs::Catalogs;
use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::programs::{self, COMMIT};
use super::record::Record;
use super::table::thousands;
use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files that the table has before the appends that are timed.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 20_000], value_name = "N")]
    files: Vec<u64>,
    /// Appends that are timed, of 100 files each.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    commits: u32,
    /// Runs of each, every one with a table of its own.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Measure what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
    /// Write the figures to benches/results/, under the commit that was just built.
    #[arg(long, conflicts_with = "no_build")]
    record: bool,
}

/// What is recorded. Times are in seconds.
#[derive(Serialize)]
struct Commits {
    commits: u32,
    /// The mean commit of the largest table by that of the smallest.
    growth: f64,
    sizes: Vec<Size>,
}

#[derive(Serialize)]
struct Size {
    files: u64,
    /// The mean of a run's commits: every fifth of a large table merges manifests, and its cost is the others' too.
    mean_commit: Spread,
    /// Every commit of every run.
    commit: Spread,
    head: Spread,
    /// All files of the table, read.
    plan: Spread,
    peak_rss_bytes: Spread,
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Run {
    /// The load average before it.
    load: f64,
    #[serde(flatten)]
    cost: Cost,
    /// What the program says: every commit.
    output: Value,
}

impl Run {
    fn seconds(&self, of: &str) -> Vec<f64> {
        self.output[of].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[COMMIT])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let catalogs = Catalogs::new();
    let sizes = args.files.iter().map(|files| size(args, &catalogs, *files)).collect::<Result<Vec<_>>>()?;
    let figures = Commits { commits: args.commits, growth: growth(&sizes), sizes };
    println!("\n{}", table(&figures));
    if args.record {
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("commit")?.display());
    }
    Ok(())
}

fn size(args: &Args, catalogs: &Catalogs, files: u64) -> Result<Size> {
    let mut runs = Vec::new();
    for number in 1..=args.runs {
        let load = load();
        let mut command = Command::new(programs::path(COMMIT));
        command.arg(catalogs.fresh()).arg(files.to_string()).arg(args.commits.to_string());
        let (output, cost) = measured(&command)?;
        println!("{files} files, run {number}: {cost}");
        runs.push(Run { load, cost, output });
    }
    let all = |of: &str| Spread::of(runs.iter().flat_map(|run| run.seconds(of)));
    let means = runs.iter().map(|run| mean(&run.seconds("commit_seconds")));
    Ok(Size {
        files,
        mean_commit: Spread::of(means),
        commit: all("commit_seconds"),
        head: all("head_seconds"),
        plan: all("files_seconds"),
        peak_rss_bytes: Spread::of(runs.iter().map(|run| run.cost.peak_rss as f64)),
        runs,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn growth(sizes: &[Size]) -> f64 {
    let of = |size: Option<&Size>| size.map_or(0.0, |size| size.mean_commit.median);
    of(sizes.last()) / of(sizes.first())
}

fn table(figures: &Commits) -> String {
    let mut lines = vec![
        "| files | commit, ms: mean | median | least | most | head, ms | all files, ms | peak RSS, MB |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for size in &figures.sizes {
        let ms = |seconds: f64| format!("{:.1}", seconds * 1e3);
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} | {:.0} |",
            thousands(size.files),
            ms(size.mean_commit.median),
            ms(size.commit.median),
            ms(size.commit.min),
            ms(size.commit.max),
            ms(size.head.median),
            ms(size.plan.median),
            size.peak_rss_bytes.median / 1e6,
        ));
    }
    lines.push(format!("\nfrom the smallest to the largest: {:.2} times", figures.growth));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_grow() {
        let size = |files, seconds| Size {
            files,
            mean_commit: Spread::of([seconds]),
            commit: Spread::of([seconds]),
            head: Spread::of([0.001]),
            plan: Spread::of([0.1]),
            peak_rss_bytes: Spread::of([5e6]),
            runs: Vec::new(),
        };
        let sizes = vec![size(1_000, 0.01), size(20_000, 0.015)];
        let figures = Commits { commits: 1, growth: growth(&sizes), sizes };
        let table = table(&figures);
        assert!(table.contains("| 20,000 | 15.0 | 15.0 | 15.0 | 15.0 | 1.0 | 100.0 | 5 |"), "{table}");
        assert!(table.ends_with("1.50 times"), "{table}");
        assert_eq!(mean(&[]), 0.0);
    }
}
