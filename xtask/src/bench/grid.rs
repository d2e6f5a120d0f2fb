//! Coverings, measured by criterion, with their aims beside them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::machine::{self, Commit, Machine};
use super::record;
use crate::Result;
use crate::process;
use crate::root::target;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Keep the figures in benches/results/.
    #[arg(long)]
    save: bool,
}

/// Nanoseconds that a covering should take at most, by the benchmark's name.
const AIMS: [(&str, f64); 6] = [
    ("grid/s2/4/point", 500.0),
    ("grid/s2/4/footprint", 10_000.0),
    ("grid/s2/8/coast", 20_000_000.0),
    ("grid/h3/1/point", 500.0),
    ("grid/h3/3/point", 500.0),
    ("grid/h3/1/footprint", 15_000.0),
];

/// The document. Times are in nanoseconds.
#[derive(Serialize)]
struct Record {
    measured: String,
    machine: Machine,
    commit: Commit,
    /// The load of the machine by the end; on a quiet one it is 1.
    load: f64,
    figures: Vec<Figure>,
}

/// What criterion says of a benchmark.
#[derive(Debug, Serialize)]
struct Figure {
    name: String,
    /// Of the sample that the machine's other work disturbed least.
    least: f64,
    median: f64,
    median_lower: f64,
    median_upper: f64,
    mean: f64,
    std_dev: f64,
    aim: Option<f64>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let results = target().join("criterion-grid");
    let mut bench = process::cargo();
    bench.args(["bench", "--locked", "-p", "earthcatalog-benches", "--bench", "grid", "--", "--noplot"]);
    process::run(bench.env("CRITERION_HOME", &results))?;
    let figures = figures(&results)?;
    println!("{}", table(&figures));
    if args.save {
        let load = machine::load();
        let (measured, machine, commit) = (chrono::Utc::now(), machine::machine(), machine::commit()?);
        let text = record::time(&measured);
        let record = Record { measured: text, machine, commit, load, figures };
        println!("{}", record::write("grid", &measured, &record)?.display());
    }
    Ok(())
}

/// The figures of all benchmarks of the grid, by name.
fn figures(results: &Path) -> Result<Vec<Figure>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(results)? {
        let folder = entry?.path().join("new");
        if folder.join("benchmark.json").is_file() {
            found.push(figure(&folder)?);
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn figure(folder: &Path) -> Result<Figure> {
    let benchmark: Benchmark = read(folder.join("benchmark.json"))?;
    let Estimates { median, mean, std_dev } = read(folder.join("estimates.json"))?;
    let aim = AIMS.iter().find(|(name, _)| *name == benchmark.full_id).map(|(_, aim)| *aim);
    Ok(Figure {
        name: benchmark.full_id,
        least: read::<Samples>(folder.join("sample.json"))?.least(),
        median: median.point_estimate,
        median_lower: median.confidence_interval.lower_bound,
        median_upper: median.confidence_interval.upper_bound,
        mean: mean.point_estimate,
        std_dev: std_dev.point_estimate,
        aim,
    })
}

fn read<T: for<'de> Deserialize<'de>>(path: PathBuf) -> Result<T> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// Criterion's `benchmark.json`, as far as we ask.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

/// Criterion's `estimates.json`, as far as we ask.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
    mean: Estimate,
    std_dev: Estimate,
}

/// Criterion's `sample.json`: how long so many rounds took.
#[derive(Deserialize)]
struct Samples {
    iters: Vec<f64>,
    times: Vec<f64>,
}

impl Samples {
    fn least(&self) -> f64 {
        self.times.iter().zip(&self.iters).map(|(time, rounds)| time / rounds).fold(f64::INFINITY, f64::min)
    }
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// A line a benchmark, in Markdown. Aims are for a machine that does nothing else: the least is held against them.
fn table(figures: &[Figure]) -> String {
    let line = |figure: &Figure| {
        let aim = figure.aim.map_or("".to_owned(), |aim| {
            format!("{}{}", micros(aim), if figure.least < aim { "" } else { ", missed" })
        });
        format!("| `{}` | {} | {} | {aim} |", figure.name, micros(figure.least), micros(figure.median))
    };
    let lines: Vec<String> = figures.iter().map(line).collect();
    format!("| benchmark | least, µs | median, µs | aim, µs |\n|---|---|---|---|\n{}", lines.join("\n"))
}

/// Nanoseconds in microseconds, three digits.
fn micros(nanoseconds: f64) -> String {
    let micros = nanoseconds / 1000.0;
    let digits = (2.0 - micros.max(1e-3).log10().floor()).clamp(0.0, 3.0) as usize;
    format!("{micros:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_misses_its_aim() {
        let figure = |name: &str, median: f64, aim: Option<f64>| Figure {
            name: name.to_owned(),
            least: 0.5 * median,
            median,
            median_lower: median,
            median_upper: median,
            mean: median,
            std_dev: 0.0,
            aim,
        };
        let figures = [
            figure("a", 199.66, Some(500.0)),
            figure("b", 2_137.1, Some(1_000.0)),
            figure("c", 3_452_900.0, None),
        ];
        let expected = "\
| benchmark | least, µs | median, µs | aim, µs |
|---|---|---|---|
| `a` | 0.100 | 0.200 | 0.500 |
| `b` | 1.07 | 2.14 | 1.00, missed |
| `c` | 1726 | 3453 |  |";
        assert_eq!(table(&figures), expected);
    }
}
