//! `cargo xtask python`: the wheel in an environment of its own, beside what its users have there: obstore, Dask, shapely,
//! DuckDB. pytest runs the guide's snippets and the package's tests against our S3 server, mypy reads its types.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process;
use crate::python;
use crate::root::{root, target};
use crate::wheel;

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Use this Python instead of looking for one.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Only the tests whose names contain this, as pytest's -k takes it; without mypy.
    #[arg(short = 'k')]
    only: Option<String>,
}

const PINNED: &str = "xtask/python/requirements.txt";
const TESTS: &str = "crates/python/tests";

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = match python::find(args.python.as_deref(), python::OLDEST) {
        Ok(python) => python,
        Err(error) if args.python.is_none() => {
            println!("skipped: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let venv = environment(&python)?;
    tests(&venv, args.only.as_deref(), &[])?;
    if args.only.is_none() { types(&venv) } else { Ok(()) }
}

/// Only the tests of many items, told by these variables how many.
///
/// # Errors
/// When there is no Python, or one fails.
pub(crate) fn large(variables: &[(&str, String)]) -> Result<()> {
    tests(&environment(&python::find(None, python::OLDEST)?)?, Some("test_large"), variables)
}

/// The packages, ours built and installed among them, and the S3 server.
fn environment(python: &python::Python) -> Result<PathBuf> {
    let wheel = wheel::dev()?;
    process::run(process::cargo().args(["build", "--workspace", "--example", "s3_server", "--locked"]))?;
    let venv = python.environment("python", &[PINNED])?;
    let mut pip = process::command(&venv);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--force-reinstall",
    ]);
    process::run(pip.arg(wheel))?;
    Ok(venv)
}

fn tests(venv: &Path, only: Option<&str>, variables: &[(&str, String)]) -> Result<()> {
    let mut pytest = module(venv, "pytest");
    pytest
        .args(["-q", "-p", "no:cacheprovider", "-c", "crates/python/pyproject.toml", "--rootdir", TESTS])
        .arg(TESTS);
    pytest.args(only.map(|only| ["-k", only]).into_iter().flatten());
    pytest.env("EARTHCATALOG_TEST_S3_SERVER", target().join("debug/examples/s3_server"));
    pytest.env("EARTHCATALOG_TEST_FIXTURES", root().join("fixtures"));
    process::run(pytest.envs(variables.iter().map(|(name, value)| (*name, value))))
}

/// The package's own types, and a program that uses it.
fn types(venv: &Path) -> Result<()> {
    let cache = target().join("python/mypy");
    let mut package = module(venv, "mypy");
    package.args(["--strict", "-p", "earthcatalog", "--cache-dir"]).arg(&cache);
    process::run(&mut package)?;
    let mut user = module(venv, "mypy");
    user.args(["--strict", "--cache-dir"]).arg(&cache).arg(root().join(TESTS).join("typed.py"));
    process::run(&mut user)
}

fn module(venv: &Path, name: &str) -> Command {
    let mut command = process::command(venv);
    command.args(["-m", name]).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
