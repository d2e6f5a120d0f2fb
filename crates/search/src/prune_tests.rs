use std::collections::{BTreeMap, BTreeSet};

use earthcatalog_catalog::{Change, CommitId, MemoryTable, Operation};
use earthcatalog_grid::{box_geometry, build, normalise};
use earthcatalog_model::{
    CellId, ColumnMetrics, Field, Geometry, PartitionKey, Scalar, TableSchema, Timestamp, Type,
};
use proptest::prelude::*;

use super::*;

/// An item as far as a search can see it: its name, its box (west > east crosses 180°), its day of 2020.
#[derive(Debug, Clone)]
struct Seen {
    id: String,
    sides: [f64; 4],
    day: i64,
}

impl Seen {
    fn geometry(&self) -> Geometry {
        let [west, south, east, north] = self.sides;
        normalise(&box_geometry(west, south, east, north).unwrap()).unwrap().unwrap().geometry
    }
}

const DAY: i64 = 86_400_000_000;

fn day(number: i64) -> Timestamp {
    Timestamp::from_micros(Timestamp::parse("2020-01-01").unwrap().micros() + number * DAY).unwrap()
}

fn schema() -> TableSchema {
    let sides = ["xmin", "ymin", "xmax", "ymax"].map(|n| Field::new(n, Type::Double));
    TableSchema::new(vec![
        Field::new("id", Type::String),
        Field::new("bbox", Type::Struct(sides.into())),
        Field::new("datetime", Type::Timestamptz),
        Field::new("start_datetime", Type::Timestamptz),
        Field::new("end_datetime", Type::Timestamptz),
        Field::new("grid_partition", Type::String),
    ])
}

/// One file a cell, with the bounds that a writer gives it.
fn files(grid: &dyn Grid, items: &[Seen]) -> BTreeMap<CellId, (DataFile, BTreeSet<String>)> {
    let mut rows: BTreeMap<CellId, Vec<&Seen>> = BTreeMap::new();
    for item in items {
        let mut cells = Vec::new();
        grid.cover(&item.geometry(), &mut cells).unwrap();
        cells.into_iter().for_each(|cell| rows.entry(cell).or_default().push(item));
    }
    let file = |(cell, items): (CellId, Vec<&Seen>)| {
        let ids = items.iter().map(|i| i.id.clone()).collect();
        (cell.clone(), (file(cell, &items), ids))
    };
    rows.into_iter().map(file).collect()
}

fn file(cell: CellId, items: &[&Seen]) -> DataFile {
    let schema = schema();
    let id = |name: &str| schema.field(name).unwrap().id;
    let Type::Struct(sides) = &schema.field("bbox").unwrap().ty else { panic!() };
    let boxes: Vec<_> = items.iter().map(|i| i.geometry().bbox().unwrap()).collect();
    let mut columns = BTreeMap::from([
        (id("id"), metrics(items.iter().map(|i| Scalar::String(i.id.clone())))),
        (id("datetime"), metrics(items.iter().map(|i| Scalar::Long(day(i.day).micros())))),
        (sides[0].id, metrics(boxes.iter().map(|b| Scalar::Double(b.west)))),
        (sides[1].id, metrics(boxes.iter().map(|b| Scalar::Double(b.south)))),
        (sides[2].id, metrics(boxes.iter().map(|b| Scalar::Double(b.east)))),
        (sides[3].id, metrics(boxes.iter().map(|b| Scalar::Double(b.north)))),
    ]);
    for name in ["start_datetime", "end_datetime"] {
        let count = items.len() as u64;
        columns.insert(
            id(name),
            ColumnMetrics { values: count, nulls: Some(count), ..ColumnMetrics::default() },
        );
    }
    let path = format!("memory:///catalog/warehouse/{cell}.parquet");
    let partition = PartitionKey::new(cell, Some(2020));
    DataFile {
        path,
        partition,
        rows: items.len() as u64,
        bytes: 9,
        columns: columns.into_iter().collect(),
        split_offsets: vec![],
        added: None,
    }
}

fn metrics(values: impl Iterator<Item = Scalar> + Clone) -> ColumnMetrics {
    let least = |a: Scalar, b: Scalar| if b < a { b } else { a };
    let most = |a: Scalar, b: Scalar| if b > a { b } else { a };
    ColumnMetrics {
        bytes: 1,
        values: values.clone().count() as u64,
        nulls: Some(0),
        lower: values.clone().reduce(least),
        upper: values.reduce(most),
    }
}

