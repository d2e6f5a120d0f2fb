//! `cargo xtask bench bulk`: a bulk run of generated items from a local folder, phase by phase, and how it scales to two
//! workers.
//!
//! Each phase is a process of its own, as in an array of jobs of one: so the kernel's account of it is the phase's. A whole run
//! is made by one worker with a core to itself, as a scheduler gives it one, by one worker with all cores, and by two. The
//! floor is that of `bench ingest`. How many requests a run makes is counted by a test, on the S3 server.

use std::path::Path;
use std::process::Command;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::catalogs::Catalogs;
use super::machine::{commit, load, machine};
use super::measure::{BINDS_CORES, Cost, measured, measured_on_one_core};
use super::programs::{self, EARTHCATALOG, FLOOR};
use super::record::Record;
use super::sets::{Set, set};
use super::table::thousands;
use crate::Result;

/// The phases, as commands.
const PHASES: [(&str, &[&str]); 5] = [
    ("plan", &["plan"]),
    ("stage", &["run-task", "--phase", "stage", "--index", "0", "--of", "1"]),
    ("resolve", &["resolve"]),
    ("write", &["run-task", "--phase", "write", "--index", "0", "--of", "1"]),
    ("register", &["register"]),
];

#[derive(clap::Args)]
pub(super) struct Args {
    /// Sizes to measure, each at each grid.
    #[arg(long, value_delimiter = ',', default_values_t = [20_000, 100_000], value_name = "N")]
    items: Vec<u64>,
    /// Grids to measure.
    #[arg(long, value_delimiter = ',', default_values_t = ["h3:1".to_owned(), "s2:1".to_owned()], value_name = "SPEC")]
    grid: Vec<String>,
    /// Runs of each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Objects of a chunk.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    chunk_size: u64,
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

/// What is recorded.
#[derive(Serialize)]
struct Bulks<'a> {
    seed: u64,
    chunk_size: u64,
    shapes: &'a [Shape],
}

/// A size and a grid.
#[derive(Serialize)]
struct Shape {
    items: u64,
    grid: String,
    rounds: Vec<Round>,
}

/// One run of everything. Workers have one thread each, so that the second is a second.
#[derive(Serialize)]
struct Round {
    load: f64,
    /// By phase.
    phases: Vec<Phase>,
    files: u64,
    rows: u64,
    staged_bytes: u64,
    /// One worker, its driver and what it reads with on one core; None where the system cannot promise that.
    one_core: Option<Cost>,
    /// One worker where there are more cores: its files are read beside it.
    one_worker: Cost,
    two_workers: Cost,
    floor: Cost,
}

#[derive(Serialize)]
struct Phase {
    name: &'static str,
    cost: Cost,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG, FLOOR])?;
    }
    let (machine, commit) = (machine(), commit()?);
    println!("{}, {} cores, Linux {}; commit {}", machine.cpu, machine.cores, machine.kernel, commit.id);
    let catalogs = Catalogs::new();
    let mut shapes = Vec::new();
    for items in &args.items {
        for grid in &args.grid {
            shapes.push(shape(args, &catalogs, *items, grid)?);
        }
    }
    println!("\n{}", table(&shapes));
    if args.record {
        let figures = Bulks { seed: args.seed, chunk_size: args.chunk_size, shapes: &shapes };
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("bulk")?.display());
    }
    Ok(())
}

fn shape(args: &Args, catalogs: &Catalogs, items: u64, grid: &str) -> Result<Shape> {
    let set = set(items, args.seed)?;
    floor(&set)?;
    let bulk = Bulk { set: &set, grid, chunk_size: args.chunk_size.to_string() };
    let mut rounds = Vec::new();
    for number in 1..=args.runs {
        let load = load();
        let (phases, staged_bytes, report) = bulk.phases(&catalogs.fresh())?;
        let number_of = |name: &str| report[name].as_u64().unwrap_or(0);
        let round = Round {
            load,
            phases,
            files: number_of("files"),
            rows: number_of("rows"),
            staged_bytes,
            one_core: BINDS_CORES
                .then(|| bulk.workers(&catalogs.fresh(), 1, measured_on_one_core))
                .transpose()?,
            one_worker: bulk.workers(&catalogs.fresh(), 1, measured)?,
            two_workers: bulk.workers(&catalogs.fresh(), 2, measured)?,
            floor: floor(&set)?,
        };
        println!("{items} at {grid}, run {number}: {}", shown(&round));
        rounds.push(round);
    }
    Ok(Shape { items, grid: grid.to_owned(), rounds })
}

/// How a command is measured.
type Measured = fn(&Command) -> Result<(Value, Cost)>;

struct Bulk<'a> {
    set: &'a Set,
    grid: &'a str,
    chunk_size: String,
}

