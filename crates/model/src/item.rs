//! A STAC Item on its way from the bucket to the table.

use std::sync::Arc;

use bytes::Bytes;

use crate::geometry::Bbox;
use crate::hash::IdHash;
use crate::object::ObjectRef;
use crate::time::Timestamp;

/// Where an item came from: the column `_source` and the identity of the object's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The object, as listed. Its `last_modified` and `etag` are those of the listing, or of the answer where the listing had none.
    pub object: ObjectRef,
    /// Where it is, e.g. `s3://bucket/key`, independent of bucket maps. Empty where that is not known: of rows that
    /// earthcatalog 0.6.1 wrote.
    pub href: String,
}

/// A valid item, ready to be covered, staged and written. Its JSON stays the truth; the rest is read off it once.
#[derive(Debug, Clone)]
pub struct Item {
    /// The JSON text.
    pub body: Bytes,
    /// Where it came from.
    pub source: Arc<Source>,
    /// `id`.
    pub id: Arc<str>,
    /// Hash of `id`.
    pub id_hash: IdHash,
    /// `properties.datetime`: decides the partition's year.
    pub datetime: Option<Timestamp>,
    /// `properties.updated`: decides between two items of one id, before the object's last_modified.
    pub updated: Option<Timestamp>,
    /// The geometry as stored: ISO WKB, cut at 180° and closed over poles where needed. None for null or empty ones.
    pub wkb: Option<Bytes>,
    /// True where `wkb` is not the item's own geometry, so that `_extra` keeps the original.
    pub geometry_changed: bool,
    /// The box around the stored geometry.
    pub bbox: Option<Bbox>,
    /// Place on the S2 Hilbert curve of the box's centre: the sort key of rows.
    pub order: u64,
}
