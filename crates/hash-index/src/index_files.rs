//! The description of an index: which files it is made of. A commit sets it as a property of the table, so that table
//! and index cannot disagree.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The files of an index. As JSON it is the value of the table property `earthcatalog.hash_index`.
///
/// ```
/// use earthcatalog_hash_index::IndexFiles;
///
/// let json = r#"{"version": 1, "commit": "4f1c", "unique_items": 0, "ids": [], "objects": []}"#;
/// assert_eq!(IndexFiles::from_json(json)?, IndexFiles::new("4f1c"));
/// # Ok::<(), earthcatalog_hash_index::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexFiles {
    /// The version of this description: [`IndexFiles::VERSION`].
    pub version: u32,
    /// The name of the commit that set it. Where the table's head is another commit's, files were added since that the
    /// index does not know.
    pub commit: String,
    /// Ids that are not deleted, as the footers of the files have it.
    pub unique_items: u64,
    /// The files of ids, the base file first, then the segments, the oldest first.
    pub ids: Vec<IndexFile>,
    /// The files of objects, in the same order.
    pub objects: Vec<IndexFile>,
}

/// A file of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexFile {
    /// Its path, relative to the catalog's base, e.g. `warehouse_index/ids-4f1c.parquet`.
    pub path: String,
    /// Its rows, tombstones included.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// What every version of the description has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl IndexFiles {
    /// The version that is written, and the latest that is understood.
    pub const VERSION: u32 = 1;

    /// An index without files, of the commit of that name.
    pub fn new(commit: impl Into<String>) -> Self {
        Self {
            version: Self::VERSION,
            commit: commit.into(),
            unique_items: 0,
            ids: Vec::new(),
            objects: Vec::new(),
        }
    }

    /// Reads the property's value.
    ///
    /// # Errors
    /// When it is no such JSON, or of a version that is not known here.
    pub fn from_json(text: &str) -> Result<Self> {
        let damaged = |source| Error::Description { source };
        let Versioned { version } = serde_json::from_str(text).map_err(damaged)?;
        if version > Self::VERSION {
            return Err(Error::Version { version, known: Self::VERSION });
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// The property's value.
    ///
    /// # Errors
    /// Never for what can be made here; JSON writers may fail in general.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|source| Error::Description { source })
    }

    /// All paths: what must not be taken for garbage.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().chain(&self.objects).map(|file| file.path.as_str())
    }
}

/// True if so many rows in segments are to be merged into a base of so many: when they are more than a tenth of it, or
/// when there are more than `segments`. Merging costs a pass over the base, reading costs a little for each segment.
pub fn is_due(files: &[IndexFile], segments: usize) -> bool {
    let Some((base, tail)) = files.split_first() else { return false };
    let rows: u64 = tail.iter().map(|file| file.rows).sum();
    !tail.is_empty() && (tail.len() > segments || rows > base.rows / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, rows: u64) -> IndexFile {
        IndexFile { path: path.to_owned(), rows, bytes: 16 * rows }
    }

    #[test]
    fn the_json_is_for_years() {
        let files = IndexFiles {
            version: 1,
            commit: "4f1c".to_owned(),
            unique_items: 11,
            ids: vec![file("warehouse_index/ids-1.parquet", 10), file("warehouse_index/ids-2.parquet", 1)],
            objects: vec![file("warehouse_index/objects-1.parquet", 12)],
        };
        let expected = r#"{"version":1,"commit":"4f1c","unique_items":11,"ids":[{"path":"warehouse_index/ids-1.parquet","rows":10,"bytes":160},{"path":"warehouse_index/ids-2.parquet","rows":1,"bytes":16}],"objects":[{"path":"warehouse_index/objects-1.parquet","rows":12,"bytes":192}]}"#;
        assert_eq!(files.to_json().unwrap(), expected);
        assert_eq!(IndexFiles::from_json(expected).unwrap(), files);
        assert_eq!(files.paths().count(), 3);
    }

    fn refuses(text: &str, expected: &str) {
        let error = IndexFiles::from_json(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("rebuild the index"), "{error}");
    }

    #[test]
    fn what_is_no_description_is_refused() {
        refuses("", "damaged");
        refuses("{}", "damaged");
        refuses(r#"{"version": 1}"#, "damaged");
        refuses(r#"{"version": 2, "shards": []}"#, "version 2");
    }

    #[test]
    fn segments_are_merged_when_they_pile_up() {
        let check = |rows: &[u64], expected: bool| {
            let files: Vec<IndexFile> = rows.iter().map(|rows| file("x", *rows)).collect();
            assert_eq!(is_due(&files, 3), expected, "{rows:?}");
        };
        check(&[], false);
        check(&[0], false);
        check(&[1_000], false);
        check(&[1_000, 50, 50], false);
        check(&[1_000, 50, 51], true);
        check(&[1_000, 1, 1, 1], false);
        check(&[1_000, 1, 1, 1, 1], true);
    }
}
