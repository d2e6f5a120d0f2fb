//! The shape of files of ids: their columns, and the way between partitions and Arrow.
//!
//! A segment differs in one thing: `partitions` is null where the id was deleted.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int32Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use earthcatalog_model::{CellId, IdHash, PartitionKey};

/// The column of hashes: 16 fixed bytes, never null, one row an id. earthcatalog 0.6.1 knows it by this name.
pub const ID_HASH: &str = "id_hash";

/// The column of partitions: a list of structs of `grid_partition` (text) and `year` (int, null without a datetime).
/// Files of earthcatalog 0.6.1 do not have it.
pub const PARTITIONS: &str = "partitions";

/// Marks of the files.
pub(crate) const BASE: &str = "ids/1";
pub(crate) const SEGMENT: &str = "ids-segment/1";

/// Entries in the footer of a segment: see [`crate::IdsDelta`].
pub(crate) const ADDED: &str = "earthcatalog.index.added";
pub(crate) const REMOVED: &str = "earthcatalog.index.removed";

const GRID_PARTITION: &str = "grid_partition";
const YEAR: &str = "year";
const WIDTH: i32 = 16;

fn element_fields() -> Fields {
    Fields::from(vec![
        Field::new(GRID_PARTITION, DataType::Utf8, false),
        Field::new(YEAR, DataType::Int32, true),
    ])
}

fn element() -> Field {
    Field::new("element", DataType::Struct(element_fields()), false)
}

/// The schema of a base file.
pub(crate) fn schema() -> SchemaRef {
    schema_with(false)
}

/// The schema of a segment.
pub(crate) fn segment_schema() -> SchemaRef {
    schema_with(true)
}

fn schema_with(deletions: bool) -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(ID_HASH, DataType::FixedSizeBinary(WIDTH), false),
        Field::new(PARTITIONS, DataType::List(Arc::new(element())), deletions),
    ]))
}

/// Rows on their way to a batch.
#[derive(Default)]
pub(crate) struct Rows {
    hashes: Vec<u8>,
    live: Vec<bool>,
    ends: Vec<i32>,
    cells: Vec<CellId>,
    years: Vec<Option<i32>>,
}

impl Rows {
    /// Adds an id; None for one that was deleted.
    pub(crate) fn push(&mut self, id: &IdHash, partitions: Option<&[PartitionKey]>) {
        self.hashes.extend_from_slice(&id.0);
        self.live.push(partitions.is_some());
        let partitions = partitions.unwrap_or_default();
        self.cells.extend(partitions.iter().map(|p| p.cell.clone()));
        self.years.extend(partitions.iter().map(|p| p.year));
        self.ends.push(i32::try_from(self.cells.len()).unwrap_or(i32::MAX));
    }

    /// Rows, or partitions if there are more of them: what the size of a batch is measured by.
    pub(crate) fn weight(&self) -> usize {
        self.ends.len().max(self.cells.len())
    }

    /// The rows as a batch of the schema; they are gone from here.
    pub(crate) fn take(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(self);
        let cells: ArrayRef = Arc::new(StringArray::from_iter_values(rows.cells.iter().map(CellId::as_str)));
        let years: ArrayRef = Arc::new(Int32Array::from(rows.years));
        let elements = StructArray::try_new(element_fields(), vec![cells, years], None)?;
        let offsets: ScalarBuffer<i32> = std::iter::once(0).chain(rows.ends).collect();
        let live = NullBuffer::new(BooleanBuffer::from(rows.live));
        let live = Some(live).filter(|live| live.null_count() > 0);
        let offsets = OffsetBuffer::new(offsets);
        let lists = ListArray::try_new(Arc::new(element()), offsets, Arc::new(elements), live)?;
        let hashes = FixedSizeBinaryArray::try_new(WIDTH, Buffer::from_vec(rows.hashes), None)?;
        RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(hashes), Arc::new(lists)])
    }
}

/// A column of hashes; None if it is not there or is of another type.
pub(crate) fn hashes<'a>(batch: &'a RecordBatch, column: &str) -> Option<&'a FixedSizeBinaryArray> {
    let column = batch.column_by_name(column)?.as_fixed_size_binary_opt()?;
    (column.value_length() == WIDTH).then_some(column)
}

/// The 16 bytes of a row.
pub(crate) fn hash_at(hashes: &FixedSizeBinaryArray, row: usize) -> [u8; 16] {
    hashes.value(row).try_into().unwrap_or_default()
}

/// The partitions of a batch; None if the column is not there or is of another type.
pub(crate) fn partitions(batch: &RecordBatch) -> Option<PartitionColumn> {
    let lists = batch.column_by_name(PARTITIONS)?.as_list_opt::<i32>()?.clone();
    let elements = lists.values().as_struct_opt()?;
    let cells = elements.column_by_name(GRID_PARTITION)?.as_string_opt::<i32>()?.clone();
    let years = elements.column_by_name(YEAR)?.as_primitive_opt::<Int32Type>()?.clone();
    Some(PartitionColumn { lists, cells, years })
}

/// The column `partitions` of a batch, taken apart once.
#[derive(Debug, Clone)]
pub(crate) struct PartitionColumn {
    lists: ListArray,
    cells: StringArray,
    years: Int32Array,
}

impl PartitionColumn {
    /// Rows that are not deleted; None where all are such.
    pub(crate) fn live(&self) -> Option<&NullBuffer> {
        self.lists.nulls()
    }

    pub(crate) fn get(&self, row: usize) -> Vec<PartitionKey> {
        let offsets = self.lists.value_offsets();
        let at = |i: usize| offsets.get(i).map_or(0, |o| usize::try_from(*o).unwrap_or(0));
        let year = |i| self.years.is_valid(i).then(|| self.years.value(i));
        (at(row)..at(row + 1)).map(|i| PartitionKey::new(CellId::new(self.cells.value(i)), year(i))).collect()
    }
}
