//! `cargo xtask ci`: everything that must pass, in order, with the time that each step took.
//!
//! One profile and one set of features, so that nothing is built twice: the check build serves clippy and the docs, the
//! dev build serves the tests, the README's first command, interop and the Python package.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::{first_command, interop, package, process, tidy};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run these steps only, by name.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// A step: its name, and what it does.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 8] = [
    ("tidy", tidy::run),
    ("fmt", fmt),
    ("clippy", clippy),
    ("docs", docs),
    ("test", test),
    ("first-command", first_command::run),
    ("interop", interop_all),
    ("python", python_package),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = args.only.iter().find(|o| !names.contains(&o.as_str())) {
        return Err(format!("there is no step {unknown:?}: the steps are {}", names.join(", ")).into());
    }
    let chosen = STEPS.iter().filter(|(name, _)| args.only.is_empty() || args.only.iter().any(|o| o == name));
    let begun = Instant::now();
    let mut times = Vec::new();
    for (name, step) in chosen {
        println!("\n==> {name}");
        let started = Instant::now();
        step().map_err(|e| format!("{name}: {e}"))?;
        times.push((*name, started.elapsed()));
    }
    println!("\n==> all passed");
    for (name, time) in times.iter().chain(&[("total", begun.elapsed())]) {
        println!("{name:>14} {}", shown(*time));
    }
    Ok(())
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:>3} min {:02} s", seconds / 60, seconds % 60)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.args(args);
    cargo
}

fn fmt() -> Result<()> {
    process::run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    process::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

fn docs() -> Result<()> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn test() -> Result<()> {
    process::run(&mut cargo(&["test", "--workspace", "--locked"]))
}

fn interop_all() -> Result<()> {
    interop::run(&interop::Args::default())
}

fn python_package() -> Result<()> {
    package::run(&package::Args::default())
}
