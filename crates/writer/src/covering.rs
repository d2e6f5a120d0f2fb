//! The column of boxes by which readers skip rows, for rows of files that had none.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Fields};
use earthcatalog_model::{Bbox, Geometry};

use crate::error::{Error, Result};

/// The names of that column: the item's own, or ours beside a `bbox` that is text.
pub(crate) const NAMES: [&str; 2] = ["bbox", "_bbox"];

/// The column of boxes, where there is one, and its place.
pub(crate) fn find(batch: &RecordBatch) -> Option<(usize, &StructArray)> {
    NAMES.into_iter().find_map(|name| {
        let (at, _) = batch.schema_ref().column_with_name(name)?;
        let column = batch.columns().get(at)?;
        matches!(column.data_type(), DataType::Struct(_)).then(|| (at, column.as_struct()))
    })
}

/// The batch with a box for every geometry. A reader that skips by boxes would else lose those rows.
pub(crate) fn filled(batch: RecordBatch) -> Result<RecordBatch> {
    let geometry = batch.column_by_name("geometry").and_then(|c| c.as_binary_opt::<i32>());
    let Some(((at, boxes), geometry)) = find(&batch).zip(geometry) else { return Ok(batch) };
    if (0..batch.num_rows()).all(|row| boxes.is_valid(row) || geometry.is_null(row)) {
        return Ok(batch);
    }
    let boxes = (0..batch.num_rows()).map(|row| match geometry.is_valid(row) && boxes.is_null(row) {
        true => box_of(geometry.value(row)),
        false => Ok(read(boxes, row)),
    });
    let boxes: Vec<Option<Bbox>> = boxes.collect::<Result<_>>()?;
    let mut columns = batch.columns().to_vec();
    if let Some(column) = columns.get_mut(at)
        && let DataType::Struct(fields) = column.data_type()
    {
        *column = array(fields, &boxes)?;
    }
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// The box of a row; None where it has none.
pub(crate) fn read(boxes: &StructArray, row: usize) -> Option<Bbox> {
    let side = |name: &str| {
        let side: &Float64Array = boxes.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
        side.is_valid(row).then(|| side.value(row))
    };
    let valid = boxes.is_valid(row);
    valid.then(|| Some(Bbox::new(side("xmin")?, side("ymin")?, side("xmax")?, side("ymax")?))).flatten()
}

fn box_of(wkb: &[u8]) -> Result<Option<Bbox>> {
    let geometry = Geometry::from_wkb(wkb);
    let geometry = geometry.map_err(|e| Error::Content { message: format!("column geometry: {e}") })?;
    Ok(geometry.bbox())
}

fn array(fields: &Fields, boxes: &[Option<Bbox>]) -> Result<ArrayRef> {
    let side = |name: &str| -> ArrayRef {
        let of = |bbox: &Bbox| match name {
            "xmin" => Some(bbox.west),
            "ymin" => Some(bbox.south),
            "xmax" => Some(bbox.east),
            "ymax" => Some(bbox.north),
            _ => None,
        };
        Arc::new(boxes.iter().map(|bbox| bbox.as_ref().and_then(of)).collect::<Float64Array>())
    };
    let sides = fields.iter().map(|field| side(field.name())).collect();
    let nulls = NullBuffer::from_iter(boxes.iter().map(Option::is_some));
    Ok(Arc::new(StructArray::try_new(fields.clone(), sides, Some(nulls))?))
}
