//! `cargo xtask bench inventory`: listings read, each format beside the floor under it in the same minutes, and two compared. Each
//! job is a process of its own; what is generated goes when it has been measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::{Cost, measured};
use super::programs::{self, INVENTORY};
use super::record::Record;
use crate::Result;
use crate::root::{root, target};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rows of each listing.
    #[arg(long, default_value_t = 5_000_000)]
    rows: u64,
    /// Rows of the two listings that are compared; 0: none are.
    #[arg(long, default_value_t = 43_200_000)]
    diff_rows: u64,
    /// Only these formats: csv, csv.gz, ndjson, parquet, orc, s3.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    formats: Option<Vec<String>>,
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

const FORMATS: [&str; 6] = ["csv", "csv.gz", "ndjson", "parquet", "orc", "s3"];

/// Those that come in columns, which a decoder gives as they are.
const COLUMNS: [&str; 2] = ["parquet", "orc"];

/// How many times as long as its floor a format may take: the aim is one of rows a second.
const ALLOWED: f64 = 1.5;

/// The formats whose memory is looked at, and at how many of the rows: a fifth, and four times.
const MEMORY: [&str; 2] = ["csv.gz", "parquet"];

/// What a difference may take: seconds, and bytes of memory.
const DIFF_SECONDS: f64 = 60.0;
const DIFF_MEMORY: u64 = 2_000_000_000;

/// What is recorded.
#[derive(Serialize)]
struct Figures {
    rows: u64,
    allowed: f64,
    formats: Vec<Format>,
    memory: Vec<Memory>,
    diff: Option<Diff>,
}

#[derive(Serialize)]
struct Format {
    format: String,
    bytes: Value,
    floor: Vec<Run>,
    /// What the csv and serde_json crates take to parse the same text; of columns there is nothing to parse.
    parse: Vec<Run>,
    read: Vec<Run>,
}

#[derive(Serialize)]
struct Memory {
    format: &'static str,
    rows: [u64; 2],
    /// The peak of each.
    peak_rss: [u64; 2],
}

#[derive(Serialize)]
struct Diff {
    rows: u64,
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
        programs::build(&[INVENTORY])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let asked = |name: &str| args.formats.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
    let wanted = FORMATS.into_iter().filter(|name| asked(name));
    let formats = wanted.map(|name| measure(args, name)).collect::<Result<Vec<_>>>()?;
    let wanted = MEMORY.into_iter().filter(|name| asked(name));
    let memory = wanted.map(|name| memory(args.rows, name)).collect::<Result<Vec<_>>>()?;
    let diff = if args.diff_rows > 0 { Some(diff(args)?) } else { None };
    let figures = Figures { rows: args.rows, allowed: ALLOWED, formats, memory, diff };
    println!("\n{}", table(&figures));
    if args.record {
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("inventory")?.display());
    }
    Ok(())
}

/// A folder for generated listings, which goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(root().join(target()).join("bench").join(format!("inventory-{name}")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is found where it was said to be.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn work(task: &str, folder: &Path, format: &str, rows: u64) -> Result<Run> {
    let mut command = Command::new(programs::path(INVENTORY));
    let load = load();
    let (output, cost) = measured(command.arg(task).arg(folder).arg(format).arg(rows.to_string()))?;
    println!("{task} {format}, {rows} rows: {}", shown(&cost));
    Ok(Run { load, cost, output })
}

fn shown(cost: &Cost) -> String {
    let mb = cost.peak_rss as f64 / 1e6;
    format!("{:.2} s, CPU {:.2} + {:.2} s, {mb:.0} MB", cost.wall, cost.user, cost.system)
}

