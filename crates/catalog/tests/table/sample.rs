//! Schemas, files and changes to try a table with.

use std::collections::BTreeMap;

use earthcatalog_catalog::{Change, CommitId, Operation};
use earthcatalog_model::{CellId, ColumnMetrics, DataFile, Field, PartitionKey, Scalar, TableSchema, Type};

/// The columns that the table is partitioned and pruned by, and one more.
pub(crate) fn schema() -> TableSchema {
    TableSchema::new(vec![
        Field::new("id", Type::String),
        Field::new("datetime", Type::Timestamptz),
        Field::new("start_datetime", Type::Timestamptz),
        Field::new("end_datetime", Type::Timestamptz),
        Field::new("grid_partition", Type::String),
        Field::new("bbox", Type::Struct(vec![Field::new("xmin", Type::Double)])),
    ])
}

/// The same with columns added at both levels.
pub(crate) fn grown(schema: &TableSchema, name: &str) -> TableSchema {
    let mut grown = schema.clone();
    grown.fields.push(Field::new(name, Type::Double));
    if let Some(Field { ty: Type::Struct(nested), .. }) = grown.fields.iter_mut().find(|f| f.name == "bbox") {
        nested.push(Field::new(name, Type::Double));
    }
    grown.number();
    grown
}

/// A file of so many rows whose datetimes lie within that year (µs since then).
pub(crate) fn file(base: &str, name: &str, cell: &str, year: Option<i32>, rows: u64) -> DataFile {
    let partition = PartitionKey::new(CellId::new(cell), year);
    let path = format!("{base}/warehouse/{}/{name}.parquet", partition.hive_path());
    let metrics = |lower, upper| ColumnMetrics {
        bytes: 100,
        values: rows,
        nulls: Some(0),
        lower: Some(lower),
        upper: Some(upper),
    };
    let mut columns = BTreeMap::new();
    columns.insert(1, metrics(Scalar::String("a".into()), Scalar::String("ü~".into())));
    if let Some(year) = year {
        let start = i64::from(year - 1970) * 31_556_952_000_000 + 86_400_000_000;
        columns.insert(2, metrics(Scalar::Long(start), Scalar::Long(start + 1_000_000)));
    }
    for none in [3, 4] {
        let nulls = ColumnMetrics { values: rows, nulls: Some(rows), bytes: 10, ..ColumnMetrics::default() };
        columns.insert(none, nulls);
    }
    let id = schema().fields.iter().find_map(|f| match &f.ty {
        Type::Struct(nested) => nested.first().map(|n| n.id),
        _ => None,
    });
    columns.insert(id.unwrap(), metrics(Scalar::Double(-0.5), Scalar::Double(179.5)));
    DataFile {
        path,
        partition,
        rows,
        bytes: 1000 + rows,
        columns: columns.into_iter().collect(),
        split_offsets: vec![4, 500],
        added: None,
    }
}

/// A change of nothing; the parts that matter are the test's to set.
pub(crate) fn change(id: &str, operation: Operation) -> Change {
    Change {
        id: CommitId::new(id),
        operation,
        add: Vec::new(),
        schema: None,
        properties: BTreeMap::new(),
        decided_on: None,
        expects: BTreeMap::new(),
        summary: BTreeMap::new(),
    }
}

/// An append of files to a table that may not be there.
pub(crate) fn append(id: &str, add: Vec<DataFile>) -> Change {
    Change { add, schema: Some(schema()), ..change(id, Operation::Append) }
}
