//! Bucket listings as a stream of objects: inventories of S3, Google Cloud Storage and Azure, and loose files.
//!
//! [`open`] looks at a manifest or at a file's first bytes and gives an [`Inventory`], whose [`batches`](Inventory::batches) are
//! columns of objects; nothing is allocated for a row. A [`Filter`] selects rows and keeps the account of those it
//! leaves out.
//!
//! ```
//! # use std::sync::Arc;
//! # use earthcatalog_inventory::{Filter, OpenOptions, Verdict, open};
//! # use futures::StreamExt;
//! # use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
//! let path = Path::from("inventory.csv");
//! store.put(&path, "bucket,key,size\nb,a.stac.json,5\nb,a.nc,7\n".into()).await?;
//!
//! let inventory = open(store, path, "memory:///inventory.csv", &OpenOptions::default()).await?;
//! let mut selector = Filter::default().start();
//! let mut batches = inventory.batches();
//! while let Some(batch) = batches.next().await {
//!     for object in batch?.iter() {
//!         if selector.take(&object) == Verdict::Take {
//!             assert_eq!(object.key(), "a.stac.json");
//!         }
//!     }
//! }
//! assert_eq!((selector.listed(), selector.filtered()), (2, 1));
//! # Ok(())
//! # }
//! ```

mod batch;
mod blocks;
mod bounds;
mod build;
mod by_line;
mod cells;
mod checksum;
mod columns;
mod convert;
mod crawl;
mod csv;
mod diff;
mod error;
mod even;
mod filter;
mod find;
mod form;
mod glob;
mod items;
mod kept;
#[cfg(test)]
mod leaving_out_tests;
mod lent;
mod level;
mod list;
mod live;
mod locate;
mod manifest;
mod marks;
mod memory;
mod ndjson;
mod open;
mod orc;
mod packed;
mod parquet;
mod partitions;
mod pieces;
mod pump;
mod record;
mod sections;
mod several;
mod shape;
mod spool;
mod suffixes;
mod tabular;
mod text;
mod texts;
mod urlcode;
mod write;

pub use batch::{ObjectBatch, ObjectView};
pub use crawl::{Locate, crawl};
pub use diff::{Change, Diff, DiffCounts, DiffOptions, diff};
pub use error::{Error, Result};
pub use filter::{Filter, Selector, Skipped, Verdict};
pub use glob::Glob;
pub use items::{ItemsFile, ItemsSource, NoItem, RowItem, RowsToItems, open_items};
pub use live::{Folder, list};
pub use memory::MemoryInventory;
pub use open::{Inventory, OpenOptions, open};
pub use spool::open_reader;
pub use write::{Format, Writer};
