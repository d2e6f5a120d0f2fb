use std::collections::BTreeMap;

use earthcatalog_model::{CellId, PartitionKey};

use super::*;

fn double_struct(name: &str) -> Field {
    let sides = ["xmin", "ymin", "xmax", "ymax"].map(|n| Field::new(n, Type::Double));
    Field::new(name, Type::Struct(sides.into()))
}

fn schema(bbox: Field) -> TableSchema {
    TableSchema::new(vec![Field::new("id", Type::String), bbox])
}

fn file(columns: BTreeMap<i32, ColumnMetrics>) -> DataFile {
    let partition = PartitionKey::new(CellId::new("x"), None);
    DataFile {
        path: "f".into(),
        partition,
        rows: 1,
        bytes: 1,
        columns: columns.into_iter().collect(),
        split_offsets: Vec::new(),
        added: None,
    }
}

fn metrics<T>(lower: T, upper: T, nulls: Option<u64>, scalar: impl Fn(T) -> Scalar) -> ColumnMetrics {
    ColumnMetrics { bytes: 1, values: 9, nulls, lower: Some(scalar(lower)), upper: Some(scalar(upper)) }
}

/// A file of these rows (west, south, east, north), its bounds made as a writer makes them.
fn file_of(schema: &TableSchema, rows: &[[f64; 4]], nulls: Option<u64>) -> DataFile {
    let sides = Columns::of(schema).bbox.unwrap();
    let column = |side: usize| {
        let values = rows.iter().map(|row| row[side]);
        let (lower, upper) =
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
        metrics(lower, upper, nulls, Scalar::Double)
    };
    file(sides.into_iter().enumerate().map(|(i, id)| (id, column(i))).collect())
}

fn check(rows: &[[f64; 4]], nulls: Option<u64>, expected: Option<[f64; 4]>) {
    for name in ["bbox", "_bbox"] {
        let schema = schema(double_struct(name));
        let extent = Columns::of(&schema).extent(&file_of(&schema, rows, nulls));
        assert_eq!(extent.map(|b| [b.west, b.south, b.east, b.north]), expected, "{rows:?}");
    }
}

#[test]
fn the_extent_is_the_box_around_all_rows() {
    check(&[[1.0, 2.0, 3.0, 4.0]], Some(0), Some([1.0, 2.0, 3.0, 4.0]));
    check(&[[1.0, 2.0, 3.0, 4.0], [-9.0, 3.0, -8.0, 9.0]], Some(0), Some([-9.0, 2.0, 3.0, 9.0]));
}

#[test]
fn rows_without_a_box_or_across_180_make_it_unknown() {
    check(&[[1.0, 2.0, 3.0, 4.0]], Some(1), None);
    check(&[[1.0, 2.0, 3.0, 4.0]], None, None);
    check(&[[170.0, 2.0, -170.0, 4.0]], Some(0), None);
    check(&[[170.0, 2.0, -170.0, 4.0], [-100.0, 2.0, -90.0, 4.0]], Some(0), None);
}

#[test]
fn tables_and_files_without_boxes_tell_nothing() {
    let ours = schema(double_struct("bbox"));
    assert_eq!(Columns::of(&ours).extent(&file(BTreeMap::new())), None);
    let text = schema(Field::new("bbox", Type::String));
    assert_eq!(Columns::of(&text).extent(&file_of(&ours, &[[1.0, 2.0, 3.0, 4.0]], Some(0))), None);
}

#[test]
fn ids_are_told_by_their_bounds() {
    let schema = schema(double_struct("bbox"));
    let columns = Columns::of(&schema);
    let bounded = |lower: &str, upper: &str| {
        file([(1, metrics(lower.to_owned(), upper.to_owned(), Some(0), Scalar::String))].into())
    };
    for (id, expected) in [("a", false), ("b", true), ("c", true), ("d", true), ("da", false), ("", false)] {
        assert_eq!(columns.may_hold(&bounded("b", "d"), id), expected, "{id}");
    }
    assert!(columns.may_hold(&file(BTreeMap::new()), "anything"));
}
