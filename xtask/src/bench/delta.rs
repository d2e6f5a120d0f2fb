//! `cargo xtask bench delta`: a day's new objects into a catalog, from a listing of everything; beside it the same objects
//! alone into no catalog, which is the work that a delta cannot save.

use std::path::Path;

use chrono::Utc;
use serde::Serialize;
use serde_json::Value;

use super::catalogs::Catalogs;
use super::figures::Spread;
use super::machine::{commit, load, machine};
use super::measure::Cost;
use super::parts::Parts;
use super::programs::{self, EARTHCATALOG};
use super::record::Record;
use super::sets::{Run, Set, set};
use super::table::thousands;
use crate::Result;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Items that the catalog has.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    items: u64,
    /// New ones.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    new: u64,
    #[arg(long, default_value = "h3:1", value_name = "SPEC")]
    grid: String,
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

/// What is recorded.
#[derive(Serialize)]
struct Deltas<'a> {
    items: u64,
    new: u64,
    grid: &'a str,
    jobs: Vec<Job>,
    rounds: Vec<Round>,
}

/// One of the ingests that are measured.
#[derive(Serialize)]
struct Job {
    job: &'static str,
    wall: Spread,
    cpu: Spread,
    peak_rss_bytes: Spread,
}

#[derive(Serialize)]
struct Round {
    /// The load average before it.
    load: f64,
    /// Everything but the new objects, into no catalog.
    full: Ingest,
    /// The whole listing.
    delta: Ingest,
    /// The whole listing once more.
    again: Ingest,
    /// The new objects alone, into no catalog.
    alone: Ingest,
}

#[derive(Serialize)]
struct Ingest {
    #[serde(flatten)]
    cost: Cost,
    report: Value,
}

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.no_build {
        programs::build(&[EARTHCATALOG])?;
    }
    let (machine, commit) = (machine(), commit()?);
    let set = set(args.items + args.new, args.seed)?;
    let parts = Parts::with_new(&set, args.new)?;
    let catalogs = Catalogs::new();
    let rounds = (1..=args.runs).map(|number| {
        let round = round(args, &set, &parts, &catalogs)?;
        println!(
            "run {number}: delta {}, again {}, alone {}",
            round.delta.cost, round.again.cost, round.alone.cost
        );
        Ok(round)
    });
    let rounds = rounds.collect::<Result<Vec<_>>>()?;
    let figures = Deltas { items: args.items, new: args.new, grid: &args.grid, jobs: jobs(&rounds), rounds };
    println!("\n{}", table(&figures));
    if args.record {
        let record = Record { measured: Utc::now(), machine: &machine, commit: &commit, figures };
        println!("\nrecorded in {}", record.write("delta")?.display());
    }
    Ok(())
}

fn round(args: &Args, set: &Set, parts: &Parts, catalogs: &Catalogs) -> Result<Round> {
    let program = programs::path(EARTHCATALOG);
    let run = Run { program: &program, grid: &args.grid, memory: None };
    let ingest = |inventory: &Path, mode: &str, catalog: &Path, expected: u64| -> Result<Ingest> {
        let (report, cost) = set.ingest_of(&run, inventory, mode, catalog)?;
        match report["ingested"].as_u64() {
            Some(ingested) if ingested == expected => Ok(Ingest { cost, report }),
            _ => Err(format!("not {expected} items were ingested: {report}").into()),
        }
    };
    let mut files = parts.files();
    let (Some(known), Some(new)) = (files.next(), files.next()) else {
        return Err("the listing was not split".into());
    };
    let (load, catalog, whole) = (load(), catalogs.fresh(), set.inventory());
    Ok(Round {
        load,
        full: ingest(known, "full", &catalog, args.items)?,
        delta: ingest(&whole, "delta", &catalog, args.new)?,
        again: ingest(&whole, "delta", &catalog, 0)?,
        alone: ingest(new, "full", &catalogs.fresh(), args.new)?,
    })
}

fn jobs(rounds: &[Round]) -> Vec<Job> {
    let job = |job, of: fn(&Round) -> &Ingest| {
        let each = |figure: fn(&Cost) -> f64| Spread::of(rounds.iter().map(|round| figure(&of(round).cost)));
        Job {
            job,
            wall: each(|cost| cost.wall),
            cpu: each(Cost::cpu),
            peak_rss_bytes: each(|cost| cost.peak_rss as f64),
        }
    };
    vec![
        job("full: all but the new", |round| &round.full),
        job("delta: the whole listing", |round| &round.delta),
        job("delta again: nothing is new", |round| &round.again),
        job("the new alone, into no catalog", |round| &round.alone),
    ]
}

fn table(figures: &Deltas<'_>) -> String {
    let mut lines = vec![
        format!("{} items, {} new, {}", thousands(figures.items), thousands(figures.new), figures.grid),
        String::new(),
        "| ingest | s | CPU s | peak RSS, MB |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    lines.extend(figures.jobs.iter().map(|job| {
        format!(
            "| {} | {:.2} | {:.2} | {:.0} |",
            job.job,
            job.wall.median,
            job.cpu.median,
            job.peak_rss_bytes.median / 1e6
        )
    }));
    lines.join("\n")
}
