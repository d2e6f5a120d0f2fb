//! Spatial catalogs of STAC items in GeoParquet and Apache Iceberg, without a server.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use earthcatalog::Ingest;
//! use object_store::memory::InMemory;
//!
//! let catalog = earthcatalog::open(Arc::new(InMemory::new()), "memory://example").await?;
//! let report = catalog.ingest(&Ingest::new("s3://bucket/inventory/full.parquet"), &()).await?;
//! println!("{} items in {} rows", report.ledger.ingested, report.rows);
//! # Ok(())
//! # }
//! ```

mod catalog;
mod config;
mod error;
mod info;
mod kind;
mod sources;

pub use catalog::{Catalog, open, open_url, open_with};
pub use config::{Config, Ingest};
pub use error::{Error, Result};
pub use info::{Counts, GridInfo, HashIndexInfo, Info, PartitionStats, SnapshotInfo, TableInfo};
pub use kind::ErrorKind;

pub use earthcatalog_grid::{GridSpec, box_geometry};
pub use earthcatalog_model as model;
pub use earthcatalog_pipeline::{
    DEFAULT_CONCURRENCY, DEFAULT_MEMORY, Event, IngestOptions, Ledger, Mode, Observer, Progress, Report, Stop,
};
pub use earthcatalog_search as search;
pub use earthcatalog_search::Query;
pub use earthcatalog_store::{Base, BucketMap, StoreOptions, Stores, lease, scrub};
pub use earthcatalog_writer::Assets;
