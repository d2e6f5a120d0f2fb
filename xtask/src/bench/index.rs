//! `cargo xtask bench index`: the hash index at the size of an archive, each job in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::programs::{self, INDEX};
use super::record::Record;
use crate::Result;
use crate::root::{root, target};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Ids and objects of the index that is merged, probed and compared.
    #[arg(long, default_value_t = 43_000_000)]
    rows: u64,
    /// Ids of the index that is built.
    #[arg(long, default_value_t = 10_000_000)]
    build_rows: u64,
    /// Runs of each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Measure what is in target/release, whatever it was built from.
    #[arg(long)]
    no_build: bool,
    /// Write the figures to benches/results/, under the commit that was just built.
    #[arg(long, conflicts_with = "no_build")]
    record: bool,
}

/// What is measured, and what it must not cost: seconds, and bytes of memory.
struct Job {
    task: &'static str,
    seconds: f64,
    memory: u64,
}

/// The bounds are those that the index was designed for. Probing has none of its own: a merge is far dearer.
const JOBS: [Job; 4] = [
    Job { task: "build", seconds: 10.0, memory: 500_000_000 },
    Job { task: "merge", seconds: 30.0, memory: 500_000_000 },
    Job { task: "probe", seconds: 30.0, memory: 500_000_000 },
    Job { task: "compare", seconds: 60.0, memory: 2_000_000_000 },
];

/// What is recorded.
#[derive(Serialize)]
struct Figures {
    jobs: Vec<Measured>,
}

#[derive(Serialize)]
struct Measured {
    task: &'static str,
    rows: u64,
    /// The bounds: seconds, and bytes of memory.
    allowed_seconds: f64,
    allowed_memory: u64,
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Run {
    /// The load average before it.
    load: f64,
    #[serde(flatten)]
    cost: Cost,
    /// What the program says that it did.
    output: Value,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[INDEX])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let folder = prepared(args.rows)?;
    let jobs = JOBS.iter().map(|job| measure(args, &folder, job)).collect::<Result<Vec<_>>>()?;
    println!("\n{}", table(&jobs));
    if args.record {
        let figures = Figures { jobs };
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("index")?.display());
    }
    Ok(())
}

/// The folder with an index of so many rows, which is made once and kept.
fn prepared(rows: u64) -> Result<PathBuf> {
    let folder = root().join(target()).join("bench").join(format!("index-{rows}"));
    let done = folder.join("prepared.json");
    if !done.exists() {
        println!("preparing an index of {rows} …");
        let (output, cost) = work("prepare", &folder, rows)?;
        println!("prepare: {cost}");
        std::fs::write(done, output.to_string())?;
    }
    Ok(folder)
}

fn work(task: &str, folder: &Path, rows: u64) -> Result<(Value, Cost)> {
    let mut command = Command::new(programs::path(INDEX));
    measured(command.arg(task).arg(folder).arg(rows.to_string()))
}

fn measure(args: &Args, folder: &Path, job: &Job) -> Result<Measured> {
    let rows = if job.task == "build" { args.build_rows } else { args.rows };
    let mut runs = Vec::new();
    for number in 1..=args.runs {
        let load = load();
        let (output, cost) = work(job.task, folder, rows)?;
        println!("{} of {rows}, run {number}: {cost}", job.task);
        runs.push(Run { load, cost, output });
    }
    let (allowed_seconds, allowed_memory) = (job.seconds, job.memory);
    Ok(Measured { task: job.task, rows, allowed_seconds, allowed_memory, runs })
}

/// The median of the runs beside what is allowed, as Markdown.
fn table(jobs: &[Measured]) -> String {
    let mut lines = vec![
        "| job | rows | s | allowed | CPU s | MB | allowed |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for job in jobs {
        let median = |of: fn(&Cost) -> f64| Spread::of(job.runs.iter().map(|run| of(&run.cost))).median;
        lines.push(format!(
            "| {} | {} | {:.1} | {:.0} | {:.1} | {:.0} | {:.0} |",
            job.task,
            job.rows,
            median(|cost| cost.wall),
            job.allowed_seconds,
            median(Cost::cpu),
            median(|cost| cost.peak_rss as f64) / 1e6,
            job.allowed_memory as f64 / 1e6,
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_the_medians() {
        let run = |wall| Run {
            load: 0.0,
            cost: Cost { wall, user: 2.0, system: 1.0, peak_rss: 5_000_000 },
            output: Value::Null,
        };
        let job = Measured {
            task: "merge",
            rows: 7,
            allowed_seconds: 30.0,
            allowed_memory: 500_000_000,
            runs: vec![run(9.0), run(1.0), run(3.0)],
        };
        assert_eq!(table(&[job]).lines().last(), Some("| merge | 7 | 3.0 | 30 | 3.0 | 5 | 500 |"));
    }
}
