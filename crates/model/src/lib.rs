//! The vocabulary of earthcatalog: what the crates say to one another. No I/O, no Arrow, no Iceberg.
//!
//! Data flows one way through these types:
//!
//! ```text
//! ObjectRef -> Item -> PartitionKey -> (RecordBatch) -> DataFile -> SnapshotId
//! inventory    fetch   grid            writer           catalog
//! ```

pub mod cell;
pub mod columns;
pub mod datafile;
pub mod geometry;
mod geometry_text;
pub mod hash;
mod href;
pub mod item;
pub mod json;
pub mod object;
pub mod rejection;
pub mod schema;
mod short_text;
pub mod time;
pub mod wkb;

pub use cell::{CellId, PartitionKey};
pub use columns::Columns;
pub use datafile::{ColumnMetrics, DataFile, Scalar};
pub use geometry::{Bbox, Geometry};
pub use hash::{IdHash, KeyHash, etag_hash};
pub use href::{read_href, split_href};
pub use item::{Item, Source};
pub use json::Json;
pub use object::ObjectRef;
pub use rejection::{Reason, Rejection};
pub use schema::{Field, TableSchema, Type};
pub use time::Timestamp;
