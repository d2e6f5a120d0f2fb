//! What a catalog says of itself.

use serde::Serialize;

/// A partition's size: a row of `stats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionStats {
    /// The grid cell.
    pub grid_partition: String,
    /// The year (UTC) of `datetime`; None for items without one.
    pub year: Option<i32>,
    /// Rows in its files.
    pub row_count: u64,
    /// Files.
    pub file_count: u64,
    /// Bytes of the files.
    pub total_bytes: u64,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Items, each counted once; from the footer of the hash index. None where the catalog has no index.
    pub unique_items: Option<u64>,
    /// Rows: an item has one in each cell that it touches.
    pub rows: u64,
}

/// The grid of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridInfo {
    /// `s2`, `h3` or `geojson`.
    #[serde(rename = "type")]
    pub kind: String,
    /// S2 level or H3 resolution.
    pub resolution: Option<u8>,
    /// The file of regions.
    pub boundaries_path: Option<String>,
    /// The property of a region that names it.
    pub id_field: Option<String>,
    /// The whole, as the command line takes it.
    pub spec: String,
}

/// The Iceberg table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    /// `earthcatalog.stac_items`.
    pub name: String,
    /// Its UUID.
    pub uuid: String,
    /// The metadata file that the pointer names.
    pub metadata_location: String,
    /// Top-level columns.
    pub columns: u64,
    /// Leaf columns.
    pub leaf_columns: u64,
    /// Rows, files and bytes of the current snapshot.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The current snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotInfo {
    /// Its id.
    pub snapshot_id: i64,
    /// When it was committed, RFC 3339.
    pub committed: Option<String>,
}

/// The hash index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HashIndexInfo {
    /// The file of ids.
    pub path: String,
    /// How many there are; None where the file cannot be read.
    pub unique_items: Option<u64>,
}

/// The answer of `info`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// The catalog's base.
    pub catalog: String,
    /// Its grid.
    pub grid: GridInfo,
    /// The table.
    pub table: TableInfo,
    /// The snapshot; None before the first.
    pub snapshot: Option<SnapshotInfo>,
    /// Where the files are.
    pub warehouse: String,
    /// The hash index; None where there is none.
    pub hash_index: Option<HashIndexInfo>,
}
