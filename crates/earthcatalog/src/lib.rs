//! Spatial catalogs of STAC items in GeoParquet and Apache Iceberg, without a server.
//!
//! An inventory names objects, the objects are items, and the catalog holds a row of each in every grid cell that it
//! touches:
//!
//! ```
//! use std::sync::Arc;
//!
//! use earthcatalog::{BucketMap, Config, Ingest, StoreOptions};
//! use object_store::memory::InMemory;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let item = r#"{"type": "Feature", "stac_version": "1.1.0", "id": "granule-1", "collection": "velocity",
//!     "geometry": {"type": "Point", "coordinates": [-45.0, 70.0]}, "bbox": [-45.0, 70.0, -45.0, 70.0],
//!     "properties": {"datetime": "2020-05-01T12:00:00Z"}, "links": [], "assets": {}}"#;
//! std::fs::write(folder.join("granule-1.stac.json"), item)?;
//! let inventory = folder.join("inventory.csv");
//! std::fs::write(&inventory, "bucket,key\narchive,granule-1.stac.json\narchive,granule-1.nc\n")?;
//!
//! // The archive's bucket is mirrored in a folder; without a map it would be looked for at s3://archive.
//! let mirror = BucketMap { bucket: "archive".to_owned(), url: folder.display().to_string() };
//! let config =
//!     Config { store: StoreOptions { maps: vec![mirror], ..StoreOptions::default() }, ..Config::default() };
//! let catalog = earthcatalog::open_store(Arc::new(InMemory::new()), "memory://example", &config).await?;
//!
//! let report = catalog.ingest(&Ingest::new(inventory.display().to_string()), &()).await?;
//! assert_eq!((report.ledger.listed, report.ledger.filtered, report.ledger.ingested), (2, 1, 1));
//! assert_eq!(catalog.unique_item_count().await?, 1);
//! assert!(catalog.get("granule-1").await?.is_some());
//!
//! let greenland = earthcatalog::box_geometry(-60.0, 60.0, -20.0, 85.0)?;
//! assert_eq!(catalog.search_files(Some(&greenland), None, None).await?.len(), 1);
//! # Ok(())
//! # }
//! ```

mod bulk;
mod catalog;
mod cells;
mod config;
mod error;
mod history;
mod info;
mod items;
mod kind;
mod maintenance;
mod source;
mod sources;

pub use bulk::Bulk;
pub use catalog::{Catalog, open, open_store, open_url, open_with};
pub use cells::open_grid;
pub use config::{Config, Ingest};
pub use error::{Error, Result};
pub use history::{At, HistoryEntry};
pub use info::{Counts, GridInfo, HashIndexInfo, Info, PartitionStats, SnapshotInfo, TableInfo};
pub use kind::ErrorKind;
pub use maintenance::{DEFAULT_KEEP_LAST, ExpireOptions, Expired, Regrid};
pub use source::default_suffixes;
pub use sources::open_inventory;

pub use earthcatalog_grid::{
    Covering, Grid, GridError, GridSpec, box_geometry, cell_list_sql, cells_for_geometry,
};
pub use earthcatalog_inventory as inventory;
pub use earthcatalog_model as model;
pub use earthcatalog_pipeline::Error as PipelineError;
pub use earthcatalog_pipeline::{
    Begun, BulkOptions, BulkPlan, BulkStatus, BulkTask, Cleaned, Collected, CompactOptions, Compacted,
    DEFAULT_CHUNK_SIZE, DEFAULT_COMPACT_ROWS, DEFAULT_CONCURRENCY, DEFAULT_GRACE, DEFAULT_MEMORY,
    DEFAULT_MIN_FILES, DEFAULT_TARGET_SIZE, Decision, Event, Garbage, GcOptions, IngestOptions, Ledger, Mode,
    Observer, OpenRun, Phase, PhaseStatus, Problem, Progress, RegridOptions, Regridded, Report,
    ResolveOptions, Share, StageReport, Stop, TaskOptions, TaskReport, TasksProgress, Verified,
    VerifyOptions, WriteReport,
};
pub use earthcatalog_search as search;
pub use earthcatalog_search::Query;
pub use earthcatalog_store::{Base, BucketMap, StoreOptions, Stores, lease, scrub};
pub use earthcatalog_writer::Assets;
