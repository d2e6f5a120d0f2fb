use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use proptest::prelude::*;

use super::*;
use crate::Ids;
use crate::objects_index::tests::open;
use crate::testing::{block_on, id, key, partition, stored, time};

/// A row of a table: id, partition, and key, time and tag of its object.
type Row = (u64, u64, Option<(u64, Option<i64>, Option<String>)>);

fn row() -> impl Strategy<Value = Row> {
    let object = (0u64..30, prop::option::of(0i64..4), prop::option::of("[ab]"));
    (0u64..40, 0u64..12, prop::option::of(object))
}

fn rebuilt(rows: &[Row], memory: u64, dir: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let mut rebuild = Rebuild::new(IdLogOptions { memory, dir: Some(dir.to_path_buf()) });
    for (n, p, object) in rows {
        let object = object.as_ref().map(|(k, modified, etag)| SourceObject {
            key: key(*k),
            last_modified: modified.and_then(time),
            etag: etag.as_deref(),
        });
        rebuild.push(&TableRow { id: id(*n), partition: &partition(*p), object }).unwrap();
    }
    let (mut ids, mut objects) = (Vec::new(), Vec::new());
    rebuild.finish(&mut ids, &mut objects).unwrap();
    (ids, objects)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn makes_what_a_map_would(mut rows in prop::collection::vec(row(), 0..200), memory in 0u64..4_000) {
        let dir = tempfile::tempdir().unwrap();
        let (ids, objects) = rebuilt(&rows, memory, dir.path());
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

        let mut model: BTreeMap<u64, BTreeSet<PartitionKey>> = BTreeMap::new();
        rows.iter().for_each(|(n, p, _)| { model.entry(*n).or_default().insert(partition(*p)); });
        let newest = rows.iter().filter_map(|(_, _, object)| object.as_ref()).map(|(k, modified, _)| (*k, *modified));
        let newest = newest.fold(BTreeMap::new(), |mut all: BTreeMap<u64, Option<i64>>, (k, modified)| {
            let at = all.entry(k).or_default();
            *at = modified.max(*at);
            all
        });
        block_on(async {
            let (store, paths) = stored(vec![ids.clone()]).await;
            let index = Ids::open(&store, &paths).await.unwrap();
            assert!(index.is_complete());
            assert_eq!(index.unique_items().unwrap(), model.len() as u64);
            let hits = index.probe(model.keys().map(|n| id(*n)).collect()).await.unwrap();
            let ours: Vec<_> = hits.into_iter().map(|hit| (hit.id_hash, hit.partitions.unwrap())).collect();
            let expected: Vec<_> = model.iter().map(|(n, p)| (id(*n), p.iter().cloned().collect::<Vec<_>>())).collect();
            assert_eq!(ours, expected);

            let batches: Vec<_> = open(vec![objects.clone()]).await.batches().try_collect().await.unwrap();
            let ours: Vec<_> = batches.iter().flat_map(|b| (0..b.len()).map(|i| b.row(i))).collect();
            assert!(ours.iter().all(|o| o.fate == Fate::Ingested && o.id.is_some()));
            let times: Vec<_> = ours.iter().map(|o| (o.key, o.last_modified)).collect();
            assert_eq!(times, newest.iter().map(|(k, m)| (key(*k), m.and_then(time))).collect::<Vec<_>>());
        });

        // The same table in another order gives the same ids.
        rows.reverse();
        prop_assert_eq!(rebuilt(&rows, memory, dir.path()).0, ids);
    }
}
