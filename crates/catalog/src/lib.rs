//! The table: append, replace, files, head. Apache Iceberg behind one SQLite file.
//!
//! [`Table`] is what the rest of earthcatalog knows: a [`Head`], the [`DataFile`](earthcatalog_model::DataFile)s under
//! it, and [`Change`]s that each become one snapshot or nothing. [`IcebergTable`] keeps it as an Iceberg v2 table whose
//! catalog is `<base>/earthcatalog.db` in PyIceberg's form; [`MemoryTable`] keeps it in memory. No type of Iceberg's
//! leaves this crate.

mod commits;
mod database;
mod datafile;
mod error;
mod evolve;
mod expire;
mod files;
mod filter;
mod history;
mod iceberg_table;
mod manifests;
mod memory;
mod metadata;
mod name_mapping;
mod pointer;
mod referenced;
mod schema;
mod snapshot;
mod table;
mod time_range;

pub use error::{Error, Result};
pub use filter::Filter;
pub use history::{Expiry, SnapshotEntry};
pub use iceberg_table::{IcebergOptions, IcebergTable};
pub use memory::MemoryTable;
pub use table::{Change, CommitId, Committed, Head, History, Operation, Table};
