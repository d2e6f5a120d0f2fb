//! Objects of a listing to the bytes of their STAC items, many at once, in bounded memory.
//!
//! [`fetch_all`] drives any [`Fetch`]; [`StoreFetch`] is the one that asks object stores and local disks, and finds
//! each object through a [`Resolve`]. What one object does wrong is a [`Failure`] of that object alone; only where
//! the store as a whole cannot be used does a failure say [`Failure::Fatal`].
//!
//! ```
//! # use std::sync::Arc;
//! # use earthcatalog_fetch::{Concurrency, FetchOptions, Resolve, StoreFetch, Target, fetch_all};
//! # use earthcatalog_model::ObjectRef;
//! # use futures::StreamExt;
//! # use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};
//! struct OneStore(Arc<dyn ObjectStore>);
//!
//! impl Resolve for OneStore {
//!     fn resolve(&self, object: &ObjectRef) -> Result<Target, String> {
//!         let path = Path::parse(&object.key).map_err(|e| e.to_string())?;
//!         Ok(Target { store: self.0.clone(), path, file: None })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
//! store.put(&Path::from("a.stac.json"), "{}".into()).await?;
//! let fetch = Arc::new(StoreFetch::new(Arc::new(OneStore(store)), FetchOptions::default()));
//! let objects = futures::stream::iter([ObjectRef::new("bucket", "a.stac.json")]);
//! let mut answers = fetch_all(fetch, objects, Concurrency::default());
//! while let Some((object, answer)) = answers.next().await {
//!     println!("{}: {} bytes", object.key, answer?.body.len());
//! }
//! # Ok(())
//! # }
//! ```

#![expect(
    clippy::result_large_err,
    reason = "an answer's good side holds an object as well, and is no smaller"
)]

mod body;
mod budget;
mod concurrent;
mod fetch;
mod local;
mod outset;
mod remote;
mod store_fetch;

pub use concurrent::{Concurrency, fetch_all};
pub use fetch::{Failure, Fetch, Fetched};
pub use store_fetch::{FetchOptions, Resolve, StoreFetch, Target};
