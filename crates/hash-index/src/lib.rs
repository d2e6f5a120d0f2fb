//! Which item ids and object versions a catalog already holds: logged during a run, written as sorted Parquet, streamed
//! back, and compared with a listing. Memory grows with none of it.
//!
//! The index (design, "Delta and truth over time") has two parts. Each is a base file and segments, which are small and
//! newer; what a newer file says of a hash holds, and it may say that it is gone:
//!
//! - `ids`: one row an id, with the partitions its rows are in. [`IdsWriter`] and [`IdsSegmentWriter`] write, [`Ids`]
//!   reads all files as one: streams, probes, merges, counts by the footers alone. [`IdsReader`] reads one file, also
//!   one of earthcatalog 0.6.1.
//! - `objects`: one row an object, with its id, its version and its fate. [`ObjectLog`] sorts, [`ObjectsWriter`] writes,
//!   [`Objects`] reads all files as one.
//!
//! [`IndexFiles`] describes which files make up an index; it is a property of the table, set by the commit that made
//! them. [`upload`] takes a local file to a store. [`Rebuild`] makes an index from the rows of a table.
//!
//! Two things are decided with it:
//!
//! - before fetching: a [`Listing`] of the inventory's objects is compared with [`Objects`], which gives every
//!   [`Difference`], the numbers of the objects to fetch, and counts that add up ([`Tally`]);
//! - after fetching: [`IdLog`] takes every item that was staged, in any order, and gives one [`Resolved`] an id, in order
//!   of the hash: which object of an id won, and which were superseded.
//!
//! What does not fit in memory goes to temporary files that have no name. The index knows hashes and partitions; which
//! file is current is the table's to say.
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

mod compare;
mod drain;
mod error;
mod extsort;
mod ids;
mod ids_index;
mod index_files;
mod listing;
mod log;
mod merge;
mod objects;
mod objects_index;
mod objects_log;
mod objects_writer;
mod pages;
mod parquet_out;
mod probe;
mod reader;
mod rebuild;
mod returning;
mod seqs;
mod stored;
#[cfg(test)]
mod testing;
mod upload;
mod writer;

pub use compare::{CompareOptions, Comparison, Difference, Outcome, Tally};
pub use error::{Error, Result};
pub use ids::{ID_HASH, PARTITIONS};
pub use ids_index::Ids;
pub use index_files::{IndexFile, IndexFiles, is_due};
pub use listing::{Listed, Listing, ListingOptions};
pub use log::{Entry, IdLog, IdLogOptions, Merge, Resolved};
pub use objects::{Fate, ObjectRow, ObjectsBatch};
pub use objects_index::Objects;
pub use objects_log::{ObjectLog, SortedObjects};
pub use objects_writer::ObjectsWriter;
pub use parquet_out::Summary;
pub use probe::Hit;
pub use reader::{IdsBatch, IdsReader, unique_items};
pub use rebuild::{Rebuild, SourceObject, TableRow};
pub use seqs::SeqSet;
pub use stored::Kind;
pub use upload::{upload, upload_from};
pub use writer::{Before, IdsDelta, IdsSegmentWriter, IdsWriter};
