//! What Iceberg's manifests hold of each leaf column, computed from the values themselves.
//!
//! Parquet's own statistics may be cut short and are then not told apart from whole ones by every reader; bounds that are
//! wrong make a scan lose rows. So these are ours, cut the safe way: down for the lower, up for the upper.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, TimeUnit};
use earthcatalog_model::{ColumnMetrics, Columns, Scalar};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use parquet::file::metadata::ParquetMetaData;

/// Bounds of texts are cut to so many code points, as other Iceberg writers do.
const BOUND_CHARS: usize = 16;

/// Columns whose metrics are kept even where the column is empty.
const TIMES: [&str; 3] = ["datetime", "start_datetime", "end_datetime"];

/// The metrics of the leaves of a file, in the order of Parquet's columns.
#[derive(Default)]
pub(crate) struct Measures {
    leaves: Vec<Leaf>,
}

#[derive(Default)]
struct Leaf {
    id: Option<i32>,
    present: u64,
    lower: Option<Scalar>,
    upper: Option<Scalar>,
    /// No upper bound can be told.
    open: bool,
    /// A time by which files are pruned: that it is empty tells what the others mean.
    is_time: bool,
}

impl Measures {
    /// Takes in the rows of a batch.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        let mut at = 0;
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            self.walk(field, column, false, &mut at);
        }
    }

    fn walk(&mut self, field: &Field, array: &ArrayRef, repeated: bool, at: &mut usize) {
        match array.data_type() {
            DataType::Struct(fields) => {
                let array = array.as_struct();
                fields.iter().zip(array.columns()).for_each(|(f, c)| self.walk(f, c, repeated, at));
            }
            DataType::List(element) => self.walk(element, array.as_list::<i32>().values(), true, at),
            _ => {
                self.leaf(*at, field, array, repeated);
                *at += 1;
            }
        }
    }

    fn leaf(&mut self, at: usize, field: &Field, array: &ArrayRef, repeated: bool) {
        if self.leaves.len() <= at {
            let id = field.metadata().get(PARQUET_FIELD_ID_META_KEY).and_then(|id| id.parse().ok());
            let is_time = TIMES.contains(&field.name().as_str());
            self.leaves.push(Leaf { id, is_time, ..Leaf::default() });
        }
        let Some(leaf) = self.leaves.get_mut(at) else { return };
        let present = array.len() - array.null_count();
        leaf.present += present as u64;
        if present > 0 && !repeated {
            leaf.bound(array);
        }
    }

    /// With the sizes and counts of the written file; by field id.
    pub(crate) fn finish(self, file: &ParquetMetaData) -> Columns {
        let mut columns = Vec::new();
        for (i, leaf) in self.leaves.into_iter().enumerate() {
            let Some(id) = leaf.id else { continue };
            let chunks = file.row_groups().iter().filter_map(|group| group.columns().get(i));
            let (bytes, values) = chunks.fold((0, 0), |(bytes, values), chunk| {
                (bytes + unsigned(chunk.compressed_size()), values + unsigned(chunk.num_values()))
            });
            if leaf.present == 0 && !leaf.is_time {
                // Of 60 columns and more most are empty in most files. Their metrics rule out nothing that we ask for,
                // and would be most of what a manifest holds.
                continue;
            }
            let nulls = Some(values.saturating_sub(leaf.present));
            let upper = leaf.upper.filter(|_| !leaf.open);
            columns.push((id, ColumnMetrics { bytes, values, nulls, lower: leaf.lower, upper }));
        }
        columns.into_iter().collect()
    }
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

impl Leaf {
    fn bound(&mut self, array: &ArrayRef) {
        match array.data_type() {
            DataType::Boolean => {
                self.range(array.as_boolean().iter().flatten(), Scalar::Boolean, Scalar::Boolean)
            }
            DataType::Int32 => {
                self.range(array.as_primitive::<Int32Type>().iter().flatten(), Scalar::Int, Scalar::Int)
            }
            DataType::Date32 => {
                self.range(array.as_primitive::<Date32Type>().iter().flatten(), Scalar::Int, Scalar::Int)
            }
            DataType::Int64 => {
                self.range(array.as_primitive::<Int64Type>().iter().flatten(), Scalar::Long, Scalar::Long)
            }
            // Files of others may have other units: without ids they have no metrics either.
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let values = array.as_primitive::<TimestampMicrosecondType>().iter().flatten();
                self.range(values, Scalar::Long, Scalar::Long);
            }
            DataType::Float64 => {
                let values = array.as_primitive::<Float64Type>().iter().flatten().filter(|v| !v.is_nan());
                // A zero may have any sign: the bounds are the outer ones.
                let lower = |v: f64| Scalar::Double(if v == 0.0 { -0.0 } else { v });
                self.range(values, lower, |v| Scalar::Double(if v == 0.0 { 0.0 } else { v }));
            }
            DataType::Utf8 => self.texts(array.as_string::<i32>().iter().flatten()),
            _ => self.open = true,
        }
    }

    fn range<T: PartialOrd + Copy>(
        &mut self,
        values: impl Iterator<Item = T>,
        lower: impl Fn(T) -> Scalar,
        upper: impl Fn(T) -> Scalar,
    ) {
        let mut range: Option<(T, T)> = None;
        for value in values {
            let (low, high) = range.unwrap_or((value, value));
            range = Some((if value < low { value } else { low }, if value > high { value } else { high }));
        }
        if let Some((low, high)) = range {
            self.widen(lower(low), Some(upper(high)));
        }
    }

    fn texts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let mut range: Option<(&str, &str)> = None;
        for text in texts {
            let (low, high) = range.unwrap_or((text, text));
            range = Some((low.min(text), high.max(text)));
        }
        if let Some((low, high)) = range {
            let lower = low.chars().take(BOUND_CHARS).collect();
            self.widen(Scalar::String(lower), cut_up(high).map(Scalar::String));
        }
    }

    fn widen(&mut self, lower: Scalar, upper: Option<Scalar>) {
        if self.lower.as_ref().is_none_or(|known| lower < *known) {
            self.lower = Some(lower);
        }
        match upper {
            None => self.open = true,
            Some(upper) if self.upper.as_ref().is_none_or(|known| upper > *known) => self.upper = Some(upper),
            Some(_) => {}
        }
    }
}

/// A short text that is not smaller; None if there is none.
fn cut_up(text: &str) -> Option<String> {
    let mut chars: Vec<char> = text.chars().take(BOUND_CHARS + 1).collect();
    if chars.len() <= BOUND_CHARS {
        return Some(text.to_owned());
    }
    chars.truncate(BOUND_CHARS);
    while let Some(last) = chars.pop() {
        if let Some(next) = next_char(last) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

fn next_char(c: char) -> Option<char> {
    match c {
        '\u{D7FF}' => Some('\u{E000}'),
        _ => char::from_u32(c as u32 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(cut_up(text).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn upper_bounds_of_texts_are_cut_upwards() {
        check("", Some(""));
        check("sixteen letters!", Some("sixteen letters!"));
        check(
            "seventeen letters",
            Some("seventeen letters".get(..15).map(|s| format!("{s}s")).unwrap().as_str()),
        );
        check(&"\u{10FFFF}".repeat(17), None);
        check(&format!("a{}", "\u{10FFFF}".repeat(17)), Some("b"));
        check(&format!("{}\u{D7FF}x", "é".repeat(15)), Some(&format!("{}\u{E000}", "é".repeat(15))));
    }
}
