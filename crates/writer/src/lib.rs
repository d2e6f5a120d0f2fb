//! STAC items to typed columns to GeoParquet files, and the way back.
//!
//! A [`Sketch`] sees what items look like, a [`SchemaBuilder`] makes a table's schema of it and lets it grow, and a
//! [`Format`] writes the rows of a partition as a file with the metrics that a table needs. What the columns cannot give
//! back exactly is in `_extra` (see `patch.rs` for its language), so that [`items_of`] returns items equal to those that
//! went in.

mod align;
mod column;
mod covering;
mod encode;
mod error;
mod file;
mod format;
mod geo;
mod items;
mod known;
mod layout;
mod merge;
mod metrics;
mod names;
mod others;
mod patch;
mod schema;
mod shape;
mod sketch;
mod values;
mod variety;

pub use error::{Error, Result};
pub use format::{Encoded, Format, GeoParquet, Merge, Row};
pub use items::{ItemRow, RowSource, items_of, rows_of_batch};
pub use merge::merge_memory;
pub use others::rows_of_others;
pub use schema::{Assets, SchemaBuilder, core_schema};
pub use sketch::Sketch;

#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod roundtrip_tests;
