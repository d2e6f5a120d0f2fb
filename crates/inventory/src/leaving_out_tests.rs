//! What statistics rule out is what the filter leaves out: the answer and the account are those of reading every row.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use earthcatalog_model::{ObjectRef, Timestamp};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::batch::ObjectBatch;
use crate::error::Result;
use crate::filter::{Filter, Skipped, Verdict};
use crate::open::{Inventory, OpenOptions, open};

const STRIPES: &[u8] = include_bytes!("../../../fixtures/inventories/stripes.orc");

const ROWS: usize = 6_000;

/// Row groups of 1,000 rows, keys and times rising; in the fourth one size is not known.
fn parquet() -> Vec<u8> {
    let first = Timestamp::parse("2026-04-01").unwrap().micros() / 1_000;
    let keys: ArrayRef = Arc::new(
        (0..ROWS).map(|i| Some(format!("y{}/{i:06}.stac.json", i / 1_000))).collect::<StringArray>(),
    );
    let size = |i: usize| Some(1_000 + i as i64).filter(|_| i != 3_500);
    let time = |i: usize| Some(first + 3_600_000 * i as i64);
    let columns: [(&str, ArrayRef); 4] = [
        ("bucket", Arc::new(StringArray::from(vec!["b"; ROWS]))),
        ("key", keys),
        ("size", Arc::new((0..ROWS).map(size).collect::<Int64Array>())),
        ("last_modified_date", Arc::new((0..ROWS).map(time).collect::<TimestampMillisecondArray>())),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(1_000)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

async fn inventory(body: Vec<u8>) -> Box<dyn Inventory> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    store.put(&Path::from("x"), body.into()).await.unwrap();
    open(store, Path::from("x"), "x", &OpenOptions { batch_rows: 300, ..OpenOptions::default() })
        .await
        .unwrap()
}

/// What a filter takes, the lines listed and left out, and the rows that were read for it.
type Answer = (Vec<ObjectRef>, u64, u64);

async fn select(mut batches: BoxStream<'static, Result<ObjectBatch>>, filter: &Filter) -> (Answer, usize) {
    let (mut selector, mut taken, mut rows) = (filter.start(), Vec::new(), 0);
    while let Some(batch) = batches.next().await {
        if selector.is_done() {
            break;
        }
        let batch = batch.unwrap();
        rows += batch.len();
        selector.left_out(&batch);
        for object in batch.iter() {
            match selector.take(&object) {
                Verdict::Take => taken.push(object.to_ref()),
                Verdict::Skip(_) => {}
                Verdict::End => break,
            }
        }
    }
    ((taken, selector.listed(), selector.filtered()), rows)
}

/// `most` rows are read at most.
async fn check(inventory: &dyn Inventory, filter: Filter, most: usize) {
    let (expected, _) = select(inventory.batches(), &filter).await;
    let (found, read) = select(inventory.batches_for(&filter), &filter).await;
    assert_eq!(found, expected, "{filter:?}");
    assert!(read <= most, "{read} rows were read: {filter:?}");
}

fn since(text: &str) -> Filter {
    Filter { since: Timestamp::parse(text).ok(), ..Filter::everything() }
}

#[tokio::test]
async fn row_groups_of_parquet() {
    let inventory = &*inventory(parquet()).await;
    let all = Filter::everything;
    check(inventory, all(), ROWS).await;
    check(inventory, Filter { prefix: Some("y3/".to_owned()), ..all() }, 1_000).await;
    check(inventory, Filter { prefix: Some("y3/0035".to_owned()), ..all() }, 1_000).await;
    check(inventory, Filter { prefix: Some("z".to_owned()), ..all() }, 0).await;
    check(inventory, Filter { prefix: Some("y".to_owned()), ..all() }, ROWS).await;
    // Five thousand hours after the first of April.
    check(inventory, since("2026-10-26T08:00:00Z"), 1_000).await;
    check(inventory, Filter { until: Timestamp::parse("2026-05-01").ok(), ..all() }, 1_000).await;
    check(inventory, Filter { min_size: Some(6_500), ..all() }, 2_000).await;
    check(inventory, Filter { max_size: Some(1_500), ..all() }, 2_000).await;
    check(inventory, Filter { limit: Some(7), prefix: Some("y3/".to_owned()), ..all() }, 1_000).await;
    let suffixes = vec![".nc".to_owned()];
    check(inventory, Filter { suffixes, ..since("2026-10-01") }, 2_000).await;
}

#[tokio::test]
async fn stripes_of_orc() {
    let inventory = &*inventory(STRIPES.to_vec()).await;
    let all = Filter::everything;
    check(inventory, all(), 12_000).await;
    check(inventory, Filter { prefix: Some("y0/".to_owned()), ..all() }, 6_000).await;
    check(inventory, Filter { prefix: Some("y6/".to_owned()), ..all() }, 7_000).await;
    check(inventory, Filter { prefix: Some("z".to_owned()), ..all() }, 0).await;
    check(inventory, since("2027-08-01"), 6_000).await;
    check(inventory, since("2030-01-01"), 0).await;
    check(inventory, Filter { until: Timestamp::parse("2026-05-01").ok(), ..all() }, 6_000).await;
    check(inventory, Filter { min_size: Some(12_900), ..all() }, 6_000).await;
    check(inventory, Filter { max_size: Some(1_100), limit: Some(50), ..all() }, 6_000).await;
}

#[tokio::test]
async fn rows_that_are_not_read_are_counted_by_their_reason() {
    let inventory = inventory(parquet()).await;
    let filter = since("2026-10-26T08:00:00Z");
    let mut selector = filter.start();
    let mut batches = inventory.batches_for(&filter);
    while let Some(batch) = batches.next().await {
        let batch = batch.unwrap();
        selector.left_out(&batch);
        for object in batch.iter() {
            selector.take(&object);
        }
    }
    assert_eq!(
        (selector.listed(), selector.taken(), selector.skipped(Skipped::Older)),
        (6_000, 1_000, 5_000)
    );
}
