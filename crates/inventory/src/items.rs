//! Files that hold items themselves, and not their names: stac-geoparquet, NDJSON, FeatureCollections.
//!
//! The file is read once, when it is opened. Its items go as JSON into a temporary file, some hundred kB to a compressed
//! block, and are given out from there, so that neither the file's compression nor its layout matters and memory is that of a
//! few blocks. Each is listed as an object:
//!
//! - of the place that its `self` link names, where that is a URL with the item's id in it, or (in a file of a catalog of
//!   earthcatalog) of the place that it came from;
//! - else of the file with `#` and the id, `s3://bucket/items.ndjson#granule-1`;
//! - where there is no id, of the file with the number of the line, feature or row: `#line=17`.
//!
//! `last_modified` is the item's `updated`, the etag a hash of its text, and `version_id` where it is in the temporary file.

mod array;
mod blocks_of;
mod name;
mod put;
mod read;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use bytes::Bytes;
use earthcatalog_model::{ObjectRef, Timestamp};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::batch::ObjectBatch;
use crate::blocks::Blocks;
use crate::build::Row;
use crate::error::{Error, Result};
use crate::kept::{Kept, Packer};
use crate::open::{Inventory, open_whole};
use blocks_of::{Bodies, Place};

/// An item of a row of a Parquet file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowItem {
    /// The item, as JSON text.
    pub json: String,
    /// Where it came from, where the row says: `s3://bucket/key`.
    pub href: Option<String>,
    /// When that was last written.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag.
    pub etag: Option<String>,
}

/// Makes items of the rows of a stac-geoparquet file, one for each, or says why it cannot.
pub type RowsToItems = fn(&RecordBatch) -> std::result::Result<Vec<RowItem>, String>;

/// Why there is no item at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoItem {
    /// It is longer than an item may be.
    TooLong(&'static str),
    /// The row cannot be read as one, for this reason.
    Unreadable(String),
}

/// Where a file of items is.
#[derive(Debug, Clone)]
pub struct ItemsSource {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The file there.
    pub path: Path,
    /// Its URL, for people and for the identity.
    pub url: String,
    /// The bucket and the key of the file, as an inventory would name it.
    pub object: ObjectRef,
}

/// A file of items: an inventory that also has what it lists.
pub struct ItemsFile {
    kept: Kept,
    bodies: Bodies,
}

impl fmt::Debug for ItemsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemsFile").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Reads a file of items: Parquet, or JSON (an item a line, or a FeatureCollection, or an array), the JSON plain or
/// compressed by gzip or zstd.
///
/// An item that is none is listed all the same, and rejected by who reads it.
///
/// # Errors
/// Where the file is not there, is empty, is of another kind, or cannot be read to its end.
pub async fn open_items(source: ItemsSource, rows: RowsToItems) -> Result<ItemsFile> {
    let name = crate::open::without_secrets(&source.url);
    let whole = open_whole(source.store, source.path, &name).await?;
    let order = Arc::new(Mutex::new(Vec::new()));
    let blocks = Arc::new(Blocks::new()?);
    let putting = put::Putting { file: source.object, blocks: blocks.clone(), order: order.clone() };
    let batches = read::batches(whole, putting, rows).await?;
    let kept = keep(batches, &name).await?;
    let order = std::mem::take(&mut *order.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(ItemsFile { kept, bodies: Bodies::new(blocks, order) })
}

/// Keeps the rows of a listing.
async fn keep(mut batches: BoxStream<'static, Result<ObjectBatch>>, name: &str) -> Result<Kept> {
    let mut packer = Packer::new(Arc::new(Blocks::new()?));
    while let Some(batch) = batches.next().await {
        batch?.iter().try_for_each(|object| packer.push(&Row::of(&object.to_ref())))?;
    }
    packer.finish(name)
}

impl ItemsFile {
    /// The text of an item that this listing has, or why it has none. Reads from a disk: not for the threads of a runtime.
    ///
    /// # Errors
    /// Where the temporary file cannot be read, or the object is none of this listing.
    pub fn item(&self, object: &ObjectRef) -> Result<std::result::Result<Bytes, NoItem>> {
        let place = object.version_id.as_deref().and_then(Place::parse);
        let found = place.map(|place| self.bodies.get(place)).transpose()?.flatten();
        found.ok_or_else(|| Error::Worker {
            name: self.name().to_owned(),
            message: format!("it has no item {:?} at {:?}", object.key, object.version_id),
        })
    }
}

impl Inventory for ItemsFile {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        self.kept.batches()
    }

    fn name(&self) -> &str {
        self.kept.name()
    }

    fn identity(&self) -> &str {
        self.kept.identity()
    }
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
