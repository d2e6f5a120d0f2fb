//! What a bulk run is asked to do beyond what any ingest is.

use crate::error::{Error, Result};

/// Objects of a chunk unless told otherwise: some minutes of work, which is what a machine that dies can lose.
pub const DEFAULT_CHUNK_SIZE: u64 = 10_000;

/// Rows of a file at most unless told otherwise.
pub const DEFAULT_COMPACT_ROWS: u64 = 100_000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkOptions {
    /// Objects of a chunk, which is one task of staging.
    pub chunk_size: u64,
    /// Rows of a file at most; a partition with more becomes several.
    pub compact_rows: u64,
    /// A folder of the base for chunks and staged objects, which are the bulk of a run's temporary files; None: with
    /// the rest of the run's.
    pub staging: Option<String>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self { chunk_size: DEFAULT_CHUNK_SIZE, compact_rows: DEFAULT_COMPACT_ROWS, staging: None }
    }
}

impl BulkOptions {
    /// The folder of staging, checked: it must not be where the catalog's own files are.
    pub(super) fn staging_folder(&self) -> Result<&str> {
        let folder = self.staging.as_deref().unwrap_or("runs").trim_matches('/');
        let wrong = |message: String| {
            let hint = "name a folder below the catalog's base, e.g. staging".to_owned();
            Err(Error::Options { message, hint })
        };
        let parts: Vec<&str> = folder.split('/').collect();
        if parts.iter().any(|part| part.is_empty() || *part == "." || *part == ".." || part.contains(':')) {
            return wrong(format!("{folder:?} is no folder of the catalog's base"));
        }
        if parts.first().is_some_and(|first| first.starts_with("warehouse")) {
            return wrong(format!("{folder:?} is where the catalog has its own files"));
        }
        Ok(folder)
    }

    /// At least one object a chunk and one row a file.
    pub(super) fn check(&self) -> Result<()> {
        if self.chunk_size == 0 || self.compact_rows == 0 {
            return Err(Error::Options {
                message: "a chunk of no objects, or a file of no rows, leads nowhere".to_owned(),
                hint: format!("leave them at {DEFAULT_CHUNK_SIZE} objects and {DEFAULT_COMPACT_ROWS} rows"),
            });
        }
        self.staging_folder().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(staging: Option<&str>) -> Result<String> {
        let options = BulkOptions { staging: staging.map(str::to_owned), ..BulkOptions::default() };
        options.staging_folder().map(str::to_owned)
    }

    #[test]
    fn staging_is_below_the_base_and_beside_the_warehouse() {
        assert_eq!(folder(None).unwrap(), "runs");
        assert_eq!(folder(Some("/some/staging/")).unwrap(), "some/staging");
        for bad in ["..", "a/../b", "a//b", "", "s3://other/x", "warehouse", "warehouse_index/x"] {
            assert!(folder(Some(bad)).is_err(), "{bad}");
        }
    }
}
