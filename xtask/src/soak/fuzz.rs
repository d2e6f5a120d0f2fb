//! Arbitrary bytes into what reads them, by libFuzzer on a nightly toolchain: GeoJSON into normalisation and coverings, listings,
//! manifests and encoded keys into the inventory.
//!
//! The targets are packages of their own, outside of the workspace: nobody else has to fetch what they need.

use std::path::PathBuf;

use crate::Result;
use crate::process;
use crate::root::target;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, each target.
    #[arg(long, default_value_t = 10, value_name = "MINUTES")]
    minutes: u64,
    /// One target alone: geojson, csv, ndjson, manifest or urlcode.
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// The targets, and where each and its corpus are.
const TARGETS: [(&str, &str); 5] = [
    ("geojson", "crates/grid/fuzz"),
    ("csv", "crates/inventory/fuzz"),
    ("manifest", "crates/inventory/fuzz"),
    ("ndjson", "crates/inventory/fuzz"),
    ("urlcode", "crates/inventory/fuzz"),
];

/// Bytes of an input, megabytes of memory and seconds for one input, at most.
const LIMITS: [&str; 3] = ["-max_len=4096", "-rss_limit_mb=1024", "-timeout=30"];

pub(super) fn run(args: &Args) -> Result<()> {
    let asked = |name: &str| args.target.as_deref().is_none_or(|asked| asked == name);
    let wanted: Vec<_> = TARGETS.iter().filter(|(name, _)| asked(name)).collect();
    if wanted.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no such target; there are {}", names.join(", ")).into());
    }
    for (name, folder) in wanted {
        run_one(name, folder, args.minutes)?;
    }
    Ok(())
}

fn run_one(name: &str, folder: &str, minutes: u64) -> Result<()> {
    let mut fuzz = process::command("rustup");
    fuzz.args(["run", "nightly"]).arg(cargo_fuzz()?).args(["fuzz", "run", name]);
    // Nothing here is unsafe: a sanitizer would find nothing, and make slow coverings look endless.
    fuzz.args(["--sanitizer", "none"]);
    fuzz.args(["--fuzz-dir", folder, "--target-dir"]).arg(target().join("fuzz"));
    // What it learns stays apart; the committed corpus is only read.
    let learned = target().join("fuzz/learned").join(name);
    std::fs::create_dir_all(&learned)?;
    fuzz.arg(learned).arg(format!("{folder}/corpus/{name}"));
    fuzz.arg("--").args(LIMITS).arg(format!("-max_total_time={}", 60 * minutes));
    // cargo-fuzz asks the toolchain that runs it, not the one that runs us.
    fuzz.env_remove("CARGO").env_remove("RUSTC");
    process::run(&mut fuzz)?;
    println!("{name}: {minutes} minutes, no panic, no input of more than 30 s or 1 GB");
    Ok(())
}

/// The program, installed into the build folder if it is not there.
fn cargo_fuzz() -> Result<PathBuf> {
    let folder = target().join("tools");
    let program = folder.join("bin/cargo-fuzz");
    if !program.is_file() {
        let mut install = process::cargo();
        process::run(install.args(["install", "cargo-fuzz", "--locked", "--root"]).arg(&folder))?;
    }
    Ok(program)
}