async fn table(add: Vec<DataFile>) -> (MemoryTable, Head) {
    let table = MemoryTable::new("memory:///catalog");
    let change = Change {
        id: CommitId::new("one".to_owned()),
        operation: Operation::Append,
        add,
        schema: Some(schema()),
        properties: BTreeMap::new(),
        decided_on: None,
        expects: Default::default(),
        summary: BTreeMap::new(),
    };
    table.commit(change).await.unwrap();
    let head = table.head().await.unwrap().unwrap();
    (table, head)
}

/// The ids in the files that a query leaves, and how many files those are.
async fn pruned(items: &[Seen], query: &Query) -> (BTreeSet<String>, usize) {
    let grid = build(&"s2:3".parse().unwrap(), None).unwrap();
    let files = files(grid.as_ref(), items);
    let (table, head) = table(files.values().map(|(file, _)| file.clone()).collect()).await;
    let left = prune(&table, &head, grid.as_ref(), query).await.unwrap();
    let ids = left.iter().flat_map(|file| files[&file.partition.cell].1.iter().cloned()).collect();
    (ids, left.len())
}

fn spans([west, _, east, _]: [f64; 4]) -> Vec<(f64, f64)> {
    if west <= east { vec![(west, east)] } else { vec![(west, 180.0), (-180.0, east)] }
}

/// Whether two boxes share a point, by the plainest means; off the poles and 180° itself.
fn meet(a: [f64; 4], b: [f64; 4]) -> bool {
    let lon = spans(a).iter().any(|a| spans(b).iter().any(|b| a.0 <= b.1 && b.0 <= a.1));
    lon && a[1] <= b[3] && b[1] <= a[3]
}

fn sides() -> impl Strategy<Value = [f64; 4]> {
    (-179.0f64..179.0, 0.01f64..60.0, -89.0f64..80.0, 0.01f64..9.0).prop_map(
        |(west, width, south, height)| {
            let east = if west + width > 180.0 { west + width - 360.0 } else { west + width };
            [west, south, east, south + height]
        },
    )
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let one = (sides(), 0i64..366);
    prop::collection::vec(one, 1..25).prop_map(|all| {
        let item = |(i, (sides, day))| Seen { id: format!("i{i}"), sides, day };
        all.into_iter().enumerate().map(item).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_that_matches_is_left_out(items in seen(), asked in sides(), first in 0i64..366, days in 0i64..90) {
        let [west, south, east, north] = asked;
        let geometry = box_geometry(west, south, east, north).unwrap();
        let query = Query::new(Some(geometry), Some(day(first)), Some(day(first + days)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (left, _) = runtime.block_on(pruned(&items, &query));
        for item in &items {
            let matches = meet(item.sides, asked) && (first..=first + days).contains(&item.day);
            prop_assert!(!matches || left.contains(&item.id), "{} is missing", item.id);
        }
    }
}

fn seen_at(id: &str, sides: [f64; 4], day: i64) -> Seen {
    Seen { id: id.to_owned(), sides, day }
}

async fn check(query: Query, expected: &[&str]) {
    let items = [
        seen_at("a", [10.0, 10.0, 10.1, 10.1], 0),
        seen_at("b", [10.12, 10.12, 10.15, 10.15], 0),
        seen_at("c", [-170.0, 10.0, -169.9, 10.1], 100),
        seen_at("d", [179.5, -10.0, -179.5, -9.9], 200),
    ];
    let (left, _) = pruned(&items, &query).await;
    assert_eq!(left.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{query:?}");
}

fn at(text: &str) -> Query {
    Query::new(Some(crate::bbox_geometry(text).unwrap()), None, None)
}

#[tokio::test]
async fn what_cannot_match_is_left_out() {
    check(Query::default(), &["a", "b", "c", "d"]).await;
    // Not near "b", which is in the same file.
    check(at("10,10,10.05,10.05"), &["a", "b"]).await;
    check(at("11,11,12,12"), &[]).await;
    check(at("179.9,-20,180,0"), &["d"]).await;
    check(at("-180,-20,-179.9,0"), &["d"]).await;
    check(at("-180,-90,180,90"), &["a", "b", "c", "d"]).await;
    check(Query::new(None, Some(day(50)), Some(day(150))), &["c"]).await;
    check(Query::new(None, Some(day(101)), None), &["d"]).await;
    check(Query::new(None, None, Some(day(0))), &["a", "b"]).await;
    check(Query::default().with_ids(["c", "x"]), &["c"]).await;
    check(Query::default().with_ids(["x"]), &[]).await;
    let empty = Geometry::from_wkb(&[1, 4, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    check(Query::new(Some(empty), None, None), &[]).await;
}
