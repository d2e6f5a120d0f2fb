//! From a URL to an object store: credentials, bucket maps, conditional replace, leases.
//!
//! [`Stores`] turns URLs and [`ObjectRef`](earthcatalog_model::ObjectRef)s into an
//! [`object_store::ObjectStore`] and a key; [`Base`] is one catalog's place in a store and knows how a
//! file there is called in Iceberg metadata; [`conditional`] writes an object only if nobody else did;
//! [`lease`] is the lock file that keeps two writers from doing the same work, and honours another program's.
//!
//! Keys are strings, not URLs: nothing here percent-decodes or encodes them, so that a hive folder called
//! `grid_partition=a%2Fb` has exactly that name in the store, on disk and in the table. Only `http(s)`
//! URLs are decoded, once, because they are URLs.
//!
//! Neither errors nor `Debug` output of this crate show credentials, user info or query strings.

mod address;
mod again;
mod base;
pub mod conditional;
mod connect;
mod error;
mod folder;
pub mod lease;
mod local;
mod options;
mod probe;
mod stores;

pub use again::again;
pub use base::Base;
pub use conditional::{Outcome, Version};
pub use error::{Error, Result, scrub};
pub use folder::Folder;
pub use options::{BucketMap, StoreOptions};
pub use probe::{Capability, EtagForm};
pub use stores::{Place, Stores};
