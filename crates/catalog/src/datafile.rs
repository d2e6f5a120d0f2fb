//! Our data files as Iceberg's, and back.

use std::collections::HashMap;

use earthcatalog_model::{CellId, ColumnMetrics, DataFile, Field, PartitionKey, Scalar, TableSchema, Type};
use iceberg::spec::{
    DataContentType, DataFile as IcebergFile, DataFileBuilder, DataFileFormat, Datum, Literal, PartitionSpec,
    PrimitiveLiteral, Struct, Transform,
};

/// Iceberg counts years from here (table spec, "Partition Transforms").
const EPOCH_YEAR: i32 = 1970;

/// Where a partition spec has the cell and the year.
pub(crate) struct Places {
    cell: Option<usize>,
    year: Option<usize>,
    fields: usize,
}

impl Places {
    /// By what they are made from: identity(grid_partition) and year(datetime).
    pub(crate) fn of(spec: &PartitionSpec) -> Self {
        let place = |wanted: Transform| spec.fields().iter().position(|field| field.transform == wanted);
        let (cell, year) = (place(Transform::Identity), place(Transform::Year));
        Self { cell, year, fields: spec.fields().len() }
    }

    /// Whether it is partitioned as our tables are, and by nothing else.
    pub(crate) fn are_ours(&self) -> bool {
        self.fields == 2 && self.cell.is_some() && self.year.is_some()
    }

    /// The place of the cell among the partition's fields.
    pub(crate) fn cell(&self) -> Option<usize> {
        self.cell
    }

    fn to_struct(&self, key: &PartitionKey) -> Struct {
        let values = (0..self.fields).map(|place| match place {
            _ if Some(place) == self.cell => Some(Literal::string(key.cell.as_str())),
            _ if Some(place) == self.year => key.year.map(|year| Literal::int(year - EPOCH_YEAR)),
            _ => None,
        });
        Struct::from_iter(values)
    }

    /// The partition of a file.
    pub(crate) fn key(&self, partition: &Struct) -> PartitionKey {
        let literal = |place: Option<usize>| {
            place.and_then(|place| partition.fields().get(place)?.as_ref()?.as_primitive_literal())
        };
        let cell = match literal(self.cell) {
            Some(PrimitiveLiteral::String(name)) => CellId::new(name),
            _ => CellId::none(),
        };
        let year = match literal(self.year) {
            Some(PrimitiveLiteral::Int(years)) => Some(years + EPOCH_YEAR),
            _ => None,
        };
        PartitionKey::new(cell, year)
    }
}

/// As Iceberg has it. Bounds that do not fit their column's type are left out: a missing bound is a true one.
pub(crate) fn to_iceberg(
    file: &DataFile,
    types: &Types<'_>,
    spec: i32,
    places: &Places,
) -> Result<IcebergFile, String> {
    let mut builder = DataFileBuilder::default();
    let metrics = || file.columns.iter();
    builder
        .content(DataContentType::Data)
        .file_path(file.path.clone())
        .file_format(DataFileFormat::Parquet)
        .partition(places.to_struct(&file.partition))
        .partition_spec_id(spec)
        .record_count(file.rows)
        .file_size_in_bytes(file.bytes)
        .column_sizes(metrics().map(|(id, m)| (id, m.bytes)).collect())
        .value_counts(metrics().map(|(id, m)| (id, m.values)).collect())
        .null_value_counts(metrics().filter_map(|(id, m)| Some((id, m.nulls?))).collect())
        .lower_bounds(bounds(metrics(), types, |m| m.lower))
        .upper_bounds(bounds(metrics(), types, |m| m.upper))
        .split_offsets(Some(file.split_offsets.clone()).filter(|offsets| !offsets.is_empty()));
    builder.build().map_err(|e| e.to_string())
}

fn bounds(
    metrics: impl Iterator<Item = (i32, ColumnMetrics)>,
    types: &Types<'_>,
    bound: impl Fn(ColumnMetrics) -> Option<Scalar>,
) -> HashMap<i32, Datum> {
    metrics.filter_map(|(id, m)| Some((id, datum(types.0.get(&id)?, &bound(m)?)?))).collect()
}

/// The types of a schema's leaves, by id.
pub(crate) struct Types<'a>(HashMap<i32, &'a Type>);

impl<'a> Types<'a> {
    pub(crate) fn of(schema: &'a TableSchema) -> Self {
        let mut types = HashMap::new();
        schema.leaves(&mut |_, field: &'a Field| {
            types.insert(field.id, &field.ty);
        });
        Self(types)
    }
}

fn datum(ty: &Type, scalar: &Scalar) -> Option<Datum> {
    Some(match (ty, scalar) {
        (Type::Boolean, Scalar::Boolean(value)) => Datum::bool(*value),
        (Type::Int, Scalar::Int(value)) => Datum::int(*value),
        (Type::Date, Scalar::Int(days)) => Datum::date(*days),
        (Type::Long, Scalar::Long(value)) => Datum::long(*value),
        (Type::Timestamptz, Scalar::Long(micros)) => Datum::timestamptz_micros(*micros),
        (Type::Timestamp, Scalar::Long(micros)) => Datum::timestamp_micros(*micros),
        (Type::Double, Scalar::Double(value)) => Datum::double(*value),
        (Type::String, Scalar::String(text)) => Datum::string(text),
        (Type::Binary, Scalar::Binary(bytes)) => Datum::binary(bytes.iter().copied()),
        _ => return None,
    })
}

/// As we have it.
pub(crate) fn from_iceberg(file: &IcebergFile, places: &Places) -> DataFile {
    let mut columns: std::collections::BTreeMap<i32, ColumnMetrics> = std::collections::BTreeMap::new();
    for (id, values) in file.value_counts() {
        columns.entry(*id).or_default().values = *values;
    }
    for (id, bytes) in file.column_sizes() {
        columns.entry(*id).or_default().bytes = *bytes;
    }
    for (id, nulls) in file.null_value_counts() {
        columns.entry(*id).or_default().nulls = Some(*nulls);
    }
    for (id, bound) in file.lower_bounds() {
        columns.entry(*id).or_default().lower = scalar(bound);
    }
    for (id, bound) in file.upper_bounds() {
        columns.entry(*id).or_default().upper = scalar(bound);
    }
    DataFile {
        path: file.file_path().to_owned(),
        partition: places.key(file.partition()),
        rows: file.record_count(),
        bytes: file.file_size_in_bytes(),
        columns: columns.into_iter().collect(),
        split_offsets: file.split_offsets().unwrap_or_default().to_vec(),
        added: None,
    }
}

fn scalar(datum: &Datum) -> Option<Scalar> {
    Some(match datum.literal() {
        PrimitiveLiteral::Boolean(value) => Scalar::Boolean(*value),
        PrimitiveLiteral::Int(value) => Scalar::Int(*value),
        PrimitiveLiteral::Long(value) => Scalar::Long(*value),
        PrimitiveLiteral::Double(value) => Scalar::Double(value.0),
        PrimitiveLiteral::String(text) => Scalar::String(text.clone()),
        PrimitiveLiteral::Binary(bytes) => Scalar::Binary(bytes.clone()),
        _ => return None,
    })
}
