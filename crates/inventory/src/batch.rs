//! Rows of a listing, in columns, and a row as it is looked at.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, TimestampMicrosecondArray, UInt64Array};
use earthcatalog_model::{ObjectRef, Timestamp};

use crate::build::{BatchBuilder, Row};
use crate::filter::Skipped;
use crate::texts::Texts;

/// The buckets of a batch: nearly always one.
#[derive(Debug, Clone)]
pub(crate) enum Buckets {
    One(Arc<str>),
    Column(Texts),
}

/// Some thousand rows of a listing, in columns. One of a listing in text holds the part of the text that its rows stand in: half a
/// megabyte.
///
/// Every column has as many rows as the keys; keys and buckets have no nulls, instants are within [`Timestamp`]'s
/// range. Whoever makes a batch in this crate sees to that.
#[derive(Debug, Clone)]
pub struct ObjectBatch {
    pub(crate) bucket: Buckets,
    pub(crate) key: Texts,
    pub(crate) size: Option<UInt64Array>,
    pub(crate) last_modified: Option<TimestampMicrosecondArray>,
    pub(crate) etag: Option<Texts>,
    pub(crate) version_id: Option<Texts>,
    pub(crate) is_latest: Option<BooleanArray>,
    pub(crate) is_delete_marker: Option<BooleanArray>,
    pub(crate) left_out: Option<(u64, Skipped)>,
}

impl ObjectBatch {
    /// No rows, but word of so many that a filter cannot take, for this reason.
    pub(crate) fn left_out(rows: u64, reason: Skipped) -> Self {
        Self { left_out: Some((rows, reason)), ..BatchBuilder::default().finish() }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.key.len()
    }

    /// True where there are no rows.
    pub fn is_empty(&self) -> bool {
        self.key.len() == 0
    }

    /// The row `i`, to be looked at; as with a slice, looking at one past the end panics.
    pub fn get(&self, i: usize) -> ObjectView<'_> {
        ObjectView { batch: self, row: i }
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ObjectView<'_>> {
        (0..self.len()).map(|i| self.get(i))
    }
}

impl<'a> FromIterator<&'a ObjectRef> for ObjectBatch {
    fn from_iter<T: IntoIterator<Item = &'a ObjectRef>>(objects: T) -> Self {
        let mut builder = BatchBuilder::default();
        for object in objects {
            builder.push(&Row::of(object));
        }
        builder.finish()
    }
}

/// A row of a batch. Nothing is copied before [`to_ref`](Self::to_ref).
#[derive(Debug, Clone, Copy)]
pub struct ObjectView<'a> {
    batch: &'a ObjectBatch,
    row: usize,
}

impl<'a> ObjectView<'a> {
    /// The bucket's name.
    pub fn bucket(&self) -> &'a str {
        match &self.batch.bucket {
            Buckets::One(name) => name,
            Buckets::Column(names) => names.get(self.row),
        }
    }

    /// The key, decoded.
    pub fn key(&self) -> &'a str {
        self.batch.key.get(self.row)
    }

    /// The size in bytes.
    pub fn size(&self) -> Option<u64> {
        let column = self.batch.size.as_ref()?;
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    /// When the object was last written.
    pub fn last_modified(&self) -> Option<Timestamp> {
        let column = self.batch.last_modified.as_ref()?;
        column.is_valid(self.row).then(|| Timestamp::from_micros(column.value(self.row)))?
    }

    /// The entity tag, without quotes.
    pub fn etag(&self) -> Option<&'a str> {
        text(&self.batch.etag, self.row).map(|etag| etag.trim_matches('"'))
    }

    /// The version.
    pub fn version_id(&self) -> Option<&'a str> {
        text(&self.batch.version_id, self.row)
    }

    /// False for a version that a newer one has replaced.
    pub fn is_latest(&self) -> Option<bool> {
        flag(&self.batch.is_latest, self.row)
    }

    /// True for the mark that a deletion leaves.
    pub fn is_delete_marker(&self) -> Option<bool> {
        flag(&self.batch.is_delete_marker, self.row)
    }

    /// A copy that owns what it says.
    pub fn to_ref(&self) -> ObjectRef {
        ObjectRef {
            bucket: self.bucket().to_owned(),
            key: self.key().to_owned(),
            size: self.size(),
            last_modified: self.last_modified(),
            etag: self.etag().map(str::to_owned),
            version_id: self.version_id().map(str::to_owned),
            is_latest: self.is_latest(),
            is_delete_marker: self.is_delete_marker(),
        }
    }
}

/// An empty text says as little as none: CSV cannot tell them apart.
fn text(column: &Option<Texts>, row: usize) -> Option<&str> {
    Some(column.as_ref()?.get(row)).filter(|text| !text.is_empty())
}

fn flag(column: &Option<BooleanArray>, row: usize) -> Option<bool> {
    let column = column.as_ref()?;
    column.is_valid(row).then(|| column.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let full = ObjectRef {
            bucket: "b".to_owned(),
            key: "k/\u{1F30D}".to_owned(),
            size: Some(u64::MAX),
            last_modified: Timestamp::parse("1999-01-01T00:00:00.000001Z").ok(),
            etag: Some("abc".to_owned()),
            version_id: Some("v1".to_owned()),
            is_latest: Some(true),
            is_delete_marker: Some(false),
        };
        let objects = vec![full, ObjectRef::new("c", "x"), ObjectRef::new("", "local")];
        let batch: ObjectBatch = objects.iter().collect();
        let back: Vec<_> = batch.iter().map(|view| view.to_ref()).collect();
        assert_eq!(back, objects);
        assert_eq!((batch.len(), batch.is_empty()), (3, false));
    }

    #[test]
    fn an_etag_is_bare() {
        let object = ObjectRef { etag: Some("\"abc\"".to_owned()), ..ObjectRef::new("b", "k") };
        let batch: ObjectBatch = [&object].into_iter().collect();
        assert_eq!(batch.get(0).etag(), Some("abc"));
    }
}
