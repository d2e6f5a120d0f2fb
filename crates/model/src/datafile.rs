//! A file of the table: what the writer knows of it and the catalog registers.

use serde::{Deserialize, Serialize};

use crate::cell::PartitionKey;
use crate::columns::Columns;
use crate::time::Timestamp;

/// A bound of a column, typed as the field is.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// For boolean fields.
    Boolean(bool),
    /// For int and date fields.
    Int(i32),
    /// For long, timestamp and timestamptz fields (µs).
    Long(i64),
    /// For double fields; never NaN.
    Double(f64),
    /// For string fields.
    String(String),
    /// For binary fields.
    Binary(Vec<u8>),
}

/// What Iceberg's manifests hold of one leaf column (table spec v2, "Manifests", data_file fields 108 to 128).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnMetrics {
    /// Bytes on disk, all pages.
    pub bytes: u64,
    /// Values, nulls included.
    pub values: u64,
    /// Nulls; None where not known.
    pub nulls: Option<u64>,
    /// No value is smaller. Truncated bounds are still true bounds.
    pub lower: Option<Scalar>,
    /// No value is larger.
    pub upper: Option<Scalar>,
}

/// A GeoParquet file of the table, in one partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its full location as Iceberg stores it: a plain path for local catalogs, else `scheme://bucket/key`.
    /// A string, not a URL: nothing in it is to be percent-decoded.
    pub path: String,
    /// The partition all its rows are in.
    pub partition: PartitionKey,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// By field id of each leaf.
    #[serde(default)]
    pub columns: Columns,
    /// Byte offsets of the row groups.
    #[serde(default)]
    pub split_offsets: Vec<i64>,
    /// When the file was added, where the catalog knows it (the time of its snapshot).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<Timestamp>,
}
