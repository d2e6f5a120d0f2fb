//! From record batches of a file, Parquet or ORC, to batches of objects.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringViewArray};
use arrow_schema::Schema;

use crate::batch::{Buckets, ObjectBatch};
use crate::columns::{Column, assign, require};
use crate::convert;
use crate::error::{Error, Result};
use crate::form::{Dialect, Form};
use crate::texts::Texts;

/// What is what, in the order of the file; types that cannot be meant are refused before a row is read.
pub(crate) fn find_columns(name: &str, schema: &Schema, form: &Form) -> Result<Vec<(Column, usize)>> {
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let columns = assign(names.iter().copied(), form.dialect);
    require(name, &columns, &names, form, "")?;
    let mut found = Vec::new();
    for (index, (column, field)) in columns.iter().zip(schema.fields()).enumerate() {
        let Some(column) = *column else { continue };
        if let Some(expected) = convert::mismatch(column, field.data_type()) {
            return Err(Error::ColumnType {
                name: name.to_owned(),
                column: field.name().clone(),
                found: field.data_type().to_string(),
                expected,
            });
        }
        found.push((column, index));
    }
    Ok(found)
}

/// Converts the batches of a file one after another.
pub(crate) struct Turn {
    name: Arc<str>,
    /// What each column of a batch is, in their order.
    columns: Vec<Column>,
    form: Form,
    /// Rows before this batch.
    rows: u64,
}

impl Turn {
    pub(crate) fn new(name: Arc<str>, columns: Vec<Column>, form: Form) -> Self {
        Self { name, columns, form, rows: 0 }
    }

    /// So many rows are not read.
    pub(crate) fn pass(&mut self, rows: u64) {
        self.rows += rows;
    }

    pub(crate) fn batch(&mut self, batch: &RecordBatch) -> Result<ObjectBatch> {
        let objects = self.convert(batch).map_err(|(row, message)| Error::Row {
            name: self.name.to_string(),
            row: self.rows + row as u64,
            message,
        })?;
        self.rows += batch.num_rows() as u64;
        Ok(objects)
    }

    fn convert(&self, batch: &RecordBatch) -> std::result::Result<ObjectBatch, (usize, String)> {
        let column = |wanted| {
            let place = self.columns.iter().position(|column| *column == wanted)?;
            batch.columns().get(place)
        };
        let near =
            |what: &'static str| move |message| (0, format!("in the rows from here, {what}: {message}"));
        let texts = |wanted, what| column(wanted).map(convert::text).transpose().map_err(near(what));
        let flags = |wanted, what| column(wanted).map(convert::flag).transpose().map_err(near(what));
        let key = texts(Column::Key, "key")?.ok_or((0, "there is no key".to_owned()))?;
        if let Some(row) = first_empty(&key) {
            return Err((row, "the key is empty".to_owned()));
        }
        let snapshot = column(Column::Snapshot).map(convert::given).transpose().map_err(near("snapshot"))?;
        let (bucket, key) = self.places(column(Column::Bucket), key)?;
        Ok(ObjectBatch {
            bucket,
            key: key.into(),
            size: column(Column::Size).map(convert::size).transpose().map_err(near("size"))?,
            last_modified: column(Column::LastModified)
                .map(convert::instant)
                .transpose()
                .map_err(near("last_modified"))?,
            etag: texts(Column::Etag, "etag")?.map(Texts::Views),
            version_id: texts(Column::VersionId, "version_id")?.map(Texts::Views),
            is_latest: latest(flags(Column::IsLatest, "is_latest")?, snapshot.as_ref()),
            is_delete_marker: flags(Column::IsDeleteMarker, "is_delete_marker")?,
            left_out: None,
        })
    }

    fn places(
        &self,
        bucket: Option<&ArrayRef>,
        key: StringViewArray,
    ) -> std::result::Result<(Buckets, StringViewArray), (usize, String)> {
        match self.form.dialect {
            Dialect::Plain => {}
            Dialect::Gcs => return self.prefixed(bucket, key),
            Dialect::Azure => return self.split(&key),
        }
        let named = bucket.map(convert::text).transpose();
        let named = named.map_err(|message| (0, format!("in the rows from here, bucket: {message}")))?;
        Ok((self.buckets(named)?, key))
    }

    fn prefixed(
        &self,
        bucket: Option<&ArrayRef>,
        key: StringViewArray,
    ) -> std::result::Result<(Buckets, StringViewArray), (usize, String)> {
        let named = bucket.map(convert::text).transpose().map_err(|message| (0, message))?;
        let default = self.form.options.default_bucket.as_deref();
        let name = |row: usize| {
            let named = named.as_ref().filter(|names| names.is_valid(row)).map(|names| names.value(row));
            self.form.place(named.or(default).unwrap_or_default(), key.value(row)).map(|(bucket, _)| bucket)
        };
        let names: std::result::Result<StringViewArray, String> =
            (0..key.len()).map(|row| name(row).map(Some)).collect();
        Ok((Buckets::Column(names.map_err(|message| (0, message))?.into()), key))
    }

    fn split(
        &self,
        names: &StringViewArray,
    ) -> std::result::Result<(Buckets, StringViewArray), (usize, String)> {
        let mut places = Vec::with_capacity(names.len());
        for row in 0..names.len() {
            places.push(self.form.place("", names.value(row)).map_err(|message| (row, message))?);
        }
        let buckets: StringViewArray = places.iter().map(|(bucket, _)| Some(bucket)).collect();
        let keys = places.iter().map(|(_, key)| Some(key)).collect();
        Ok((Buckets::Column(buckets.into()), keys))
    }

    fn buckets(&self, named: Option<StringViewArray>) -> std::result::Result<Buckets, (usize, String)> {
        match (named, &self.form.options.default_bucket) {
            (Some(named), _) if named.null_count() == 0 => Ok(Buckets::Column(named.into())),
            (Some(named), Some(default)) => {
                let named: StringViewArray = named.iter().map(|name| Some(name.unwrap_or(default))).collect();
                Ok(Buckets::Column(named.into()))
            }
            (None, Some(default)) => Ok(Buckets::One(default.as_str().into())),
            (named, None) => {
                let row = named.and_then(|named| named.iter().position(|name| name.is_none()));
                Err((row.unwrap_or_default(), "the bucket is missing".to_owned()))
            }
        }
    }
}

/// The first row without a text.
fn first_empty(texts: &StringViewArray) -> Option<usize> {
    if texts.null_count() > 0 {
        return texts.iter().position(|text| text.is_none_or(str::is_empty));
    }
    // The lower half of a view's first word is its length.
    texts.views().iter().position(|view| *view as u32 == 0)
}

/// A snapshot is no live object, whatever else is said of it.
fn latest(is_latest: Option<BooleanArray>, snapshot: Option<&BooleanArray>) -> Option<BooleanArray> {
    let Some(snapshot) = snapshot else { return is_latest };
    let said =
        |row: usize| is_latest.as_ref().filter(|flags| flags.is_valid(row)).map(|flags| flags.value(row));
    Some((0..snapshot.len()).map(|row| if snapshot.value(row) { Some(false) } else { said(row) }).collect())
}
