//! `cargo xtask interop`: our catalogs, read by programs that no one here wrote.
//!
//! Makes a Python environment of pinned versions, two catalogs of the bundled fixtures, and runs the scripts of
//! `xtask/interop/` over them. Each script prints a line a check and fails by its exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Result;
use crate::earthcatalog;
use crate::process;
use crate::root::{root, target};

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Use this Python instead of looking for one.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Make the environment and stop.
    #[arg(long)]
    venv_only: bool,
}

/// What every reader but one needs, and what earthcatalog 0.6.1 needs.
const OLDEST: (u32, u32) = (3, 11);
const OLDEST_FOR_EARTHCATALOG: (u32, u32) = (3, 12);

const PINNED: &str = "xtask/interop/requirements.txt";
const PINNED_EARTHCATALOG: &str = "xtask/interop/requirements-earthcatalog.txt";

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = find_python(args.python.as_deref())?;
    let whole = python.version >= OLDEST_FOR_EARTHCATALOG;
    println!("python {}.{}: {}", python.version.0, python.version.1, python.program.display());
    let venv = environment(&python, whole)?;
    if args.venv_only {
        return Ok(());
    }
    let s2 = catalog("s2", "fixtures/inventory.parquet", "s2:4")?;
    let h3 = catalog("h3", "fixtures/inventory-dated.parquet", "h3:1")?;
    script(&venv, "read_pyiceberg.py", &s2)?;
    // A catalog of its own to write to: the others stay as we made them.
    let other = catalog("append", "fixtures/inventory.parquet", "s2:4")?;
    script(&venv, "append_pyiceberg.py", &other)?;
    script(&venv, "read_duckdb.py", &s2)?;
    script(&venv, "read_items.py", &s2)?;
    if whole {
        return script(&venv, "read_earthcatalog.py", &h3);
    }
    println!("skipped: earthcatalog 0.6.1 needs Python 3.12, and there is none on PATH or in ~/.pyenv");
    Ok(())
}

struct Python {
    program: PathBuf,
    version: (u32, u32),
}

/// The one that was named; else the first of 3.12 and later that runs; else the first of 3.11.
fn find_python(named: Option<&Path>) -> Result<Python> {
    let candidates = named.map_or_else(candidates, |path| vec![path.to_path_buf()]);
    let found: Vec<Python> = candidates.into_iter().filter_map(version_of).collect();
    let best = found.iter().position(|p| p.version >= OLDEST_FOR_EARTHCATALOG);
    let best = best.or_else(|| found.iter().position(|p| p.version >= OLDEST));
    best.and_then(|i| found.into_iter().nth(i))
        .ok_or_else(|| "interop needs Python 3.11 or later on PATH".into())
}

fn candidates() -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from("python3.12")];
    all.extend(pyenv("3.12"));
    all.extend(["python3.13", "python3", "python3.11"].map(PathBuf::from));
    all.extend(pyenv("3.11"));
    all
}

/// pyenv's interpreters of a version; its shims on PATH refuse to run what is not switched on.
fn pyenv(version: &str) -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir() else { return Vec::new() };
    let Ok(folders) = fs::read_dir(home.join(".pyenv/versions")) else { return Vec::new() };
    let of_version =
        |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(version));
    folders.flatten().map(|f| f.path()).filter(of_version).map(|path| path.join("bin/python")).collect()
}

/// None if it does not run.
fn version_of(program: PathBuf) -> Option<Python> {
    let ask = "import sys; print(*sys.version_info[:2])";
    let output = Command::new(&program).args(["-c", ask]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some(Python { version: (major.parse().ok()?, minor.parse().ok()?), program })
}

/// The environment's interpreter; made anew when the pinned versions or the interpreter have changed.
fn environment(python: &Python, whole: bool) -> Result<PathBuf> {
    let folder = target().join("interop/venv");
    let program = folder.join("bin/python");
    let pinned: Vec<&str> = if whole { vec![PINNED, PINNED_EARTHCATALOG] } else { vec![PINNED] };
    let texts =
        pinned.iter().map(|p| fs::read_to_string(root().join(p))).collect::<std::io::Result<String>>()?;
    let wanted = format!("{} {:?}\n{texts}", python.program.display(), python.version);
    let mark = folder.join("made-from");
    if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(program);
    }
    println!("making {}", folder.display());
    process::run(process::command(&python.program).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = process::command(&program);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(pinned.iter().flat_map(|p| ["-r", *p]));
    process::run(&mut pip)?;
    fs::write(mark, wanted)?;
    Ok(program)
}

/// A catalog as the scripts take it: its folder, and what our own command line says of it.
struct Catalog {
    folder: PathBuf,
    facts: PathBuf,
}

/// Ingests an inventory of the fixtures and writes down what `count`, `files`, `stats` and `info` say.
fn catalog(name: &str, inventory: &str, grid: &str) -> Result<Catalog> {
    let folder = target().join("interop/catalogs").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let base = folder.to_string_lossy().into_owned();
    let (report, code) = earthcatalog::ingest(inventory, &base, grid)?;
    if code != 0 {
        return Err(format!("the ingest of {inventory} at {grid} ended with {code}: {report}").into());
    }
    let mut facts = serde_json::Map::new();
    facts.insert("report".into(), report);
    for question in ["count", "stats", "info", "files"] {
        facts.insert(question.into(), earthcatalog::json(&[question, "--catalog", &base])?.0);
    }
    let area = ["files", "--catalog", &base, "--bbox", "-60,60,-20,85"];
    facts.insert("files_greenland".into(), earthcatalog::json(&area)?.0);
    println!("{name}: {inventory} at {grid}: {}", facts["count"]);
    let path = target().join("interop/catalogs").join(format!("{name}.json"));
    fs::write(&path, Value::Object(facts).to_string())?;
    Ok(Catalog { folder, facts: path })
}

fn script(python: &Path, name: &str, catalog: &Catalog) -> Result<()> {
    println!("-- {name}");
    let mut command = process::command(python);
    command.arg(root().join("xtask/interop").join(name)).arg(&catalog.folder).arg(&catalog.facts);
    process::run(command.env("PYTHONDONTWRITEBYTECODE", "1"))
}
