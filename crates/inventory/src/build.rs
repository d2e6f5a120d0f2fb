//! Batches from rows, for the formats that come as rows.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringViewBuilder, TimestampMicrosecondBuilder, UInt64Builder};
use arrow_array::{Array, BooleanArray, StringViewArray};
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

/// Gathers rows; [`finish`](Self::finish) gives the batch and starts anew.
#[derive(Default)]
pub(crate) struct BatchBuilder {
    bucket: BucketBuilder,
    key: StringViewBuilder,
    size: UInt64Builder,
    last_modified: TimestampMicrosecondBuilder,
    etag: StringViewBuilder,
    version_id: StringViewBuilder,
    is_latest: BooleanBuilder,
    is_delete_marker: BooleanBuilder,
    rows: usize,
}

impl BatchBuilder {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) {
        self.bucket.push(row.bucket, self.rows);
        self.key.append_value(row.key);
        self.size.append_option(row.size);
        self.last_modified.append_option(row.last_modified.map(Timestamp::micros));
        self.etag.append_option(row.etag);
        self.version_id.append_option(row.version_id);
        self.is_latest.append_option(row.is_latest);
        self.is_delete_marker.append_option(row.is_delete_marker);
        self.rows += 1;
    }

    pub(crate) fn finish(&mut self) -> ObjectBatch {
        self.rows = 0;
        ObjectBatch {
            bucket: self.bucket.finish(),
            key: self.key.finish(),
            size: Some(self.size.finish()),
            last_modified: Some(self.last_modified.finish()),
            etag: some_text(self.etag.finish()),
            version_id: some_text(self.version_id.finish()),
            is_latest: some_flag(self.is_latest.finish()),
            is_delete_marker: some_flag(self.is_delete_marker.finish()),
            left_out: None,
        }
    }
}

fn some_text(column: StringViewArray) -> Option<StringViewArray> {
    (column.null_count() < column.len()).then_some(column)
}

fn some_flag(column: BooleanArray) -> Option<BooleanArray> {
    (column.null_count() < column.len()).then_some(column)
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
