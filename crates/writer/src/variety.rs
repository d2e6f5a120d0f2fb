//! How varied the values of a leaf column are: what decides whether a dictionary and compression pay for it.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray};
use arrow_schema::DataType;

/// Values that are looked at to tell whether many of them repeat.
const SAMPLE: usize = 32;

/// What the values of a column are like, nulls left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variety {
    /// There are none.
    Empty,
    /// All are the same.
    Same,
    /// Of the first, nearly all differ.
    Different,
    /// Anything else.
    Mixed,
}

/// What a leaf column looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looks {
    pub(crate) variety: Variety,
    /// Numbers of so few bytes that to compress them takes longer than it saves.
    pub(crate) is_small: bool,
}

/// Bytes of numbers that are too few. Compression takes a tenth off times and coordinates.
const SMALL: usize = 4096;

/// The leaves of a batch, in the order of Parquet's columns. Rows in another order may be told otherwise.
pub(crate) fn of_leaves(batch: &RecordBatch) -> Vec<Looks> {
    let mut leaves = Vec::new();
    batch.columns().iter().for_each(|column| walk(column, &mut leaves));
    leaves
}

fn walk(array: &ArrayRef, leaves: &mut Vec<Looks>) {
    match array.data_type() {
        DataType::Struct(_) => array.as_struct().columns().iter().for_each(|c| walk(c, leaves)),
        DataType::List(_) => walk(array.as_list::<i32>().values(), leaves),
        _ => leaves.push(Looks { variety: of_array(array), is_small: is_small(array) }),
    }
}

fn is_small(array: &ArrayRef) -> bool {
    array.data_type().primitive_width().is_some_and(|width| array.len() * width < SMALL)
}

fn of_array(array: &ArrayRef) -> Variety {
    if array.null_count() == array.len() {
        return Variety::Empty;
    }
    let Some(leaf) = Leaf::of(array) else { return Variety::Mixed };
    let mut sample: Vec<&[u8]> = Vec::with_capacity(SAMPLE);
    let mut same = true;
    for value in (0..array.len()).filter(|i| array.is_valid(*i)).map(|i| leaf.value(i)) {
        same &= sample.first().is_none_or(|first| *first == value);
        if sample.len() < SAMPLE {
            sample.push(value);
        } else if !same {
            break;
        }
    }
    if same { Variety::Same } else { of_sample(sample) }
}

fn of_sample(mut sample: Vec<&[u8]>) -> Variety {
    let count = sample.len();
    sample.sort_unstable();
    sample.dedup();
    if sample.len() * 8 > count * 7 { Variety::Different } else { Variety::Mixed }
}

/// Values as bytes.
enum Leaf<'a> {
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    /// Of so many bytes each.
    Fixed(&'a [u8], usize),
}

impl<'a> Leaf<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string_opt()?),
            DataType::Binary => Self::Binary(array.as_binary_opt()?),
            DataType::Float64 => Self::Fixed(array.as_primitive_opt::<Float64Type>()?.values().inner(), 8),
            DataType::Int64 => Self::Fixed(array.as_primitive_opt::<Int64Type>()?.values().inner(), 8),
            DataType::Int32 => Self::Fixed(array.as_primitive_opt::<Int32Type>()?.values().inner(), 4),
            DataType::Date32 => Self::Fixed(array.as_primitive_opt::<Date32Type>()?.values().inner(), 4),
            DataType::Timestamp(..) => {
                Self::Fixed(array.as_primitive_opt::<TimestampMicrosecondType>()?.values().inner(), 8)
            }
            _ => return None,
        })
    }

    fn value(&self, i: usize) -> &'a [u8] {
        match self {
            Self::Text(array) => array.value(i).as_bytes(),
            Self::Binary(array) => array.value(i),
            Self::Fixed(bytes, width) => bytes.get(i * width..(i + 1) * width).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Float64Array, StructArray};
    use arrow_schema::Field;

    use super::*;

    fn varieties(batch: &RecordBatch) -> Vec<Variety> {
        of_leaves(batch).iter().map(|leaf| leaf.variety).collect()
    }

    fn check(columns: &[ArrayRef], expected: &[Variety]) {
        let named = columns.iter().enumerate().map(|(i, column)| (i.to_string(), column.clone()));
        let batch = RecordBatch::try_from_iter(named).unwrap();
        assert_eq!(varieties(&batch), expected);
        assert_eq!(varieties(&batch.slice(1, 99)), expected);
    }

    #[test]
    fn few_numbers_are_small() {
        let numbers =
            |count: u32| -> ArrayRef { Arc::new(Float64Array::from_iter_values((0..count).map(f64::from))) };
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
        assert_eq!([numbers(511), numbers(512), texts].each_ref().map(is_small), [true, false, false]);
    }

    #[test]
    fn leaves_are_told_apart() {
        let texts = |of: fn(u32) -> Option<String>| -> ArrayRef {
            Arc::new((0..100).map(of).collect::<StringArray>())
        };
        let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((0..100).map(f64::from)));
        let field = Arc::new(Field::new("x", DataType::Float64, true));
        let inner: ArrayRef = Arc::new(StructArray::from(vec![(field, numbers)]));
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true; 100]));
        check(
            &[
                texts(|_| None),
                texts(|n| (n > 40).then(|| "a".to_owned())),
                texts(|n| (n > 40).then(|| n.to_string())),
                texts(|n| Some((n / 40).to_string())),
                inner,
                flags,
            ],
            &[
                Variety::Empty,
                Variety::Same,
                Variety::Different,
                Variety::Mixed,
                Variety::Different,
                Variety::Mixed,
            ],
        );
    }
}
