//! The inventory of a set, split: for catalogs that are made by several ingests.

use std::path::{Path, PathBuf};

use super::sets::{Set, scratch};
use crate::Result;

/// The end of an item's key; other lines are in no part.
const ITEM: &str = ".stac.json";

/// Inventories of some of a set's items each; gone when it is dropped.
pub(super) struct Parts {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Parts {
    /// So many, of equal numbers of items from all over the set.
    ///
    /// # Errors
    /// When the inventory cannot be read, or the parts not be written.
    pub(super) fn of(set: &Set, number: usize) -> Result<Self> {
        Self::split(set, number, |line| line % number)
    }

    /// Two: that of all items but `new` of them from all over the set, and that of these.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn with_new(set: &Set, new: u64) -> Result<Self> {
        let every = usize::try_from(set.items / new.max(1))?.max(1);
        let last = every * usize::try_from(new)?;
        Self::split(set, 2, |line| usize::from(line % every == 0 && line < last))
    }

    fn split(set: &Set, number: usize, part_of: impl Fn(usize) -> usize) -> Result<Self> {
        let folder = scratch().join(format!("parts-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let files: Vec<PathBuf> = (0..number).map(|i| folder.join(format!("{i}.csv"))).collect();
        let parts = Self { folder, files };
        let mut inventory = csv::Reader::from_path(set.csv())?;
        let mut writers =
            parts.files.iter().map(csv::Writer::from_path).collect::<std::result::Result<Vec<_>, _>>()?;
        for writer in &mut writers {
            writer.write_record(inventory.headers()?)?;
        }
        let mut items = 0;
        for line in inventory.records() {
            let line = line?;
            if line.get(1).is_some_and(|key| key.ends_with(ITEM)) {
                if let Some(writer) = writers.get_mut(part_of(items)) {
                    writer.write_record(&line)?;
                }
                items += 1;
            }
        }
        for writer in &mut writers {
            writer.flush()?;
        }
        Ok(parts)
    }

    /// The inventories.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Left-overs under target/ are no reason for a benchmark to fail.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
