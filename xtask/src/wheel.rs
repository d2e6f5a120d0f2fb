//! `cargo xtask wheel`: the Python package as a wheel.
//!
//! A wheel for others is built by maturin in the release profile. One for tests (`--dev`) is packed from the extension that the
//! workspace's own build makes, with its features, so that no dependency is built a second time.

use std::path::PathBuf;

use crate::Result;
use crate::process;
use crate::python;
use crate::root::{root, target};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pack what `cargo build` makes in the dev profile: for tests.
    #[arg(long)]
    dev: bool,
}

const PINNED: &str = "xtask/python/requirements-wheel.txt";
const PACK: &str = "xtask/python/pack_wheel.py";

pub(crate) fn run(args: &Args) -> Result<()> {
    let wheel = if args.dev { dev()? } else { release()? };
    println!("{}", wheel.display());
    Ok(())
}

/// Builds the extension as the workspace's tests build its crates, and packs it.
///
/// # Errors
/// When it cannot be built, or there is no Python to pack it with.
pub(crate) fn dev() -> Result<PathBuf> {
    let python = python::find(None, python::OLDEST)?;
    process::run(process::cargo().args(["build", "--workspace", "--lib", "--locked"]))?;
    let name = format!("{}_native{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let mut pack = process::command(&python.program);
    pack.arg(root().join(PACK)).arg(target().join("debug").join(name)).arg(target().join("wheels/dev"));
    Ok(PathBuf::from(process::text(&mut pack)?.trim_end()))
}

/// Has maturin build it in the release profile.
fn release() -> Result<PathBuf> {
    let venv = python::find(None, python::OLDEST)?.environment("wheel", &[PINNED])?;
    let out = target().join("wheels/release");
    let mut maturin = process::command(venv);
    maturin.args(["-m", "maturin", "build", "--release", "--locked"]);
    maturin.args(["--manifest-path", "crates/python/Cargo.toml", "--out"]).arg(&out);
    process::run(&mut maturin)?;
    let wheels = std::fs::read_dir(&out)?.flatten().map(|file| file.path());
    let newest = wheels.filter(|path| path.extension().is_some_and(|end| end == "whl"));
    let newest = newest.max_by_key(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
    newest.ok_or_else(|| format!("maturin left no wheel in {}", out.display()).into())
}
