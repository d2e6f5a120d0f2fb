use std::collections::BTreeMap;

use arrow_array::FixedSizeBinaryArray;
use earthcatalog_model::PartitionKey;
use object_store::ObjectStoreExt;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;

use super::*;
use crate::stored::MARK;
use crate::testing::{Shared, block_on, bytes, id, partition, stored};
use crate::writer::{Before, IdsSegmentWriter};

type Model = BTreeMap<u64, Vec<PartitionKey>>;
type Change = BTreeMap<u64, Option<Vec<PartitionKey>>>;

fn base(model: &Model) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = IdsWriter::new(&mut file).unwrap();
    model.iter().for_each(|(n, partitions)| writer.write(&id(*n), partitions).unwrap());
    writer.finish().unwrap();
    file
}

/// A segment, and the model after it.
fn segment(model: &mut Model, change: &Change) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = IdsSegmentWriter::new(&mut file).unwrap();
    for (n, partitions) in change {
        let before = if model.contains_key(n) { Before::Present } else { Before::Absent };
        match partitions {
            Some(partitions) => {
                writer.write(&id(*n), partitions, before).unwrap();
                model.insert(*n, partitions.clone());
            }
            None => {
                writer.delete(&id(*n), before).unwrap();
                model.remove(n);
            }
        }
    }
    writer.finish().unwrap();
    file
}

fn files(mut model: Model, changes: &[Change]) -> (Vec<Vec<u8>>, Model) {
    let mut files = vec![base(&model)];
    files.extend(changes.iter().map(|change| segment(&mut model, change)));
    (files, model)
}

fn expected(model: &Model) -> Vec<Hit> {
    model.iter().map(|(n, p)| Hit { id_hash: id(*n), partitions: Some(p.clone()) }).collect()
}

async fn open(files: Vec<Vec<u8>>) -> Ids {
    let (store, paths) = stored(files).await;
    Ids::open(&store, &paths).await.unwrap()
}

async fn all(ids: &Ids) -> Vec<Hit> {
    let batches: Vec<IdsBatch> = ids.batches().try_collect().await.unwrap();
    let hit = |b: &IdsBatch, i| Hit { id_hash: b.hash(i), partitions: b.partitions(i) };
    batches.iter().flat_map(|b| (0..b.len()).map(move |i| hit(b, i))).collect()
}

async fn merged(ids: &Ids) -> Vec<u8> {
    let sink = Shared::default();
    let summary = ids.merge(sink.clone()).await.unwrap();
    assert_eq!(summary.bytes, sink.bytes().len() as u64);
    sink.bytes()
}

/// Everything that can be asked, against the model.
async fn check(files: Vec<Vec<u8>>, model: &Model, asked: &[u64]) {
    let ids = open(files.clone()).await;
    assert!(ids.is_complete());
    assert_eq!(ids.unique_items().unwrap(), model.len() as u64);
    assert!(all(&ids).await == expected(model));
    let hits = ids.probe(asked.iter().map(|n| id(*n)).collect()).await.unwrap();
    let wanted: Model =
        asked.iter().filter_map(|n| model.get_key_value(n)).map(|(n, p)| (*n, p.clone())).collect();
    assert!(hits == expected(&wanted));

    let one = merged(&ids).await;
    let reader = open(vec![one]).await;
    assert_eq!(reader.files()[0].kind(), Kind::Base);
    assert_eq!(reader.files()[0].rows(), model.len() as u64);
    assert!(all(&reader).await == expected(model));

    let (base, tail) = files.split_first().unwrap();
    let sink = Shared::default();
    open(tail.to_vec()).await.merge_segments(sink.clone()).await.unwrap();
    let two = open(vec![base.clone(), sink.bytes()]).await;
    assert_eq!(two.files()[1].kind(), Kind::Segment);
    assert_eq!(two.unique_items().unwrap(), model.len() as u64);
    assert!(all(&two).await == expected(model));
}

fn partitions() -> impl Strategy<Value = Vec<PartitionKey>> {
    prop::collection::vec(any::<u64>().prop_map(partition), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_damaged_is_named(flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4)) {
        let mut file = base(&(0..3_000).map(|n| (n, vec![partition(n)])).collect());
        flips.iter().for_each(|(at, bits)| { let at = at.index(file.len()); file[at] ^= bits; });
        block_on(async {
            let (store, paths) = stored(vec![file]).await;
            let merged = async { Ids::open(&store, &paths).await?.merge(Shared::default()).await };
            // A hash that is damaged and still in order cannot be told; everything else can.
            if let Err(error) = merged.await {
                assert!(error.to_string().contains("warehouse_index/0.parquet"), "{error:?}");
            }
        });
    }

    #[test]
    fn base_and_segments_are_as_a_map_that_changes(
        model in prop::collection::btree_map(0u64..60, partitions(), 0..40),
        changes in prop::collection::vec(
            prop::collection::btree_map(0u64..60, prop::option::of(partitions()), 0..30), 0..5),
        asked in prop::collection::vec(0u64..70, 0..30),
    ) {
        let (files, model) = files(model, &changes);
        block_on(check(files, &model, &asked));
    }
}

