//! Batches from rows, for the formats that come as rows.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, PrimitiveBuilder, StringViewBuilder, TimestampMicrosecondBuilder, UInt64Builder,
};
use arrow_array::{ArrowPrimitiveType, StringViewArray};
use arrow_buffer::Buffer;
use earthcatalog_model::{ObjectRef, Timestamp};

use crate::batch::{Buckets, ObjectBatch};

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

/// Bytes of the blocks that hold texts: with blocks that grow to megabytes, as they do by default, reading takes half as much
/// memory again, and all of it has to be cleared once.
const BLOCK: u32 = 64 << 10;

/// Gathers rows; [`finish`](Self::finish) gives the batch and starts anew.
#[derive(Default)]
pub(crate) struct BatchBuilder {
    bucket: BucketBuilder,
    /// What the rows' texts stand in: those are not copied.
    section: Option<Buffer>,
    key: Column<Texts>,
    size: Column<UInt64Builder>,
    last_modified: Column<TimestampMicrosecondBuilder>,
    etag: Column<Texts>,
    version_id: Column<Texts>,
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

    /// Texts of the rows to come that stand in `section` are not copied: their batches hold it.
    pub(crate) fn begin(&mut self, section: &Buffer) {
        self.section = Some(section.clone());
    }

    #[inline]
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let so_far = (self.rows, self.expected);
        let text = |text| Text { text, section: self.section.as_ref() };
        self.bucket.push(row.bucket, self.rows);
        self.key.push(Some(text(row.key)), so_far);
        self.size.push(row.size, so_far);
        self.last_modified.push(row.last_modified.map(Timestamp::micros), so_far);
        self.etag.push(row.etag.map(text), so_far);
        self.version_id.push(row.version_id.map(text), so_far);
        self.is_latest.push(row.is_latest, so_far);
        self.is_delete_marker.push(row.is_delete_marker, so_far);
        self.rows += 1;
    }

    pub(crate) fn finish(&mut self) -> ObjectBatch {
        self.expected = std::mem::take(&mut self.rows);
        ObjectBatch {
            bucket: self.bucket.finish(),
            key: self.key.take().map(|mut column| column.finish()).unwrap_or_else(no_texts),
            size: self.size.take().map(|mut column| column.finish()),
            last_modified: self.last_modified.take().map(|mut column| column.finish()),
            etag: self.etag.take().map(|mut column| column.finish()),
            version_id: self.version_id.take().map(|mut column| column.finish()),
            is_latest: self.is_latest.take().map(|mut column| column.finish()),
            is_delete_marker: self.is_delete_marker.take().map(|mut column| column.finish()),
            left_out: None,
        }
    }
}

fn no_texts() -> StringViewArray {
    StringViewBuilder::with_capacity(0).finish()
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

/// A text that may stand in a section.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    section: Option<&'a Buffer>,
}

impl Text<'_> {
    /// Where it stands in its section: its place and its length.
    #[inline]
    fn place(&self) -> Option<(u32, u32)> {
        let section = self.section?;
        let at = self.text.as_ptr().addr().checked_sub(section.as_ptr().addr())?;
        (at + self.text.len() <= section.len()).then_some(())?;
        Some((u32::try_from(at).ok()?, u32::try_from(self.text.len()).ok()?))
    }
}

/// Texts of a column.
struct Texts {
    builder: StringViewBuilder,
    /// The section's number among the column's blocks, once it is one.
    block: Option<u32>,
}

impl Texts {
    fn finish(&mut self) -> StringViewArray {
        self.builder.finish()
    }
}

impl Values<Text<'_>> for Texts {
    fn of(expected: usize) -> Self {
        Self { builder: StringViewBuilder::with_capacity(expected).with_fixed_block_size(BLOCK), block: None }
    }

    #[inline]
    fn value(&mut self, value: Text<'_>) {
        let Self { builder, block } = self;
        let viewed = value.place().zip(value.section).is_some_and(|((at, length), section)| {
            let block = *block.get_or_insert_with(|| builder.append_block(section.clone()));
            builder.try_append_view(block, at, length).is_ok()
        });
        if !viewed {
            builder.append_value(value.text);
        }
    }

    fn nulls(&mut self, count: usize) {
        (0..count).for_each(|_| self.builder.append_null());
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
    column: Option<StringViewBuilder>,
}

impl BucketBuilder {
    fn push(&mut self, name: &str, rows_before: usize) {
        if let Some(column) = &mut self.column {
            column.append_value(name);
            return;
        }
        match &self.first {
            Some(first) if &**first == name => {}
            Some(first) if rows_before > 0 => {
                let mut column = StringViewBuilder::new();
                (0..rows_before).for_each(|_| column.append_value(&**first));
                column.append_value(name);
                self.column = Some(column);
            }
            _ => self.first = Some(name.into()),
        }
    }

    fn finish(&mut self) -> Buckets {
        match self.column.take() {
            Some(mut column) => Buckets::Column(column.finish()),
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
