//! A batch of any age of file in the columns of today's schema: found by field id, else by name; what is not there is null.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StructArray, new_null_array};
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{DataType, Field, FieldRef, Fields};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::error::{Error, Result};
use crate::layout::Layout;

/// A value that does not fit the new type is an error: as null it would be lost.
const STRICT: CastOptions<'static> =
    CastOptions { safe: false, format_options: arrow_cast::display::FormatOptions::new() };

/// The batch in the columns of the layout.
///
/// # Errors
/// When it has values in a column, or in a member of one, that the layout has not, or has of another type.
pub(crate) fn align(batch: &RecordBatch, layout: &Layout) -> Result<RecordBatch> {
    let schema = batch.schema_ref();
    let level = Level { fields: schema.fields(), columns: batch.columns(), rows: batch.num_rows(), at: "" };
    let columns = level.align(layout.arrow.fields())?;
    Ok(RecordBatch::try_new(layout.arrow.clone(), columns)?)
}

/// The columns of a batch, or the members of a struct.
struct Level<'a> {
    fields: &'a Fields,
    columns: &'a [ArrayRef],
    rows: usize,
    /// The dotted path of the struct, with a dot behind it.
    at: &'a str,
}

impl Level<'_> {
    fn align(&self, wanted: &Fields) -> Result<Vec<ArrayRef>> {
        let mut used = vec![false; self.fields.len()];
        let mut aligned = Vec::with_capacity(wanted.len());
        for field in wanted {
            let found = self.fields.iter().position(|given| is_same(given, field));
            match found.and_then(|at| Some((self.columns.get(at)?, used.get_mut(at)?))) {
                Some((column, used)) => {
                    *used = true;
                    aligned.push(convert(column, field, &format!("{}{}", self.at, field.name()))?);
                }
                None => aligned.push(new_null_array(field.data_type(), self.rows)),
            }
        }
        self.check_rest(&used)?;
        Ok(aligned)
    }

    /// Columns that are not taken over must be empty.
    fn check_rest(&self, used: &[bool]) -> Result<()> {
        let rest = self.fields.iter().zip(self.columns).zip(used).filter(|(_, used)| !**used);
        for ((field, column), _) in rest {
            if column.null_count() < column.len() {
                return Err(Error::Content {
                    message: format!("column {}{} is not in the table's schema", self.at, field.name()),
                });
            }
        }
        Ok(())
    }
}

/// By id where the file has ids: names may have been given to other columns since. Files of others have none.
fn is_same(given: &Field, wanted: &Field) -> bool {
    let id = |field: &Field| field.metadata().get(PARQUET_FIELD_ID_META_KEY).cloned();
    match id(given) {
        Some(given) => Some(given) == id(wanted),
        None => given.name() == wanted.name(),
    }
}

fn convert(column: &ArrayRef, wanted: &FieldRef, at: &str) -> Result<ArrayRef> {
    match (column.data_type(), wanted.data_type()) {
        (DataType::Struct(given), DataType::Struct(fields)) => {
            let column = column.as_struct();
            let at = format!("{at}.");
            let level = Level { fields: given, columns: column.columns(), rows: column.len(), at: &at };
            let members = level.align(fields)?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), members, column.nulls().cloned())?))
        }
        (DataType::List(_), DataType::List(element)) => {
            let list = column.as_list::<i32>();
            let values = convert(list.values(), element, &format!("{at}.element"))?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, nulls)?))
        }
        (given, ty) if given == ty => Ok(column.clone()),
        (given, ty) if widens(given, ty) => Ok(cast_with_options(column, ty, &STRICT)?),
        (DataType::Null, ty) => Ok(new_null_array(ty, column.len())),
        (given, ty) => Err(Error::Content {
            message: format!("column {at} is of type {given}, in the table's schema of type {ty}"),
        }),
    }
}

/// Whether every value of a type has its like in the other.
fn widens(given: &DataType, ty: &DataType) -> bool {
    let kin = given.is_nested() == ty.is_nested()
        && given.is_integer() == ty.is_integer()
        && given.is_floating() == ty.is_floating()
        && matches!(given, DataType::Timestamp(..)) == matches!(ty, DataType::Timestamp(..));
    kin && can_cast_types(given, ty)
}
