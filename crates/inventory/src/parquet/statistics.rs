//! What a Parquet file's statistics say of the columns of a listing.

use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics as Values;

use crate::bounds::{Bounds, Range};
use crate::columns::Column;
use crate::form::Dialect;

/// Where the columns are that have statistics of use, among the leaves of the file.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    key: Option<usize>,
    size: Option<usize>,
    last_modified: Option<(usize, TimeUnit)>,
}

impl Statistics {
    pub(super) fn of(metadata: &ParquetMetaData, columns: &[(Column, usize)], dialect: Dialect) -> Self {
        let description = metadata.file_metadata().schema_descr();
        let Ok(schema) = parquet_to_arrow_schema(description, None) else { return Self::default() };
        let mut found = Self::default();
        for (column, index) in columns {
            let Some(field) = schema.fields().get(*index) else { continue };
            let leaf =
                description.columns().iter().position(|leaf| leaf.path().parts() == [field.name().as_str()]);
            match (column, leaf, field.data_type()) {
                // Azure's names begin with the container.
                (Column::Key, leaf, DataType::Utf8 | DataType::Binary) if dialect != Dialect::Azure => {
                    found.key = leaf
                }
                (Column::Size, leaf, ty) if ty.is_integer() => found.size = leaf,
                (Column::LastModified, Some(leaf), DataType::Timestamp(unit, _)) => {
                    found.last_modified = Some((leaf, *unit));
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn bounds(&self, group: &RowGroupMetaData) -> Bounds {
        let values = |leaf: usize| group.column(leaf).statistics().filter(|v| !v.is_min_max_deprecated());
        Bounds {
            key: self.key.and_then(values).and_then(text),
            size: self.size.and_then(values).and_then(size),
            last_modified: self.last_modified.and_then(|(leaf, unit)| instant(values(leaf)?, unit)),
        }
    }
}

fn text(values: &Values) -> Option<Range<Vec<u8>>> {
    let Values::ByteArray(values) = values else { return None };
    Some(Range { min: values.min_bytes_opt()?.to_vec(), max: values.max_bytes_opt()?.to_vec() })
}

/// Of numbers, without nulls.
fn numbers(values: &Values) -> Option<Range<i64>> {
    if values.null_count_opt() != Some(0) {
        return None;
    }
    match values {
        Values::Int32(v) => Some(Range { min: i64::from(*v.min_opt()?), max: i64::from(*v.max_opt()?) }),
        Values::Int64(v) => Some(Range { min: *v.min_opt()?, max: *v.max_opt()? }),
        _ => None,
    }
}

/// Signed or not, numbers with neither end below zero are in this order.
fn size(values: &Values) -> Option<Range<u64>> {
    let Range { min, max } = numbers(values)?;
    Some(Range { min: u64::try_from(min).ok()?, max: u64::try_from(max).ok()? })
}

fn instant(values: &Values, unit: TimeUnit) -> Option<Range<i64>> {
    let Range { min, max } = numbers(values)?;
    let micros = |value: i64, more: i64| match unit {
        TimeUnit::Second => value.checked_mul(1_000_000),
        TimeUnit::Millisecond => value.checked_mul(1_000),
        TimeUnit::Microsecond => Some(value),
        TimeUnit::Nanosecond => value.div_euclid(1_000).checked_add(more),
    };
    Some(Range { min: micros(min, 0)?, max: micros(max, 1)? })
}
