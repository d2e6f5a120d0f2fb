//! The programs that are measured, as users have them: built in the release profile.

use std::path::PathBuf;

use crate::Result;
use crate::process;
use crate::root::{root, target};

/// The command line that is measured.
pub(crate) const EARTHCATALOG: &str = "earthcatalog";
/// What only reads and parses the same files.
pub(super) const FLOOR: &str = "earthcatalog-bench-floor";
/// What does the hash index's work alone.
pub(super) const INDEX: &str = "earthcatalog-bench-index";
/// What reads listings, and their floor.
pub(super) const INVENTORY: &str = "earthcatalog-bench-inventory";

/// What only reads and writes the files of a catalog.
pub(super) const REWRITE: &str = "earthcatalog-bench-rewrite";
/// What commits to tables of many files.
pub(super) const COMMIT: &str = "earthcatalog-bench-commit";

/// Builds programs of the workspace, all with the same features.
///
/// # Errors
/// When the build fails.
pub(crate) fn build(names: &[&str]) -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--locked"]).args(names.iter().flat_map(|name| ["--bin", name]));
    process::run(&mut cargo)
}

/// Where a program was built to.
pub(crate) fn path(name: &str) -> PathBuf {
    root().join(target()).join("release").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}
