//! What the table's metrics say of one file: around which part of the Earth it is, which ids it may hold.
//!
//! A file is left out only where its metrics rule it out. Where they are absent, or contradict themselves, it stays.

use earthcatalog_model::{Bbox, ColumnMetrics, DataFile, Field, Scalar, TableSchema, Type};

/// The covering's column, and what it is called in tables of earthcatalog 0.6.1, where `bbox` is text.
const BOXES: [&str; 2] = ["bbox", "_bbox"];

/// The ids of the fields that files are told apart by.
pub(crate) struct Columns {
    id: Option<i32>,
    bbox: Option<[i32; 4]>,
}

impl Columns {
    pub(crate) fn of(schema: &TableSchema) -> Self {
        let bbox = BOXES.iter().find_map(|name| sides(schema.field(name)?));
        Self { id: schema.field("id").map(|f| f.id), bbox }
    }

    /// The box around all rows of the file; None where that is not known.
    ///
    /// It is not known if there are rows without a box, or if one goes across 180°: such a row has its smallest
    /// longitude above its largest, and bounds that no table of ours has give it away.
    pub(crate) fn extent(&self, file: &DataFile) -> Option<Bbox> {
        let [xmin, ymin, xmax, ymax] = self.bbox?.map(|id| file.columns.get(id).and_then(|m| range(&m)));
        let (west, east) = around(xmin?, xmax?)?;
        let (south, north) = around(ymin?, ymax?)?;
        Some(Bbox::new(west, south, east, north))
    }

    /// False only if no row of the file can have this id.
    pub(crate) fn may_hold(&self, file: &DataFile, id: &str) -> bool {
        let Some(metrics) = self.id.and_then(|column| file.columns.get(column)) else { return true };
        let below = matches!(&metrics.lower, Some(Scalar::String(lower)) if id < lower.as_str());
        let above = matches!(&metrics.upper, Some(Scalar::String(upper)) if id > upper.as_str());
        !below && !above
    }
}

/// The fields of west, south, east and north, if this is a struct that has them as doubles.
fn sides(field: &Field) -> Option<[i32; 4]> {
    let Type::Struct(fields) = &field.ty else { return None };
    let side = |name| fields.iter().find(|f| f.name == name && f.ty == Type::Double).map(|f| f.id);
    Some([side("xmin")?, side("ymin")?, side("xmax")?, side("ymax")?])
}

/// The smallest and the largest value of a column that has one in every row.
fn range(metrics: &ColumnMetrics) -> Option<(f64, f64)> {
    match (metrics.nulls, &metrics.lower, &metrics.upper) {
        (Some(0), Some(Scalar::Double(lower)), Some(Scalar::Double(upper))) => Some((*lower, *upper)),
        _ => None,
    }
}

/// From the smallest of the smaller sides to the largest of the larger, unless a row must have them exchanged.
fn around(smaller: (f64, f64), larger: (f64, f64)) -> Option<(f64, f64)> {
    let ordered = smaller.0 <= larger.0 && smaller.1 <= larger.1;
    ordered.then_some((smaller.0, larger.1))
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