#[tokio::test]
async fn many_batches_of_unlike_sizes() {
    // One dense segment (every row beside one of the base), one sparse, one of ids beyond the base, one of deletions.
    let base: Model = (0..50_000).map(|n| (2 * n, vec![partition(n)])).collect();
    let some = |n: u64| (n, Some(vec![partition(n + 1), partition(n + 2)]));
    let changes: Vec<Change> = vec![
        (0..40_000).map(|n| some(2 * n + 1)).collect(),
        (0..300).map(|n| some(331 * n)).collect(),
        (200_000..220_000).map(some).collect(),
        (0..30_000).map(|n| (3 * n, None)).collect(),
    ];
    let (files, model) = files(base, &changes);
    let asked: Vec<u64> = (0..230_000).step_by(17).collect();
    check(files, &model, &asked).await;
}

#[tokio::test]
async fn a_batch_that_nothing_touches_is_not_copied() {
    let base: Model = (0..16_384).map(|n| (n, vec![])).collect();
    let (files, _) = files(base, &[[(20_000, Some(vec![]))].into()]);
    let ids = open(files).await;
    let batches: Vec<RecordBatch> = ids.merged(false).try_collect().await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [16_384, 1]);
}

/// A file that claims to be ours, of these hashes.
fn claims(hashes: &[u64]) -> Vec<u8> {
    let (schema, mut file, mut rows) = (ids::schema(), Vec::new(), ids::Rows::default());
    hashes.iter().for_each(|n| rows.push(&id(*n), Some(&[])));
    let mark = KeyValue::new(MARK.to_owned(), ids::BASE.to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![mark])).build();
    let mut writer = ArrowWriter::try_new(&mut file, schema.clone(), Some(properties)).unwrap();
    writer.write(&rows.take(&schema).unwrap()).unwrap();
    writer.close().unwrap();
    file
}

#[tokio::test]
async fn an_unsorted_file_is_named_and_not_merged() {
    for hashes in [[1, 2, 9, 4].as_slice(), &[1, 2, 2]] {
        let ids = open(vec![claims(hashes), claims(&[3])]).await;
        let sink = Shared::default();
        let error = ids.merge(sink.clone()).await.unwrap_err();
        let row = hashes.len() as u64 - 1;
        assert!(
            matches!(&error, Error::Disordered { path, row: r } if path == "warehouse_index/0.parquet" && *r == row),
            "{error:?}"
        );
        assert!(error.to_string().contains("rebuild the index"), "{error}");
        // Half a merge must not look whole.
        let (store, paths) = stored(vec![sink.bytes()]).await;
        assert!(matches!(Ids::open(&store, &paths).await, Err(Error::Corrupt { .. })));
    }
    assert_eq!(all(&open(vec![claims(&[1, 2, 3])]).await).await.len(), 3);
}

/// What earthcatalog 0.6.1 leaves behind: hashes, in any order, perhaps twice.
fn foreign(numbers: &[u64]) -> Vec<u8> {
    let column = FixedSizeBinaryArray::try_from_iter(numbers.iter().map(|n| bytes(*n))).unwrap();
    let batch = RecordBatch::try_from_iter([("id_hash", Arc::new(column) as _)]).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

#[tokio::test]
async fn a_file_of_the_python_package_is_told_apart() {
    let ids = open(vec![foreign(&[5, 3, 3, 9])]).await;
    assert!(!ids.is_complete());
    assert_eq!(ids.unique_items().unwrap(), 4);
    let hits = ids.probe(vec![id(3), id(4), id(9)]).await.unwrap();
    let hit = |n| Hit { id_hash: id(n), partitions: None };
    assert_eq!(hits, [hit(3), hit(9)]);
    let error = ids.merge(Shared::default()).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
    assert!(error.to_string().contains("rebuild the index"), "{error}");
}

#[tokio::test]
async fn damage_is_an_error_that_names_the_file() {
    let whole = base(&(0..50_000).map(|n| (n, vec![partition(n)])).collect());
    let mut dented = whole.clone();
    // The middle of the file is in the pages: hashes are plain, so bytes there change what is read, or its order.
    let middle = dented.len() / 4;
    dented[middle..middle + 64].fill(0);
    let (store, paths) = stored(vec![dented]).await;
    let error = Ids::open(&store, &paths).await.unwrap().merge(Shared::default()).await.unwrap_err();
    assert!(error.to_string().contains("warehouse_index/0.parquet"), "{error}");
    assert!(error.to_string().contains("rebuild the index"), "{error}");

    for cut in [0, 3, 100, whole.len() - 1] {
        store.put(&paths[0], whole[..cut].to_vec().into()).await.unwrap();
        let error = Ids::open(&store, &paths).await.err().unwrap();
        assert!(matches!(error, Error::Corrupt { .. }), "{cut} {error:?}");
    }
    store.delete(&paths[0]).await.unwrap();
    let error = Ids::open(&store, &paths).await.err().unwrap();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
}
