//! Arbitrary GeoJSON into normalisation and coverings, by libFuzzer on a nightly toolchain.
//!
//! The target is a package of its own, outside of the workspace: nobody else has to fetch what it needs.

use std::path::PathBuf;

use crate::Result;
use crate::process;
use crate::root::target;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long.
    #[arg(long, default_value_t = 10, value_name = "MINUTES")]
    minutes: u64,
}

/// Where the target and its corpus are.
const FOLDER: &str = "crates/grid/fuzz";

/// Bytes of an input, megabytes of memory and seconds for one input, at most.
const LIMITS: [&str; 3] = ["-max_len=4096", "-rss_limit_mb=1024", "-timeout=30"];

pub(super) fn run(args: &Args) -> Result<()> {
    let mut fuzz = process::command("rustup");
    fuzz.args(["run", "nightly"]).arg(cargo_fuzz()?).args(["fuzz", "run", "geojson"]);
    // Nothing here is unsafe: a sanitizer would find nothing, and make slow coverings look endless.
    fuzz.args(["--sanitizer", "none"]);
    fuzz.args(["--fuzz-dir", FOLDER, "--target-dir"]).arg(target().join("fuzz"));
    // What it learns stays apart; the committed corpus is only read.
    let learned = target().join("fuzz/learned");
    std::fs::create_dir_all(&learned)?;
    fuzz.arg(learned).arg(format!("{FOLDER}/corpus/geojson"));
    fuzz.arg("--").args(LIMITS).arg(format!("-max_total_time={}", 60 * args.minutes));
    // cargo-fuzz asks the toolchain that runs it, not the one that runs us.
    fuzz.env_remove("CARGO").env_remove("RUSTC");
    process::run(&mut fuzz)?;
    println!("{} minutes: no panic, no input of more than 30 s or 1 GB", args.minutes);
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
