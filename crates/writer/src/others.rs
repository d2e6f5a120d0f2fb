//! Rows of stac-geoparquet files that others wrote, as items. What such a file cannot say, no one can: of a null it is not
//! known whether the item had none or a null, and every column that is no member of an item is a property.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use earthcatalog_model::Geometry;

use crate::error::{Error, Result};
use crate::items::{ItemRow, rows_of_batch};

/// The rows of a batch as items, whoever wrote it.
///
/// Beside what [`rows_of_batch`] reads, columns of WKB that are not the item's geometry become GeoJSON, and an item whose
/// file has no column `type` is a Feature.
///
/// # Errors
/// As [`rows_of_batch`]; and where a column with values is of a type that JSON has no form for, as they would be lost.
pub fn rows_of_others(batch: &RecordBatch) -> Result<Vec<ItemRow>> {
    let mut named_type = false;
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        named_type |= field.name() == "type";
        if column.null_count() < column.len() && field.name() != "geometry" {
            check(field.name(), column)?;
        }
    }
    let mut rows = rows_of_batch(batch, |_| true)?;
    if !named_type {
        rows.iter_mut().for_each(|row| row.json.insert_str(1, "\"type\":\"Feature\","));
    }
    Ok(rows)
}

fn check(at: &str, column: &ArrayRef) -> Result<()> {
    match column.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => check_wkb(at, column),
        ty => check_type(at, ty),
    }
}

fn check_wkb(at: &str, column: &ArrayRef) -> Result<()> {
    let column = arrow_cast::cast(column, &DataType::Binary)
        .map_err(|e| Error::Content { message: format!("column {at}: {e}") })?;
    for bytes in column.as_binary::<i32>().iter().flatten() {
        Geometry::from_wkb(bytes)
            .map_err(|e| Error::Content { message: format!("column {at} has bytes that are no WKB: {e}") })?;
    }
    Ok(())
}

fn check_type(at: &str, ty: &DataType) -> Result<()> {
    use DataType as D;
    match ty {
        D::Struct(fields) => fields
            .iter()
            .try_for_each(|field| check_type(&format!("{at}.{}", field.name()), field.data_type())),
        D::List(element) | D::LargeList(element) | D::ListView(element) | D::FixedSizeList(element, _) => {
            check_type(at, element.data_type())
        }
        D::Dictionary(_, value) if matches!(**value, D::Utf8 | D::LargeUtf8) => Ok(()),
        D::Null | D::Boolean | D::Utf8 | D::LargeUtf8 | D::Utf8View => Ok(()),
        D::Timestamp(..) | D::Date32 | D::Date64 | D::Decimal128(..) => Ok(()),
        other if other.is_integer() || other.is_floating() => Ok(()),
        other => Err(Error::Content {
            message: format!("column {at} is of type {other}, which JSON has no form for"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        BinaryArray, Float64Array, Int64Array, StringArray, StructArray, Time64MicrosecondArray,
        TimestampNanosecondArray,
    };
    use arrow_schema::Field;
    use earthcatalog_model::Json;

    use super::*;

    fn point() -> Vec<u8> {
        Geometry::from_geojson(&Json::parse(br#"{"type":"Point","coordinates":[1,2]}"#).unwrap())
            .unwrap()
            .unwrap()
            .geometry
            .to_wkb()
    }

    fn batch(more: Vec<(&str, ArrayRef)>) -> RecordBatch {
        let (point, time) = (point(), 1_577_836_800_000_000_000);
        let time = TimestampNanosecondArray::from(vec![time]).with_timezone("UTC");
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(StringArray::from(vec!["a"]))),
            ("geometry", Arc::new(BinaryArray::from(vec![point.as_slice()]))),
            ("datetime", Arc::new(time)),
        ];
        columns.extend(more);
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn bounds(names: &[&str]) -> ArrayRef {
        let side = |name: &&str| {
            let column: ArrayRef = Arc::new(Float64Array::from(vec![1.5]));
            (Arc::new(Field::new(*name, DataType::Float64, true)), column)
        };
        Arc::new(StructArray::from(names.iter().map(side).collect::<Vec<_>>()))
    }

    fn check(more: Vec<(&str, ArrayRef)>, expected: &str) {
        let rows = rows_of_others(&batch(more)).unwrap();
        let (found, expected) =
            (Json::parse(rows[0].json.as_bytes()).unwrap(), Json::parse(expected.as_bytes()).unwrap());
        assert!(found.same(&expected), "{found} is not {expected}");
    }

    #[test]
    fn rows_are_items() {
        let geometry = r#""type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2]}"#;
        let datetime = r#""datetime":"2020-01-01T00:00:00Z""#;
        check(vec![], &format!("{{{geometry},\"properties\":{{{datetime}}}}}"));
        let ours: ArrayRef = Arc::new(StringArray::from(vec!["Feature"]));
        check(vec![("type", ours)], &format!("{{{geometry},\"properties\":{{{datetime}}}}}"));
        let number: ArrayRef = Arc::new(Int64Array::from(vec![4326]));
        check(
            vec![("proj:epsg", number)],
            &format!("{{{geometry},\"properties\":{{{datetime},\"proj:epsg\":4326}}}}"),
        );
        let point = point();
        let wkb: ArrayRef = Arc::new(BinaryArray::from(vec![point.as_slice()]));
        check(
            vec![("proj:geometry", wkb)],
            &format!(
                "{{{geometry},\"properties\":{{{datetime},\"proj:geometry\":{{\"type\":\"Point\",\"coordinates\":[1,2]}}}}}}"
            ),
        );
        check(
            vec![("bbox", bounds(&["xmin", "ymin", "xmax", "ymax"]))],
            &format!("{{{geometry},\"bbox\":[1.5,1.5,1.5,1.5],\"properties\":{{{datetime}}}}}"),
        );
        check(
            vec![("bbox", bounds(&["xmin", "ymin", "zmin", "xmax", "ymax", "zmax"]))],
            &format!("{{{geometry},\"bbox\":[1.5,1.5,1.5,1.5,1.5,1.5],\"properties\":{{{datetime}}}}}"),
        );
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        let refused = |name: &str, column: ArrayRef| {
            rows_of_others(&batch(vec![(name, column)])).unwrap_err().to_string()
        };
        let error = refused("at", Arc::new(Time64MicrosecondArray::from(vec![1])));
        assert!(error.contains("column at is of type Time64"), "{error}");
        let error = refused("proj:geometry", Arc::new(BinaryArray::from(vec![&b"x"[..]])));
        assert!(error.contains("column proj:geometry has bytes that are no WKB"), "{error}");
        let nothing: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![None]));
        assert!(rows_of_others(&batch(vec![("at", nothing)])).is_ok());
    }
}
