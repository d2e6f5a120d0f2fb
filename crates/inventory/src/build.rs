//! Batches from rows, for the formats that come as rows.

use std::sync::Arc;

use arrow_array::ArrowPrimitiveType;
use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, TimestampMicrosecondBuilder, UInt64Builder};
use earthcatalog_model::{ObjectRef, Timestamp};

use crate::batch::{Buckets, ObjectBatch};
use crate::texts::{Placing, Text};

/// One row, borrowed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) size: Option<u64>,
    pub(crate) last_modified: Option<Timestamp>,
    pub(crate) etag: Option<&'a str>,
    pub(crate) version_id: Option<&'a str>,
    pub(crate) is_latest: Option<bool>,
    pub(crate) is_delete_marker: Option<bool>,
}

impl<'a> Row<'a> {
    pub(crate) fn of(object: &'a ObjectRef) -> Self {
        Self {
            bucket: &object.bucket,
            key: &object.key,
            size: object.size,
            last_modified: object.last_modified,
            etag: object.etag.as_deref(),
            version_id: object.version_id.as_deref(),
            is_latest: object.is_latest,
            is_delete_marker: object.is_delete_marker,
        }
    }
}

/// Gathers rows; [`finish`](Self::finish) gives the batch and starts anew.
#[derive(Default)]
pub(crate) struct BatchBuilder {
    /// What the rows' texts stand in: those are not copied.
    read: Arc<Text>,
    bucket: BucketBuilder,
    key: Option<Placing>,
    size: Column<UInt64Builder>,
    last_modified: Column<TimestampMicrosecondBuilder>,
    etag: Option<Placing>,
    version_id: Option<Placing>,
    is_latest: Column<BooleanBuilder>,
    is_delete_marker: Column<BooleanBuilder>,
    rows: usize,
    /// Rows of the batch before, and so probably of this one.
    expected: usize,
}

impl BatchBuilder {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Texts of the rows to come that stand in `read` are not copied: their batches hold it.
    pub(crate) fn begin(&mut self, read: &Arc<Text>) {
        self.read = read.clone();
    }

    #[inline]
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let so_far = (self.rows, self.expected);
        self.bucket.push(row.bucket, so_far, &self.read);
        push_text(&mut self.key, Some(row.key), so_far, &self.read);
        self.size.push(row.size, so_far);
        self.last_modified.push(row.last_modified.map(Timestamp::micros), so_far);
        push_text(&mut self.etag, row.etag, so_far, &self.read);
        push_text(&mut self.version_id, row.version_id, so_far, &self.read);
        self.is_latest.push(row.is_latest, so_far);
        self.is_delete_marker.push(row.is_delete_marker, so_far);
        self.rows += 1;
    }

    pub(crate) fn finish(&mut self) -> ObjectBatch {
        self.expected = std::mem::take(&mut self.rows);
        ObjectBatch {
            bucket: self.bucket.finish(),
            key: self.key.take().unwrap_or_else(|| Placing::of(&self.read, 0)).finish(),
            size: self.size.take().map(|mut column| column.finish()),
            last_modified: self.last_modified.take().map(|mut column| column.finish()),
            etag: self.etag.take().map(Placing::finish),
            version_id: self.version_id.take().map(Placing::finish),
            is_latest: self.is_latest.take().map(|mut column| column.finish()),
            is_delete_marker: self.is_delete_marker.take().map(|mut column| column.finish()),
            left_out: None,
        }
    }
}

/// Appends a row's text behind so many rows, of so many that are expected.
#[inline]
fn push_text(
    column: &mut Option<Placing>,
    text: Option<&str>,
    (rows, expected): (usize, usize),
    read: &Arc<Text>,
) {
    match (&mut *column, text) {
        (Some(column), Some(text)) => column.push(text),
        (Some(column), None) => column.nulls(1),
        (None, Some(text)) => column.insert(texts_behind(rows, expected, read)).push(text),
        (None, None) => {}
    }
}

/// A column of so many rows, the first of which have no text.
#[cold]
fn texts_behind(rows: usize, expected: usize, read: &Arc<Text>) -> Placing {
    let mut column = Placing::of(read, expected.max(rows + 1));
    column.nulls(rows);
    column
}

/// A column that is not there before its first value: many listings have none, and then its rows cost nothing.
struct Column<B>(Option<B>);

impl<B> Default for Column<B> {
    fn default() -> Self {
        Self(None)
    }
}

impl<B> Column<B> {
    fn take(&mut self) -> Option<B> {
        self.0.take()
    }

