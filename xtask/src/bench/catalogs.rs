//! Folders for the catalogs that are made: a fresh one for each run, all kept until the last run is over.
//!
//! ext4 does not give out an inode again in the minutes after its file was deleted, and searches past it: a run that follows the
//! removal of a catalog of some thousand files was seen to use three times the system time.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use super::sets::scratch;

/// The catalogs of this process; gone when it is dropped.
pub(crate) struct Catalogs {
    folder: PathBuf,
    made: Cell<u32>,
}

impl Catalogs {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { folder: scratch().join(format!("catalogs-{}", std::process::id())), made: Cell::new(0) }
    }

    /// A folder that is not there yet.
    pub(crate) fn fresh(&self) -> PathBuf {
        let number = self.made.replace(self.made.get() + 1);
        self.folder.join(number.to_string())
    }
}

impl Drop for Catalogs {
    fn drop(&mut self) {
        // Left-overs under target/ are no reason for a benchmark to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
