//! Arrow columns of whatever type a writer chose, to the types of a batch.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, StringViewArray, TimestampMicrosecondArray, UInt64Array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, TimeUnit};
use earthcatalog_model::Timestamp;

use crate::columns::Column;
use crate::csv;

/// What a column of this kind may be written as; None where `found` is among it.
pub(crate) fn mismatch(column: Column, found: &DataType) -> Option<&'static str> {
    let found = match found {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    };
    let text = is_text(found);
    let (fits, expected) = match column {
        Column::Bucket | Column::Key | Column::Etag | Column::VersionId => (text, "text"),
        Column::Size => (text || found.is_integer() || found.is_floating(), "a number of bytes"),
        Column::LastModified => (
            text || matches!(found, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64),
            "a timestamp, or text such as 2020-01-31T12:00:00Z",
        ),
        Column::Snapshot => (text || matches!(found, DataType::Timestamp(..)), "text or a timestamp"),
        Column::IsLatest | Column::IsDeleteMarker => {
            (text || found.is_integer() || *found == DataType::Boolean, "a boolean")
        }
    };
    (!fits).then_some(expected)
}

fn is_text(found: &DataType) -> bool {
    use DataType::{Binary, BinaryView, FixedSizeBinary, LargeBinary, LargeUtf8, Utf8, Utf8View};
    matches!(found, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_))
}

/// Text of any kind.
///
/// # Errors
/// Bytes that are no UTF-8.
pub(crate) fn text(column: &ArrayRef) -> Result<StringViewArray, String> {
    let column = match column.data_type() {
        DataType::FixedSizeBinary(_) => cast(column, &DataType::Binary)?,
        _ => column.clone(),
    };
    Ok(cast(&column, &DataType::Utf8View)?.as_string_view().clone())
}

/// Numbers of bytes: any integer, text, or floating point (what pandas makes of integers with gaps).
///
/// # Errors
/// Negative, fractional or too large ones.
pub(crate) fn size(column: &ArrayRef) -> Result<UInt64Array, String> {
    if is_textual(column) {
        return text(column)?.iter().map(|text| parse(text, csv::size)).collect();
    }
    if column.data_type().is_floating() {
        let column = cast(column, &DataType::Float64)?;
        return column
            .as_primitive::<Float64Type>()
            .iter()
            .map(|value| value.map(whole).transpose())
            .collect();
    }
    Ok(cast(column, &DataType::UInt64)?.as_primitive().clone())
}

fn whole(value: f64) -> Result<u64, String> {
    // Above 2^53 a double is not known to be whole; no object is that large.
    let fits = value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value);
    if fits { Ok(value as u64) } else { Err(format!("{value} is no number of bytes")) }
}

/// Instants: timestamps of any unit (those without a zone are UTC), dates, or text.
///
/// # Errors
/// Text that is no timestamp; instants outside the years 0 to 9999.
pub(crate) fn instant(column: &ArrayRef) -> Result<TimestampMicrosecondArray, String> {
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.iter().map(micros).collect();
    }
    if is_textual(column) {
        return text(column)?.iter().map(micros).collect();
    }
    // The number of a zoned column is UTC already; taking the zone off after the unit keeps it.
    let zone = match column.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    };
    let micros = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    let micros = micros.as_primitive::<arrow_array::types::TimestampMicrosecondType>();
    match micros.iter().flatten().find(|value| Timestamp::from_micros(*value).is_none()) {
        Some(value) => Err(format!("{value} µs since 1970 is outside the years 0 to 9999")),
        None => Ok(TimestampMicrosecondArray::new(micros.values().clone(), micros.nulls().cloned())),
    }
}

fn micros(text: Option<&str>) -> Result<Option<i64>, String> {
    parse(text, csv::instant).map(|instant: Option<Timestamp>| instant.map(Timestamp::micros))
}

/// True or false, as boolean, text or 1 and 0.
///
/// # Errors
/// Text that is neither.
pub(crate) fn flag(column: &ArrayRef) -> Result<BooleanArray, String> {
    if is_textual(column) {
        return text(column)?.iter().map(|text| parse(text, csv::flag)).collect();
    }
    Ok(cast(column, &DataType::Boolean)?.as_boolean().clone())
}

/// Which rows have a value; an empty text is none.
pub(crate) fn given(column: &ArrayRef) -> Result<BooleanArray, String> {
    if is_textual(column) {
        return Ok(text(column)?
            .iter()
            .map(|text| Some(text.is_some_and(|text| !text.is_empty())))
            .collect());
    }
    Ok((0..column.len()).map(|row| Some(column.is_valid(row))).collect())
}

fn is_textual(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Dictionary(_, values) => is_text(values),
        plain => is_text(plain),
    }
}

/// Empty text is no value, as in CSV.
fn parse<T>(text: Option<&str>, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(read).transpose()
}

fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, String> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, to, &strict).map_err(|error| error.to_string())
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
