//! The command line as a user has it: built if it must be, run, its JSON read.

use std::process::{Command, Output};

use serde_json::Value;

use crate::Result;
use crate::process;

/// The catalog's bucket of fixtures, found in the repository.
pub(crate) const MAP: &str = "earthcatalog-fixtures=fixtures/items";

/// `cargo run --bin earthcatalog -- …`, with the workspace's features: what the tests have built is not built again.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.args(["run", "--quiet", "--locked", "--bin", "earthcatalog", "--"]).args(args);
    cargo
}

/// Runs it with `--json` and reads its one document; the exit code is the caller's to judge.
///
/// # Errors
/// When it cannot be started or its stdout is no JSON document.
pub(crate) fn json(args: &[&str]) -> Result<(Value, i32)> {
    let mut command = command(args);
    command.args(["--json", "--quiet"]);
    let Output { status, stdout, .. } = process::output(&mut command)?;
    let document = serde_json::from_slice(&stdout)
        .map_err(|e| format!("{} ended with {status} and printed no JSON: {e}", process::shown(&command)))?;
    Ok((document, status.code().unwrap_or(-1)))
}

/// Runs a full ingest of an inventory of the bundled fixtures, and returns its report.
///
/// # Errors
/// As [`json`].
pub(crate) fn ingest(inventory: &str, catalog: &str, grid: &str) -> Result<(Value, i32)> {
    json(&["ingest", inventory, "--catalog", catalog, "--mode", "full", "--grid", grid, "--map-bucket", MAP])
}