/// Floor and reading take turns, so that they have the same neighbours.
fn measure(args: &Args, format: &str) -> Result<Format> {
    let folder = Folder::new(format);
    let bytes = work("prepare", &folder.0, format, args.rows)?.output;
    let (mut floor, mut parse, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.runs {
        floor.push(work("floor", &folder.0, format, args.rows)?);
        if !COLUMNS.contains(&format) {
            parse.push(work("parse", &folder.0, format, args.rows)?);
        }
        read.push(work("read", &folder.0, format, args.rows)?);
    }
    let listed = read.iter().map(|run| run.output.get("rows").and_then(Value::as_u64));
    if let Some(other) = listed.flatten().find(|rows| *rows != args.rows) {
        return Err(format!("{format}: {other} rows were read of {}", args.rows).into());
    }
    Ok(Format { format: format.to_owned(), bytes, floor, parse, read })
}

fn memory(rows: u64, format: &'static str) -> Result<Memory> {
    let peak = |rows: u64| -> Result<u64> {
        let folder = Folder::new(&format!("{format}-{rows}"));
        work("prepare", &folder.0, format, rows)?;
        Ok(work("read", &folder.0, format, rows)?.cost.peak_rss)
    };
    let rows = [rows / 5, rows * 4];
    Ok(Memory { format, rows, peak_rss: [peak(rows[0])?, peak(rows[1])?] })
}

fn diff(args: &Args) -> Result<Diff> {
    let folder = Folder::new("diff");
    work("prepare-diff", &folder.0, "parquet", args.diff_rows)?;
    let runs = (0..args.runs).map(|_| work("diff", &folder.0, "parquet", args.diff_rows));
    let runs = runs.collect::<Result<Vec<_>>>()?;
    let (allowed_seconds, allowed_memory) = (DIFF_SECONDS, DIFF_MEMORY);
    Ok(Diff { rows: args.diff_rows, allowed_seconds, allowed_memory, runs })
}

/// Medians, as Markdown.
fn table(figures: &Figures) -> String {
    let mut lines = vec![
        "| format | floor s | read s | × floor | allowed | floor CPU s | parser CPU s | read CPU s | × floor | × parser | million rows/s | a core | MB |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(figures.formats.iter().map(|format| row(format, figures)));
    for memory in &figures.memory {
        let [small, large] = memory.peak_rss.map(|bytes| bytes as f64 / 1e6);
        let [few, many] = memory.rows;
        lines.push(format!("\n{}: {small:.0} MB at {few} rows, {large:.0} MB at {many}", memory.format));
    }
    if let Some(diff) = &figures.diff {
        let (seconds, peak) =
            (median(&diff.runs, |cost| cost.wall), median(&diff.runs, |cost| cost.peak_rss as f64));
        lines.push(format!(
            "\ndiff of two of {}: {seconds:.1} s of {:.0}, {:.0} MB of {:.0}",
            diff.rows,
            diff.allowed_seconds,
            peak / 1e6,
            diff.allowed_memory as f64 / 1e6,
        ));
    }
    lines.join("\n")
}

fn row(format: &Format, figures: &Figures) -> String {
    let wall = |runs: &[Run]| median(runs, |cost| cost.wall);
    let cpu = |runs: &[Run]| median(runs, Cost::cpu);
    let parse = (!format.parse.is_empty()).then(|| cpu(&format.parse));
    let shown = |figure: Option<f64>| figure.map_or("–".to_owned(), |figure| format!("{figure:.2}"));
    let million = figures.rows as f64 / 1e6;
    let cells = [
        format.format.clone(),
        format!("{:.2}", wall(&format.floor)),
        format!("{:.2}", wall(&format.read)),
        format!("{:.2}", wall(&format.read) / wall(&format.floor)),
        format!("{:.1}", figures.allowed),
        format!("{:.2}", cpu(&format.floor)),
        shown(parse),
        format!("{:.2}", cpu(&format.read)),
        format!("{:.2}", cpu(&format.read) / cpu(&format.floor)),
        shown(parse.map(|parse| cpu(&format.read) / parse)),
        format!("{:.2}", million / wall(&format.read)),
        format!("{:.2}", million / cpu(&format.read)),
        format!("{:.0}", median(&format.read, |cost| cost.peak_rss as f64) / 1e6),
    ];
    format!("| {} |", cells.join(" | "))
}

fn median(runs: &[Run], of: impl Fn(&Cost) -> f64) -> f64 {
    Spread::of(runs.iter().map(|run| of(&run.cost))).median
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_the_medians() {
        let run = |wall: f64, user: f64| Run {
            load: 0.0,
            cost: Cost { wall, user, system: 0.0, peak_rss: 30_000_000 },
            output: Value::Null,
        };
        let format = Format {
            format: "csv".to_owned(),
            bytes: Value::Null,
            floor: vec![run(1.0, 1.0)],
            parse: vec![run(2.0, 2.0)],
            read: vec![run(9.0, 9.0), run(2.0, 4.0), run(1.0, 1.0)],
        };
        let memory = Memory { format: "csv.gz", rows: [1, 20], peak_rss: [1_000_000, 2_000_000] };
        let diff =
            Diff { rows: 7, allowed_seconds: 60.0, allowed_memory: 2_000_000_000, runs: vec![run(5.0, 1.0)] };
        let figures = Figures {
            rows: 8_000_000,
            allowed: 1.5,
            formats: vec![format],
            memory: vec![memory],
            diff: Some(diff),
        };
        let table = table(&figures);
        assert!(
            table.contains(
                "| csv | 1.00 | 2.00 | 2.00 | 1.5 | 1.00 | 2.00 | 4.00 | 4.00 | 2.00 | 4.00 | 2.00 | 30 |"
            ),
            "{table}"
        );
        assert!(table.contains("csv.gz: 1 MB at 1 rows, 2 MB at 20"), "{table}");
        assert!(table.contains("diff of two of 7: 5.0 s of 60, 30 MB of 2000"), "{table}");
    }
}