    /// Appends a row's value behind so many rows, of so many that are expected.
    #[inline]
    fn push<T>(&mut self, value: Option<T>, (rows, expected): (usize, usize))
    where
        B: Values<T>,
    {
        match (&mut self.0, value) {
            (Some(column), Some(value)) => column.value(value),
            (Some(column), None) => column.nulls(1),
            (None, Some(value)) => self.0.insert(B::behind(rows, expected)).value(value),
            (None, None) => {}
        }
    }
}

/// What makes a column of values of one kind.
trait Values<T>: Sized {
    /// One for so many rows.
    fn of(expected: usize) -> Self;

    fn value(&mut self, value: T);

    fn nulls(&mut self, count: usize);

    /// One for so many rows, the first of which have no value.
    #[cold]
    fn behind(rows: usize, expected: usize) -> Self {
        let mut column = Self::of(expected.max(rows + 1));
        column.nulls(rows);
        column
    }
}

impl<T: ArrowPrimitiveType> Values<T::Native> for PrimitiveBuilder<T> {
    fn of(expected: usize) -> Self {
        Self::with_capacity(expected)
    }

    #[inline]
    fn value(&mut self, value: T::Native) {
        self.append_value(value);
    }

    fn nulls(&mut self, count: usize) {
        self.append_nulls(count);
    }
}

impl Values<bool> for BooleanBuilder {
    fn of(expected: usize) -> Self {
        Self::with_capacity(expected)
    }

    #[inline]
    fn value(&mut self, value: bool) {
        self.append_value(value);
    }

    fn nulls(&mut self, count: usize) {
        self.append_nulls(count);
    }
}

/// One name until there is a second.
#[derive(Default)]
struct BucketBuilder {
    first: Option<Arc<str>>,
    column: Option<Placing>,
}

impl BucketBuilder {
    #[inline]
    fn push(&mut self, name: &str, (rows, expected): (usize, usize), read: &Arc<Text>) {
        match (&mut self.column, &self.first) {
            (None, Some(first)) if **first == *name => {}
            (Some(column), _) => column.push(name),
            (None, first) => self.another(name, first.clone().filter(|_| rows > 0), (rows, expected), read),
        }
    }

    #[cold]
    fn another(
        &mut self,
        name: &str,
        first: Option<Arc<str>>,
        (rows, expected): (usize, usize),
        read: &Arc<Text>,
    ) {
        let Some(first) = first else {
            self.first = Some(name.into());
            return;
        };
        let mut column = Placing::of(read, expected.max(rows + 1));
        (0..rows).for_each(|_| column.push(&first));
        column.push(name);
        self.column = Some(column);
    }

    fn finish(&mut self) -> Buckets {
        match self.column.take() {
            Some(column) => Buckets::Column(column.finish()),
            None => Buckets::One(self.first.clone().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_column_without_values_is_not_there() {
        let mut builder = BatchBuilder::default();
        builder.push(&Row { bucket: "b", key: "k", ..Row::default() });
        let batch = builder.finish();
        assert!(batch.size.is_none() && batch.last_modified.is_none() && batch.etag.is_none());
        assert!(batch.version_id.is_none() && batch.is_latest.is_none() && batch.is_delete_marker.is_none());
        assert_eq!((batch.len(), builder.rows(), builder.finish().len()), (1, 0, 0));
    }

    proptest! {
        /// Values may begin late in a batch, end early, and be longer than a block.
        #[test]
        fn rows_keep_what_they_have(
            batches in prop::collection::vec(prop::collection::vec((any::<u8>(), 0..100_000_usize), 0..8), 1..4),
        ) {
            let mut builder = BatchBuilder::default();
            for rows in batches {
                let objects: Vec<_> = rows.iter().map(|(has, length)| object(*has, *length)).collect();
                objects.iter().for_each(|object| builder.push(&Row::of(object)));
                let back: Vec<_> = builder.finish().iter().map(|row| row.to_ref()).collect();
                prop_assert_eq!(back, objects);
            }
        }
    }

    /// One that has the values whose bits are set.
    fn object(has: u8, length: usize) -> ObjectRef {
        let bit = |number: u8| has & 1 << number != 0;
        ObjectRef {
            size: bit(0).then_some(u64::from(has)),
            last_modified: Timestamp::from_micros(i64::from(has)).filter(|_| bit(1)),
            etag: bit(2).then(|| "e".repeat(length + 1)),
            version_id: bit(3).then(|| format!("{has:03}")),
            is_latest: bit(4).then_some(bit(0)),
            is_delete_marker: bit(5).then_some(bit(1)),
            ..ObjectRef::new(if bit(6) { "b" } else { "c" }, format!("{has}{}", "k".repeat(length)))
        }
    }
}
