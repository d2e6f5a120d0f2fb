use earthcatalog_model::{ColumnMetrics, Field, Scalar, Type};

use super::*;

fn schema() -> TableSchema {
    let names = ["datetime", "start_datetime", "end_datetime"];
    TableSchema::new(names.into_iter().map(|name| Field::new(name, Type::Timestamptz)).collect())
}

fn ts(day: u32) -> Timestamp {
    Timestamp::parse(&format!("2020-01-{day:02}")).unwrap()
}

/// The days of a column's values, or that it has none; None: nothing is known.
type Days = Option<(u64, Option<(u32, u32)>)>;

fn file(columns: [Days; 3]) -> DataFile {
    let metrics = |(nulls, days): (u64, Option<(u32, u32)>)| ColumnMetrics {
        bytes: 1,
        values: 10,
        nulls: Some(nulls),
        lower: days.map(|(first, _)| Scalar::Long(ts(first).micros())),
        upper: days.map(|(_, last)| Scalar::Long(ts(last).micros())),
    };
    let columns = (1..).zip(columns).filter_map(|(id, column)| Some((id, metrics(column?)))).collect();
    let partition = PartitionKey::new("a".into(), Some(2020));
    DataFile { path: "p".into(), partition, rows: 10, bytes: 1, columns, split_offsets: vec![], added: None }
}

fn check(columns: [Days; 3], start: Option<u32>, end: Option<u32>, expected: bool) {
    let filter = Filter { time: Some((start.map(ts), end.map(ts))), ..Filter::default() };
    assert_eq!(filter.prepare(&schema()).keeps(&file(columns)), expected, "{columns:?} {start:?} {end:?}");
}

const NONE: Days = Some((10, None));

#[test]
fn instants_are_kept_within_the_range() {
    let days = [Some((0, Some((10, 12)))), NONE, NONE];
    check(days, None, None, true);
    check(days, Some(12), Some(20), true);
    check(days, Some(13), None, false);
    check(days, None, Some(10), true);
    check(days, None, Some(9), false);
}

#[test]
fn ranges_reach_beyond_their_instants() {
    let days = [Some((0, Some((10, 12)))), Some((5, Some((5, 10)))), Some((5, Some((12, 20))))];
    check(days, Some(15), None, true);
    check(days, Some(21), None, false);
    check(days, None, Some(5), true);
    check(days, None, Some(4), false);
    let null_year = [NONE, Some((0, Some((5, 10)))), Some((0, Some((12, 20))))];
    check(null_year, Some(21), None, false);
    check(null_year, Some(11), Some(11), true);
}

#[test]
fn what_is_not_known_is_kept() {
    check([None, None, None], Some(1), Some(2), true);
    check([NONE, NONE, NONE], Some(1), Some(2), true);
    check([Some((5, Some((10, 12)))), NONE, NONE], Some(13), None, true);
    check([Some((0, Some((10, 12)))), None, None], Some(13), None, true);
    check([Some((0, None)), NONE, NONE], Some(13), None, true);
}

#[test]
fn cells_and_partitions_are_exact() {
    let there = file([None, None, None]);
    let keep = |filter: Filter| filter.prepare(&schema()).keeps(&there);
    assert!(keep(Filter { cells: Some(["a".into()].into()), ..Filter::default() }));
    assert!(!keep(Filter { cells: Some(["b".into()].into()), ..Filter::default() }));
    let partition = |year| Some([PartitionKey::new("a".into(), year)].into());
    assert!(keep(Filter { partitions: partition(Some(2020)), ..Filter::default() }));
    assert!(!keep(Filter { partitions: partition(None), ..Filter::default() }));
}