impl Bulk<'_> {
    fn command(&self, words: &[&str], catalog: &Path) -> Command {
        let mut command = Command::new(programs::path(EARTHCATALOG));
        command.arg("bulk").args(words).arg("--catalog").arg(catalog);
        command.arg("--map-bucket").arg(self.set.map());
        command.args(["--json", "--progress", "none"]);
        command
    }

    fn plan(&self, command: &mut Command) {
        command.arg(self.set.inventory()).args(["--mode", "full", "--grid", self.grid]);
        command.args(["--chunk-size", &self.chunk_size]);
    }

    /// All phases, the bytes that were staged, and the report.
    fn phases(&self, catalog: &Path) -> Result<(Vec<Phase>, u64, Value)> {
        let (mut phases, mut staged, mut last) = (Vec::new(), 0, Value::Null);
        for (name, words) in PHASES {
            let mut command = self.command(words, catalog);
            if name == "plan" {
                self.plan(&mut command);
            }
            let (answer, cost) = measured(&command)?;
            if name == "stage" {
                let tasks = answer["tasks"].as_array().into_iter().flatten();
                staged = tasks.filter_map(|task| task["bytes"].as_u64()).sum();
            }
            phases.push(Phase { name, cost });
            last = answer;
        }
        self.check(&last)?;
        Ok((phases, staged, last))
    }

    /// The whole run with so many workers.
    fn workers(&self, catalog: &Path, workers: u32, measured: Measured) -> Result<Cost> {
        let count = workers.to_string();
        let mut command = self.command(&["run", "--workers", &count, "--threads", &count], catalog);
        self.plan(&mut command);
        let (report, cost) = measured(&command)?;
        self.check(&report)?;
        Ok(cost)
    }

    fn check(&self, report: &Value) -> Result<()> {
        if report["ingested"].as_u64() == Some(self.set.items) {
            return Ok(());
        }
        Err(format!("{} of {} items were ingested: {report}", report["ingested"], self.set.items).into())
    }
}

fn floor(set: &Set) -> Result<Cost> {
    let mut command = Command::new(programs::path(FLOOR));
    Ok(measured(command.arg(set.inventory()).arg(set.bucket()))?.1)
}

impl Round {
    fn cpu(&self) -> f64 {
        self.phases.iter().map(|phase| phase.cost.cpu()).sum()
    }

    fn peak_rss(&self) -> u64 {
        self.phases.iter().map(|phase| phase.cost.peak_rss).max().unwrap_or(0)
    }

    /// How much faster two workers are than so few.
    fn speed_up(&self, fewer: Cost) -> f64 {
        fewer.wall / self.two_workers.wall.max(f64::EPSILON)
    }
}

fn shown(round: &Round) -> String {
    let phases: Vec<String> =
        round.phases.iter().map(|p| format!("{} {:.2}", p.name, p.cost.cpu())).collect();
    let on_a_core = round.one_core.map_or(String::new(), |cost| format!("on a core {:.1} s, ", cost.wall));
    format!(
        "CPU s {}; floor {:.2}; one worker {on_a_core}on all {:.1} s, two {:.1} s",
        phases.join(", "),
        round.floor.cpu(),
        round.one_worker.wall,
        round.two_workers.wall
    )
}

/// Medians by shape, in Markdown.
fn table(shapes: &[Shape]) -> String {
    let mut lines = vec![
        "| items | grid | files | staged, MB | plan | stage | resolve | write | register | all | × floor | peak RSS, MB | 2 workers by 1 on a core | by 1 on all |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(shapes.iter().map(row));
    lines.join("\n")
}

fn row(shape: &Shape) -> String {
    let items = shape.items as f64 / 1_000.0;
    let median = |of: &dyn Fn(&Round) -> f64| super::figures::Spread::of(shape.rounds.iter().map(of)).median;
    let phase = |number: usize| {
        let cpu = |round: &Round| round.phases.get(number).map_or(0.0, |phase| phase.cost.cpu());
        format!("{:.3}", median(&cpu) / items)
    };
    let cells = [
        thousands(shape.items),
        shape.grid.clone(),
        format!("{:.0}", median(&|round| round.files as f64)),
        format!("{:.1}", median(&|round| round.staged_bytes as f64 / 1e6)),
        phase(0),
        phase(1),
        phase(2),
        phase(3),
        phase(4),
        format!("{:.3}", median(&Round::cpu) / items),
        format!("{:.2}", median(&|round| round.cpu() / round.floor.cpu())),
        format!("{:.0}", median(&|round| round.peak_rss() as f64 / 1e6)),
        speed_up_of_a_core(shape),
        format!("{:.2}", median(&|round| round.speed_up(round.one_worker))),
    ];
    format!("| {} |", cells.join(" | "))
}

fn speed_up_of_a_core(shape: &Shape) -> String {
    let figures = shape.rounds.iter().map(|round| Some(round.speed_up(round.one_core?)));
    match figures.collect::<Option<Vec<_>>>() {
        Some(figures) => format!("{:.2}", super::figures::Spread::of(figures.into_iter()).median),
        None => "–".to_owned(),
    }
}
