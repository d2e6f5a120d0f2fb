//! Types that writers choose.

use std::sync::Arc;

use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{
    BinaryArray, Float64Array, Int64Array, LargeStringArray, StringArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};

use super::*;

fn texts(column: ArrayRef) -> Result<Vec<Option<String>>, String> {
    text(&column).map(|found| found.iter().map(|text| text.map(str::to_owned)).collect())
}

#[test]
fn text_of_any_kind() {
    let expected = Ok(vec![Some("é".to_owned()), None]);
    let mut dictionary = StringDictionaryBuilder::<Int32Type>::new();
    dictionary.append_value("é");
    dictionary.append_null();
    assert_eq!(texts(Arc::new(StringArray::from(vec![Some("é"), None]))), expected);
    assert_eq!(texts(Arc::new(LargeStringArray::from(vec![Some("é"), None]))), expected);
    assert_eq!(texts(Arc::new(BinaryArray::from(vec![Some("é".as_bytes()), None]))), expected);
    assert_eq!(texts(Arc::new(dictionary.finish())), expected);
    assert!(texts(Arc::new(BinaryArray::from(vec![&b"\xff"[..]]))).is_err());
}

fn sizes(column: ArrayRef) -> Result<Vec<Option<u64>>, String> {
    size(&column).map(|found| found.iter().collect())
}

#[test]
fn sizes_of_any_kind() {
    let expected = Ok(vec![Some(7), None]);
    assert_eq!(sizes(Arc::new(Int64Array::from(vec![Some(7), None]))), expected);
    assert_eq!(sizes(Arc::new(Float64Array::from(vec![Some(7.0), None]))), expected);
    assert_eq!(sizes(Arc::new(StringArray::from(vec![Some("7"), None]))), expected);
    assert!(sizes(Arc::new(Int64Array::from(vec![-1]))).is_err());
    assert!(sizes(Arc::new(Float64Array::from(vec![1.5]))).is_err());
    assert!(sizes(Arc::new(Float64Array::from(vec![f64::NAN]))).is_err());
    assert!(sizes(Arc::new(StringArray::from(vec!["many"]))).is_err());
}

fn first_instant(column: ArrayRef) -> Result<String, String> {
    let found = instant(&column)?;
    Ok(Timestamp::from_micros(found.value(0)).map(|t| t.to_string()).unwrap_or_default())
}

#[test]
fn instants_of_any_kind() {
    let expected = Ok("2020-01-01T00:00:00Z".to_owned());
    let seconds = 1_577_836_800;
    assert_eq!(first_instant(Arc::new(TimestampSecondArray::from(vec![seconds]))), expected);
    let zoned = TimestampMillisecondArray::from(vec![seconds * 1000]).with_timezone("UTC");
    assert_eq!(first_instant(Arc::new(zoned)), expected);
    assert_eq!(
        first_instant(Arc::new(TimestampNanosecondArray::from(vec![seconds * 1_000_000_000]))),
        expected
    );
    assert_eq!(first_instant(Arc::new(StringArray::from(vec!["2020-01-01 00:00:00+00:00"]))), expected);
    assert!(first_instant(Arc::new(TimestampSecondArray::from(vec![i64::from(i32::MAX) * 1000]))).is_err());
    assert!(first_instant(Arc::new(StringArray::from(vec!["never"]))).is_err());
}

#[test]
fn flags_of_any_kind() {
    let flags = |column: ArrayRef| flag(&column).map(|found| found.iter().collect::<Vec<_>>());
    let expected = Ok(vec![Some(true), Some(false), None]);
    assert_eq!(flags(Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))), expected);
    assert_eq!(flags(Arc::new(StringArray::from(vec![Some("true"), Some("False"), Some("")]))), expected);
    assert_eq!(flags(Arc::new(Int64Array::from(vec![Some(1), Some(0), None]))), expected);
    assert!(flags(Arc::new(StringArray::from(vec!["?"]))).is_err());
}

#[test]
fn types_that_cannot_be_meant() {
    assert!(mismatch(Column::Key, &DataType::Int64).is_some());
    assert!(mismatch(Column::LastModified, &DataType::Int64).is_some());
    assert!(mismatch(Column::Size, &DataType::Boolean).is_some());
    assert!(mismatch(Column::Key, &DataType::Utf8).is_none());
}
