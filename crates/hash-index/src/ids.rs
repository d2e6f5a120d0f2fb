//! The shape of the file `ids`: its columns, and the way between partitions and Arrow.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int32Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use earthcatalog_model::{CellId, IdHash, PartitionKey};

/// The column of hashes: 16 fixed bytes, never null, one row an id. earthcatalog 0.6.1 knows it by this name.
pub const ID_HASH: &str = "id_hash";

/// The column of partitions: a list of structs of `grid_partition` (text) and `year` (int, null without a datetime).
/// Files of earthcatalog 0.6.1 do not have it.
pub const PARTITIONS: &str = "partitions";

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

/// The schema of the file.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(ID_HASH, DataType::FixedSizeBinary(WIDTH), false),
        Field::new(PARTITIONS, DataType::List(Arc::new(element())), false),
    ]))
}

/// Rows on their way to a batch.
#[derive(Default)]
pub(crate) struct Rows {
    hashes: Vec<u8>,
    ends: Vec<i32>,
    cells: Vec<CellId>,
    years: Vec<Option<i32>>,
}

impl Rows {
    pub(crate) fn push(&mut self, id: &IdHash, partitions: &[PartitionKey]) {
        self.hashes.extend_from_slice(&id.0);
        self.cells.extend(partitions.iter().map(|p| p.cell.clone()));
        self.years.extend(partitions.iter().map(|p| p.year));
        self.ends.push(i32::try_from(self.cells.len()).unwrap_or(i32::MAX));
    }

    /// Rows, or partitions if there are more of them: what the size of a batch is measured by.
    pub(crate) fn weight(&self) -> usize {
        self.ends.len().max(self.cells.len())
    }

    /// The rows as a batch of [`schema`]; they are gone from here.
    pub(crate) fn take(&mut self, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(self);
        let cells: ArrayRef = Arc::new(StringArray::from_iter_values(rows.cells.iter().map(CellId::as_str)));
        let years: ArrayRef = Arc::new(Int32Array::from(rows.years));
        let elements = StructArray::try_new(element_fields(), vec![cells, years], None)?;
        let offsets: ScalarBuffer<i32> = std::iter::once(0).chain(rows.ends).collect();
        let lists =
            ListArray::try_new(Arc::new(element()), OffsetBuffer::new(offsets), Arc::new(elements), None)?;
        let hashes = FixedSizeBinaryArray::try_new(WIDTH, Buffer::from_vec(rows.hashes), None)?;
        RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(hashes), Arc::new(lists)])
    }
}

/// The hashes of a batch; None if the column is not there or is of another type.
pub(crate) fn hashes(batch: &RecordBatch) -> Option<&FixedSizeBinaryArray> {
    let column = batch.column_by_name(ID_HASH)?.as_fixed_size_binary_opt()?;
    (column.value_length() == WIDTH).then_some(column)
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
    pub(crate) fn get(&self, row: usize) -> Vec<PartitionKey> {
        let offsets = self.lists.value_offsets();
        let at = |i: usize| offsets.get(i).map_or(0, |o| usize::try_from(*o).unwrap_or(0));
        let year = |i| self.years.is_valid(i).then(|| self.years.value(i));
        (at(row)..at(row + 1)).map(|i| PartitionKey::new(CellId::new(self.cells.value(i)), year(i))).collect()
    }
}
