//! The shape of files of objects: what is known of each object, its columns, and the way between them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{
    Array, FixedSizeBinaryArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt8Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use earthcatalog_model::{IdHash, KeyHash, Timestamp};

use crate::ids::{hash_at, hashes};

/// The columns of a file of objects.
pub(crate) const KEY_HASH: &str = "key_hash";
pub(crate) const ID_HASH: &str = "id_hash";
pub(crate) const LAST_MODIFIED: &str = "last_modified";
pub(crate) const ETAG: &str = "etag";
pub(crate) const FATE: &str = "fate";
pub(crate) const COLUMNS: [&str; 5] = [KEY_HASH, ID_HASH, LAST_MODIFIED, ETAG, FATE];

/// Marks of the files.
pub(crate) const BASE: &str = "objects/1";
pub(crate) const SEGMENT: &str = "objects-segment/1";

const WIDTH: i32 = 16;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// Its item is in the table.
    Ingested,
    /// Its item lost to a newer one of the same id.
    Superseded,
    /// It was refused; it may have no id.
    Rejected,
    /// It is gone from the inventory: the mark of that, in segments.
    Deleted,
}

impl Fate {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 4] = [Self::Ingested, Self::Superseded, Self::Rejected, Self::Deleted];

    /// The text in the column `fate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingested => "ingested",
            Self::Superseded => "superseded",
            Self::Rejected => "rejected",
            Self::Deleted => "deleted",
        }
    }

    /// What such a text stands for; None if it is none of the four.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == text)
    }
}

/// What the index knows of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// The hash of its bucket and key.
    pub key: KeyHash,
    /// The hash of its item's id; None where the object was rejected before it had one.
    pub id: Option<IdHash>,
    /// When it was last written, by the inventory.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag as the inventory has it, without quotes.
    pub etag: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

impl ObjectRow {
    /// The mark that an object is gone.
    pub fn deleted(key: KeyHash) -> Self {
        Self { key, id: None, last_modified: None, etag: None, fate: Fate::Deleted }
    }
}

/// The schema of base files and segments.
pub(crate) fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new(KEY_HASH, DataType::FixedSizeBinary(WIDTH), false),
        Field::new(ID_HASH, DataType::FixedSizeBinary(WIDTH), true),
        Field::new(LAST_MODIFIED, time, true),
        Field::new(ETAG, DataType::Utf8, true),
        Field::new(FATE, DataType::Utf8, false),
    ]))
}

/// Rows on their way to a batch.
#[derive(Default)]
pub(crate) struct Rows {
    keys: Vec<u8>,
    ids: Vec<u8>,
    has_id: Vec<bool>,
    times: Vec<Option<i64>>,
    etags: Vec<Option<String>>,
    fates: Vec<Fate>,
}

impl Rows {
    pub(crate) fn push(&mut self, row: &ObjectRow) {
        self.keys.extend_from_slice(&row.key.0);
        self.ids.extend_from_slice(&row.id.unwrap_or_default().0);
        self.has_id.push(row.id.is_some());
        self.times.push(row.last_modified.map(Timestamp::micros));
        self.etags.push(row.etag.clone());
        self.fates.push(row.fate);
    }

    pub(crate) fn len(&self) -> usize {
        self.fates.len()
    }

    /// The rows as a batch of [`schema`]; they are gone from here.
    pub(crate) fn take(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(self);
        let has_id = NullBuffer::new(BooleanBuffer::from(rows.has_id));
        let keys = FixedSizeBinaryArray::try_new(WIDTH, Buffer::from_vec(rows.keys), None)?;
        let ids = FixedSizeBinaryArray::try_new(WIDTH, Buffer::from_vec(rows.ids), Some(has_id))?;
        let times = TimestampMicrosecondArray::from(rows.times).with_timezone("UTC");
        let etags = StringArray::from_iter(rows.etags);
        let fates = StringArray::from_iter_values(rows.fates.iter().map(|fate| fate.as_str()));
        let columns: [arrow_array::ArrayRef; 5] =
            [Arc::new(keys), Arc::new(ids), Arc::new(times), Arc::new(etags), Arc::new(fates)];
        RecordBatch::try_new(Arc::clone(schema), columns.into())
    }
}

/// Some rows of a file of objects. Rows are numbered from 0.
#[derive(Debug, Clone)]
pub struct ObjectsBatch {
    keys: FixedSizeBinaryArray,
    ids: FixedSizeBinaryArray,
    times: TimestampMicrosecondArray,
    etags: StringArray,
    fates: UInt8Array,
}

impl ObjectsBatch {
    /// Takes a batch apart; None if a column is missing or of another type, or a fate is unknown.
    pub(crate) fn new(batch: &RecordBatch) -> Option<Self> {
        let column = |name| batch.column_by_name(name);
        Some(Self {
            keys: hashes(batch, KEY_HASH)?.clone(),
            ids: hashes(batch, ID_HASH)?.clone(),
            times: column(LAST_MODIFIED)?.as_primitive_opt::<TimestampMicrosecondType>()?.clone(),
            etags: column(ETAG)?.as_string_opt::<i32>()?.clone(),
            fates: numbers(column(FATE)?.as_string_opt::<i32>()?)?,
        })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of the object's name.
    ///
    /// # Panics
    /// When there is no such row; so do the others.
    pub fn key(&self, row: usize) -> KeyHash {
        KeyHash(hash_at(&self.keys, row))
    }

    /// The hash of its item's id.
    pub fn id(&self, row: usize) -> Option<IdHash> {
        self.ids.is_valid(row).then(|| IdHash(hash_at(&self.ids, row)))
    }

    /// When it was last written.
    pub fn last_modified(&self, row: usize) -> Option<Timestamp> {
        self.times.is_valid(row).then(|| Timestamp::from_micros(self.times.value(row)))?
    }

    /// Its entity tag.
    pub fn etag(&self, row: usize) -> Option<&str> {
        self.etags.is_valid(row).then(|| self.etags.value(row))
    }

    /// What became of it.
    pub fn fate(&self, row: usize) -> Fate {
        let number = usize::from(self.fates.value(row));
        Fate::ALL.get(number).copied().unwrap_or(Fate::Deleted)
    }

    /// All of it.
    pub fn row(&self, row: usize) -> ObjectRow {
        ObjectRow {
            key: self.key(row),
            id: self.id(row),
            last_modified: self.last_modified(row),
            etag: self.etag(row).map(str::to_owned),
            fate: self.fate(row),
        }
    }

    /// The rows that are no tombstones; None where all are such.
    pub(crate) fn live(&self) -> Option<NullBuffer> {
        let live = |fate: &u8| Fate::ALL.get(usize::from(*fate)) != Some(&Fate::Deleted);
        let live: NullBuffer = self.fates.values().iter().map(live).collect::<Vec<bool>>().into();
        (live.null_count() > 0).then_some(live)
    }
}

/// Fates by their numbers, read once; None if there is one that is unknown.
fn numbers(texts: &StringArray) -> Option<UInt8Array> {
    let number = |text: &str| {
        let fate = Fate::parse(text)?;
        Fate::ALL.iter().position(|known| *known == fate).and_then(|n| u8::try_from(n).ok())
    };
    let numbers = (0..texts.len()).map(|row| number(texts.value(row)));
    numbers.collect::<Option<Vec<u8>>>().map(UInt8Array::from)
}

#[cfg(test)]
#[path = "objects_tests.rs"]
mod tests;
