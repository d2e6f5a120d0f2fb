use std::collections::BTreeSet;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::*;
use crate::writer::IdsWriter;

fn hash(n: u64) -> IdHash {
    IdHash(u128::from(n).to_be_bytes())
}

fn partitions_of(n: u64) -> Vec<PartitionKey> {
    (0..n % 3).map(|i| PartitionKey::new(format!("c{i}").as_str().into(), Some(n as i32))).collect()
}

async fn reader(ids: impl Iterator<Item = u64>) -> IdsReader {
    let mut file = Vec::new();
    let mut writer = IdsWriter::new(&mut file).unwrap();
    ids.for_each(|n| writer.write(&hash(n), &partitions_of(n)).unwrap());
    writer.finish().unwrap();
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("ids");
    store.put(&path, file.into()).await.unwrap();
    IdsReader::open(&store, &path).await.unwrap()
}

async fn check(reader: &IdsReader, asked: &[u64], expected: &[u64]) {
    let hits: Vec<Hit> = reader.probe(asked.iter().map(|n| hash(*n)).collect()).try_collect().await.unwrap();
    let expected: Vec<Hit> =
        expected.iter().map(|n| Hit { id_hash: hash(*n), partitions: Some(partitions_of(*n)) }).collect();
    assert_eq!(hits, expected, "{asked:?}");
}

#[tokio::test]
async fn finds_what_is_there() {
    // Even numbers, in ten row groups.
    let reader = reader((0..600_000).map(|n| 2 * n)).await;
    check(&reader, &[], &[]).await;
    check(&reader, &[1, 3, 1_199_999, u64::MAX], &[]).await;
    check(&reader, &[0], &[0]).await;
    check(&reader, &[1_199_998, 7, 4, 4], &[4, 1_199_998]).await;
    let all: Vec<u64> = (0..40_000).map(|n| n * 30 + 10).collect();
    check(&reader, &all, &all).await;
}

proptest! {
    #[test]
    fn a_search_holds_what_a_set_does(set in prop::collection::btree_set(0u64..200, 0..60), rows in prop::collection::vec(0u64..200, 0..300)) {
        let hashes: Vec<IdHash> = set.iter().map(|n| hash(*n)).collect();
        let mut search = Search { hashes: hashes.into(), at: 0 };
        for row in rows {
            prop_assert_eq!(search.holds(&hash(row)), BTreeSet::contains(&set, &row), "{}", row);
        }
    }
}
