//! The generated items that are measured: made once, and kept under `target/bench/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use serde_json::Value;

use super::measure::{Cost, measured};
use crate::Result;
use crate::fixtures;
use crate::root::{root, target};

/// The bucket that the generator's inventories name.
const BUCKET: &str = "earthcatalog-fixtures";

/// A set of items and its inventories.
pub(crate) struct Set {
    pub(crate) items: u64,
    folder: PathBuf,
}

/// How a set is ingested.
pub(crate) struct Run<'a> {
    pub(crate) program: &'a Path,
    pub(crate) grid: &'a str,
    /// `--memory`; the program's default if None.
    pub(crate) memory: Option<&'a str>,
}

/// The generator's own arguments, read as from a command line.
#[derive(Parser)]
struct Generator {
    #[command(flatten)]
    args: fixtures::Args,
}

/// Where sets, catalogs and environments of the benchmarks are.
pub(crate) fn scratch() -> PathBuf {
    root().join(target()).join("bench")
}

/// The set of so many items and that seed; made, unless it is there and whole.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn set(items: u64, seed: u64) -> Result<Set> {
    let folder = scratch().join(format!("{items}-{seed}"));
    let whole = folder.join("whole");
    if !whole.exists() {
        let (items, seed, out) = (items.to_string(), seed.to_string(), folder.as_os_str());
        let words = ["fixtures", "--items", &items, "--seed", &seed].map(Into::into);
        fixtures::run(&Generator::try_parse_from(words.into_iter().chain([out.to_owned()]))?.args)?;
        fs::write(whole, "")?;
    }
    Ok(Set { items, folder })
}

impl Set {
    /// The inventory that is ingested.
    pub(crate) fn inventory(&self) -> PathBuf {
        self.folder.join("inventory.parquet")
    }

    /// The same as CSV.
    pub(crate) fn csv(&self) -> PathBuf {
        self.folder.join("inventory.csv")
    }

    /// How the bucket of its inventory is found, for `--map-bucket`.
    pub(crate) fn map(&self) -> String {
        format!("{BUCKET}={}", self.bucket().display())
    }

    /// The folder that stands for the bucket.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.folder.join("items")
    }

    /// Ingests the set into a catalog that is not there yet, and returns the report and what the run cost.
    ///
    /// # Errors
    /// When the run fails, or leaves an item out.
    pub(crate) fn ingest(&self, run: &Run<'_>, catalog: &Path) -> Result<(Value, Cost)> {
        let (report, cost) = self.ingest_of(run, &self.inventory(), "full", catalog)?;
        if report["ingested"].as_u64() != Some(self.items) {
            return Err(
                format!("{} of {} items were ingested: {report}", report["ingested"], self.items).into()
            );
        }
        Ok((report, cost))
    }

    /// Ingests an inventory of items of the set, and returns the report and what the run cost.
    ///
    /// # Errors
    /// When the run fails.
    pub(crate) fn ingest_of(
        &self,
        run: &Run<'_>,
        inventory: &Path,
        mode: &str,
        catalog: &Path,
    ) -> Result<(Value, Cost)> {
        let mut command = Command::new(run.program);
        command.arg("ingest").arg(inventory).arg("--catalog").arg(catalog);
        command.arg("--map-bucket").arg(self.map());
        command.args(["--mode", mode, "--grid", run.grid, "--json", "--no-lock", "--progress", "none"]);
        command.args(run.memory.iter().flat_map(|size| ["--memory", size]));
        measured(&command)
    }
}
