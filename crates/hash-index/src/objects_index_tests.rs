use std::collections::BTreeMap;
use std::ops::Range;

use earthcatalog_model::KeyHash;
use proptest::prelude::*;

use super::*;
use crate::objects::Fate;
use crate::objects_log::ObjectLog;
use crate::testing::{Shared, block_on, id, key, stored, time};

type Model = BTreeMap<KeyHash, ObjectRow>;

/// Objects that differ in everything; some are tombstones.
pub(crate) fn object(keys: Range<u64>) -> impl Strategy<Value = ObjectRow> {
    let (id_of, modified) = (prop::option::of(0u64..9), prop::option::of(-2i64..3));
    let etag = prop::option::of("[a-c]{0,2}");
    (keys, id_of, modified, etag, 0..Fate::ALL.len()).prop_map(|(n, id_of, modified, etag, fate)| ObjectRow {
        key: key(n),
        id: id_of.map(id),
        last_modified: modified.and_then(time),
        etag,
        fate: Fate::ALL[fate],
    })
}

fn write(rows: &[ObjectRow], is_base: bool) -> Vec<u8> {
    let mut log = ObjectLog::new(1 << 20, None);
    rows.iter().for_each(|row| log.push(row).unwrap());
    let mut file = Vec::new();
    let writer = if is_base { ObjectsWriter::base(&mut file) } else { ObjectsWriter::segment(&mut file) };
    log.write(writer.unwrap()).unwrap();
    file
}

/// Layers of rows as files, the first of them the base, and what they come to.
pub(crate) fn files(layers: &[Vec<ObjectRow>]) -> (Vec<Vec<u8>>, Model) {
    let mut model = Model::new();
    layers.iter().flatten().for_each(|row| {
        model.insert(row.key, row.clone());
    });
    model.retain(|_, row| row.fate != Fate::Deleted);
    let files = layers.iter().enumerate().map(|(number, rows)| write(rows, number == 0)).collect();
    (files, model)
}

pub(crate) async fn open(files: Vec<Vec<u8>>) -> Objects {
    let (store, paths) = stored(files).await;
    Objects::open(&store, &paths).await.unwrap()
}

async fn all(objects: &Objects) -> Vec<ObjectRow> {
    let batches: Vec<ObjectsBatch> = objects.batches().try_collect().await.unwrap();
    batches.iter().flat_map(|b| (0..b.len()).map(|i| b.row(i))).collect()
}

async fn check(layers: Vec<Vec<ObjectRow>>, asked: HashSet<IdHash>) {
    let (files, model) = files(&layers);
    let objects = open(files.clone()).await;
    let expected: Vec<ObjectRow> = model.into_values().collect();
    assert!(all(&objects).await == expected);
    let found: Vec<ObjectRow> = objects.of_ids(asked.clone()).try_collect().await.unwrap();
    let of_them = expected.iter().filter(|row| row.id.is_some_and(|id| asked.contains(&id)));
    assert!(found.iter().eq(of_them));

    let sink = Shared::default();
    assert_eq!(objects.merge(sink.clone()).await.unwrap().rows, expected.len() as u64);
    assert!(all(&open(vec![sink.bytes()]).await).await == expected);

    let (base, tail) = files.split_first().unwrap();
    let sink = Shared::default();
    open(tail.to_vec()).await.merge_segments(sink.clone()).await.unwrap();
    assert!(all(&open(vec![base.clone(), sink.bytes()]).await).await == expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn base_and_segments_are_as_a_map_that_changes(
        layers in prop::collection::vec(prop::collection::vec(object(0..60), 0..40), 1..5),
        asked in prop::collection::hash_set((0u64..9).prop_map(id), 0..4),
    ) {
        block_on(check(layers, asked));
    }
}

#[tokio::test]
async fn many_batches() {
    let object = |n: u64, fate| ObjectRow {
        key: key(n),
        id: (!n.is_multiple_of(10)).then(|| id(n / 2)),
        last_modified: (!n.is_multiple_of(3)).then(|| time(n as i64)).flatten(),
        etag: (!n.is_multiple_of(4)).then(|| format!("{n:x}")),
        fate,
    };
    let layers = vec![
        (0..40_000).map(|n| object(2 * n, Fate::Ingested)).collect(),
        (0..20_000).map(|n| object(3 * n, Fate::Superseded)).collect(),
        (0..20_000).map(|n| object(5 * n, Fate::Deleted)).collect(),
        (0..9_000).map(|n| object(7 * n, Fate::Rejected)).collect(),
    ];
    check(layers, (0..40_000).step_by(7).map(id).collect()).await;
}

#[tokio::test]
async fn nothing_is_known_without_files() {
    assert_eq!(Objects::none().rows(), 0);
    assert!(all(&Objects::none()).await.is_empty());
}

#[tokio::test]
async fn what_is_no_file_of_objects_is_refused() {
    let check = async |file: Vec<u8>, expected: &str| {
        let (store, paths) = stored(vec![file]).await;
        let error = Objects::open(&store, &paths).await.err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("warehouse_index/0.parquet"), "{error}");
    };
    let mut ids = Vec::new();
    crate::IdsWriter::new(&mut ids).unwrap().finish().unwrap();
    check(ids, "no column key_hash").await;
    let (files, _) = files(&[vec![ObjectRow::deleted(key(1))], vec![ObjectRow::deleted(key(1))]]);
    check(files[1][..files[1].len() - 5].to_vec(), "rebuild the index").await;
    check(b"PAR1".to_vec(), "rebuild the index").await;
}
