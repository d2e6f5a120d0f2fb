//! `cargo xtask interop`: our catalogs, read by programs that no one here wrote.
//!
//! Makes a Python environment of pinned versions, catalogs of the bundled fixtures, and runs the scripts of
//! `xtask/interop/` over them. The last ones have others write files of items, and live with earthcatalog 0.6.1: with its lock, and with
//! catalogs that it made. Each script prints a line a check and fails by its exit code.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Result;
use crate::earthcatalog;
use crate::process;
use crate::python;
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

/// What earthcatalog 0.6.1 needs; the other readers take an older one.
const OLDEST_FOR_EARTHCATALOG: (u32, u32) = (3, 12);

const PINNED: &str = "xtask/interop/requirements.txt";
const PINNED_EARTHCATALOG: &str = "xtask/interop/requirements-earthcatalog.txt";

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = python::find(args.python.as_deref(), OLDEST_FOR_EARTHCATALOG)?;
    let whole = python.version >= OLDEST_FOR_EARTHCATALOG;
    println!("python {}.{}: {}", python.version.0, python.version.1, python.program.display());
    let pinned = if whole { &[PINNED, PINNED_EARTHCATALOG][..] } else { &[PINNED] };
    let venv = python.environment("interop", pinned)?;
    if args.venv_only {
        return Ok(());
    }
    let s2 = catalog("s2", "fixtures/inventory.parquet", "s2:4")?;
    let h3 = catalog("h3", "fixtures/inventory-dated.parquet", "h3:1")?;
    script(&venv, "read_pyiceberg.py", &s2)?;
    // A catalog of its own to write to: the others stay as we made them.
    let other = catalog("append", "fixtures/inventory.parquet", "s2:4")?;
    script(&venv, "append_pyiceberg.py", &other)?;
    script(&venv, "read_model.py", &model()?)?;
    script(&venv, "read_duckdb.py", &s2)?;
    script(&venv, "read_items.py", &s2)?;
    script(&venv, "files_of_items.py", &folder("items")?)?;
    if whole {
        script(&venv, "read_earthcatalog.py", &h3)?;
        script(&venv, "lock_earthcatalog.py", &folder("lock")?)?;
        return script(&venv, "older_catalog.py", &folder("older")?);
    }
    println!("skipped: earthcatalog 0.6.1 needs Python 3.12, and there is none on PATH or in ~/.pyenv");
    Ok(())
}

/// The Python of an environment that has earthcatalog 0.6.1, made where it is not there.
///
/// # Errors
/// Where there is no Python 3.12 or later.
pub(crate) fn older_package() -> Result<PathBuf> {
    let python = python::find(None, OLDEST_FOR_EARTHCATALOG)?;
    if python.version < OLDEST_FOR_EARTHCATALOG {
        return Err("earthcatalog 0.6.1 needs Python 3.12, and there is none on PATH or in ~/.pyenv".into());
    }
    python.environment("interop", &[PINNED, PINNED_EARTHCATALOG])
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

/// Sequences of the model test whose catalogs are left for PyIceberg.
const SEQUENCES: &str = "16";

/// Has the model test of the facade leave its catalogs in a folder, each with what it should hold.
fn model() -> Result<Catalog> {
    let catalog = folder("model")?;
    // The workspace's features, so that what its tests have built is not built again.
    let mut test = process::cargo();
    test.args(["test", "--quiet", "--locked", "--workspace", "--test", "facade"]);
    test.arg("a_catalog_is_what_the_model_says");
    test.env("EARTHCATALOG_SOAK_CASES", SEQUENCES).env("EARTHCATALOG_TEST_CATALOGS", &catalog.folder);
    process::run(&mut test)?;
    Ok(catalog)
}

/// An empty folder for catalogs that a script makes, and how our command line is run on them.
fn folder(name: &str) -> Result<Catalog> {
    let folder = target().join("interop/catalogs").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let command = earthcatalog::command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let facts = target().join("interop/catalogs").join(format!("{name}.json"));
    fs::write(&facts, serde_json::json!({ "command": words }).to_string())?;
    Ok(Catalog { folder, facts })
}

fn script(python: &Path, name: &str, catalog: &Catalog) -> Result<()> {
    println!("-- {name}");
    let mut command = process::command(python);
    command.arg(root().join("xtask/interop").join(name)).arg(&catalog.folder).arg(&catalog.facts);
    process::run(command.env("PYTHONDONTWRITEBYTECODE", "1"))
}
