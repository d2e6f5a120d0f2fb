//! From a query to the files that may answer it, and from an id to its item.
//!
//! A [`Query`] says where, when and which ids; [`bbox_geometry`], [`read_geometry`] and [`Interval`] read the texts that
//! people write for them; [`prune`] finds the files that may hold the answer, and [`get`] one item by its id.
//!
//! ```
//! use earthcatalog_search::{Interval, Query, bbox_geometry};
//!
//! let time: Interval = "2020-05/..".parse()?;
//! let fiji = Query::new(Some(bbox_geometry("177,-19,-179,-16")?), time.start, time.end);
//! assert_eq!(fiji.time.to_string(), "2020-05-01T00:00:00Z/..");
//! # Ok::<(), earthcatalog_search::Error>(())
//! ```

mod bbox;
mod columns;
mod error;
mod geometry;
mod get;
mod interval;
mod place;
mod prune;
mod query;
mod rows;
mod wkt;

pub use bbox::{bbox_geometry, parse_bbox};
pub use error::{Error, Result};
pub use geometry::{parse_geometry, read_geometry};
pub use get::get;
pub use interval::Interval;
pub use prune::prune;
pub use query::Query;
