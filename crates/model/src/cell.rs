//! Grid cells and the partitions they make.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::short_text::ShortText;

/// What Hive calls a partition without a value.
pub const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The cell of items without a geometry.
pub const NO_CELL: &str = "__none__";

/// The name of a grid cell: an S2 token, an H3 index, the id of a region. Cheap to clone.
///
/// It may hold any text (a region can be called `../x`): encode it before it becomes part of a path or of SQL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(ShortText);

impl CellId {
    /// A cell by its name.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(ShortText::new(name.as_ref()))
    }

    /// The cell of items without a geometry, `__none__`.
    pub fn none() -> Self {
        Self::new(NO_CELL)
    }

    /// The name as it stands in the column `grid_partition`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CellId({:?})", self.as_str())
    }
}

impl From<&str> for CellId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl Serialize for CellId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CellId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::new(String::deserialize(deserializer)?))
    }
}

/// A partition of the table: a cell, and the year (UTC) of the item's `datetime`, absent where that is null.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionKey {
    /// The grid cell.
    pub cell: CellId,
    /// The calendar year, e.g. 2020; None for items without a datetime.
    pub year: Option<i32>,
}

/// Everything that is not plainly harmless in a path, for every store and for Hive readers.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl PartitionKey {
    /// A partition from its parts.
    pub fn new(cell: CellId, year: Option<i32>) -> Self {
        Self { cell, year }
    }

    /// `grid_partition=<cell>/year=<yyyy>`, values percent-encoded, without slashes at its ends.
    ///
    /// A cell of dots alone is encoded too: `.` and `..` would be folders of another meaning.
    pub fn hive_path(&self) -> String {
        let name = self.cell.as_str();
        let cell = match name {
            "" => HIVE_NULL.to_owned(),
            dots if dots.bytes().all(|b| b == b'.') => dots.replace('.', "%2E"),
            _ => utf8_percent_encode(name, UNSAFE).to_string(),
        };
        match self.year {
            Some(year) => format!("grid_partition={cell}/year={year:04}"),
            None => format!("grid_partition={cell}/year={HIVE_NULL}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &str, year: Option<i32>, expected: &str) {
        assert_eq!(PartitionKey::new(cell.into(), year).hive_path(), expected);
    }

    #[test]
    fn hive_paths_are_harmless() {
        check("89c259", Some(2020), "grid_partition=89c259/year=2020");
        check("../x", Some(2020), "grid_partition=..%2Fx/year=2020");
        check("..", Some(812), "grid_partition=%2E%2E/year=0812");
        check("a/b c=%", None, "grid_partition=a%2Fb%20c%3D%25/year=__HIVE_DEFAULT_PARTITION__");
        check("Grönland", None, "grid_partition=Gr%C3%B6nland/year=__HIVE_DEFAULT_PARTITION__");
        check("__none__", None, "grid_partition=__none__/year=__HIVE_DEFAULT_PARTITION__");
    }
}
