//! The time that a file's items cover, as far as its column metrics tell.

use earthcatalog_model::{ColumnMetrics, DataFile, Scalar, TableSchema};

/// The field ids of the columns that hold time, where the schema has them.
pub(crate) struct TimeColumns {
    datetime: Option<i32>,
    start: Option<i32>,
    end: Option<i32>,
}

/// From the first instant of any item to the last, µs, both included; None where it is not known.
pub(crate) struct TimeRange {
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
}

impl TimeColumns {
    pub(crate) fn of(schema: &TableSchema) -> Self {
        let id = |name: &str| schema.field(name).map(|field| field.id);
        Self { datetime: id("datetime"), start: id("start_datetime"), end: id("end_datetime") }
    }
}

impl TimeRange {
    pub(crate) fn of(file: &DataFile, columns: &TimeColumns) -> Self {
        let column = |id: Option<i32>| Column::of(file, id);
        let (datetime, start, end) = (column(columns.datetime), column(columns.start), column(columns.end));
        let first = reach(&datetime, &start, |c| c.lower, i64::min);
        let last = reach(&datetime, &end, |c| c.upper, i64::max);
        Self { first, last }
    }
}

/// What is known of one column of a file.
struct Column {
    /// No row has a value.
    empty: bool,
    /// Every row has a value.
    full: bool,
    lower: Option<i64>,
    upper: Option<i64>,
}

impl Column {
    fn of(file: &DataFile, id: Option<i32>) -> Self {
        match (id, id.and_then(|id| file.columns.get(id))) {
            (None, _) => Self { empty: true, full: false, lower: None, upper: None },
            (_, None) => Self { empty: false, full: false, lower: None, upper: None },
            (_, Some(metrics)) => Self::known(&metrics),
        }
    }

    fn known(metrics: &ColumnMetrics) -> Self {
        Self {
            empty: metrics.nulls == Some(metrics.values)
                && metrics.lower.is_none()
                && metrics.upper.is_none(),
            full: metrics.nulls == Some(0),
            lower: micros(metrics.lower.as_ref()),
            upper: micros(metrics.upper.as_ref()),
        }
    }
}

fn micros(bound: Option<&Scalar>) -> Option<i64> {
    match bound {
        Some(Scalar::Long(micros)) => Some(*micros),
        _ => None,
    }
}

/// How far the rows of a file reach: each has a value in at least one of the two columns, else nothing is known.
fn reach(
    datetime: &Column,
    other: &Column,
    bound: impl Fn(&Column) -> Option<i64>,
    wider: impl Fn(i64, i64) -> i64,
) -> Option<i64> {
    if !datetime.full && !other.full {
        return None;
    }
    match (datetime.empty, other.empty) {
        (false, false) => Some(wider(bound(datetime)?, bound(other)?)),
        (false, true) => bound(datetime),
        (true, false) => bound(other),
        (true, true) => None,
    }
}
