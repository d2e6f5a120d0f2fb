//! Which item ids a catalog already holds: logged during a run, written as sorted Parquet, streamed back.
//!
//! Two things live here, and memory grows with neither of them:
//!
//! - [`IdLog`] takes every item that a run staged, in any order, and gives back one [`Resolved`] an id, in order of
//!   the hash: which object of an id won, and which were superseded. What does not fit in memory goes to sorted runs in
//!   temporary files.
//! - The base file `ids` (design, "Delta and truth over time"): one row an id with the partitions its rows are in.
//!   [`IdsWriter`] streams it out, [`upload`] takes it to a store, [`IdsReader`] streams it back and probes it,
//!   [`unique_items`] counts it by its footer alone.
//!
//! The index knows hashes and partitions. Which file is current is a property of the table, and the table's to say.
//!
//! # Example
//! ```
//! use earthcatalog_hash_index::{Entry, IdLog, IdLogOptions, IdsWriter};
//! use earthcatalog_model::{IdHash, PartitionKey};
//!
//! let partitions = [PartitionKey::new("89c259".into(), Some(2020))];
//! let mut log = IdLog::new(IdLogOptions::default());
//! for seq in 0..2 {
//!     log.push(&Entry { id_hash: IdHash::of("a"), updated: None, last_modified: None, seq, partitions: vec![0] })?;
//! }
//! let mut file = Vec::new();
//! let mut ids = IdsWriter::new(&mut file)?;
//! for resolved in log.finish()? {
//!     let resolved = resolved?;
//!     assert_eq!((resolved.winner.seq, resolved.losers.len()), (1, 1));
//!     ids.write(&resolved.winner.id_hash, &partitions)?;
//! }
//! assert_eq!(ids.finish()?.rows, 1);
//! # Ok::<(), earthcatalog_hash_index::Error>(())
//! ```

mod error;
mod extsort;
mod ids;
mod log;
mod probe;
mod reader;
mod upload;
mod writer;

pub use error::{Error, Result};
pub use ids::{ID_HASH, PARTITIONS};
pub use log::{Entry, IdLog, IdLogOptions, Merge, Resolved};
pub use probe::Hit;
pub use reader::{IdsBatch, IdsReader, unique_items};
pub use upload::{upload, upload_from};
pub use writer::{IdsWriter, Summary};
