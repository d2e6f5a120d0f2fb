//! The grid beside Python packages: antimeridian on its own published cases and on others, h3's overlapping mode, s2sphere.
//!
//! The scripts of `xtask/compare/` hand geometries to an example of the crate, one a line, and judge what comes back.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::process;
use crate::python;
use crate::root::{root, target};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Use this Python instead of looking for one.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Generated geometries of each kind.
    #[arg(long, default_value_t = 1000, value_name = "N")]
    cases: u32,
}

const PINNED: &str = "xtask/compare/requirements.txt";
const SCRIPTS: [&str; 3] = ["normal_forms.py", "h3_overlap.py", "s2_boxes.py"];

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = python::find(args.python.as_deref(), (3, 11))?.environment("compare", &[PINNED])?;
    let mut build = process::cargo();
    process::run(build.args([
        "build",
        "--release",
        "--locked",
        "-p",
        "earthcatalog-grid",
        "--example",
        "lines",
    ]))?;
    for name in SCRIPTS {
        println!("-- {name}");
        process::run(&mut script(&python, name, args.cases))?;
    }
    Ok(())
}

fn script(python: &Path, name: &str, cases: u32) -> std::process::Command {
    let mut command = process::command(python);
    command.arg(root().join("xtask/compare").join(name)).arg(target().join("release/examples/lines"));
    command.arg(target().join("compare")).arg(cases.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
