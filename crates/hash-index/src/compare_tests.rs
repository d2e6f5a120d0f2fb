use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::listing::{Listed, ListingOptions};
use crate::objects_index::tests::{files, object, open};
use crate::testing::{block_on, id, key, time};

/// A line of a listing: key, time, tag.
type Row = (u64, Option<i64>, Option<String>);

fn lines() -> impl Strategy<Value = Vec<Row>> {
    let line = (0u64..50, prop::option::of(-2i64..3), prop::option::of("[a-c]{0,2}"));
    prop::collection::vec(line, 0..80)
}

fn listing(rows: &[Row], memory: u64, dir: Option<&std::path::Path>) -> Listing {
    let mut listing = Listing::new(ListingOptions { memory, dir: dir.map(Into::into) });
    for (number, (k, modified, etag)) in rows.iter().enumerate() {
        let listed = Listed { key: key(*k), last_modified: modified.and_then(time), etag: etag.as_deref() };
        assert_eq!(listing.push(&listed).unwrap(), number as u64);
    }
    listing
}

async fn compare(listing: Listing, objects: &Objects, options: CompareOptions) -> (Vec<Difference>, Outcome) {
    let mut comparison = listing.compare(objects, options);
    let mut differences = Vec::new();
    while let Some(some) = comparison.next().await.unwrap() {
        differences.extend(some);
    }
    (differences, comparison.finish().await.unwrap())
}

type Known = BTreeMap<KeyHash, ObjectRow>;

/// What must come out, by the plainest means.
fn oracle(known: &Known, rows: &[Row], options: CompareOptions) -> (Vec<Difference>, Outcome) {
    let mut newest: BTreeMap<KeyHash, (Option<i64>, u64)> = BTreeMap::new();
    for (seq, (k, modified, _)) in rows.iter().enumerate() {
        let line = (*modified, seq as u64);
        newest.entry(key(*k)).and_modify(|at| *at = line.max(*at)).or_insert(line);
    }
    let mut tally = Tally { listed: rows.len() as u64, ..Tally::default() };
    tally.duplicates = tally.listed - newest.len() as u64;
    let (mut differences, mut selected, mut waiting) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    let mut lost = BTreeSet::new();
    let owner = |old: &ObjectRow| {
        old.id.filter(|_| options.gone && matches!(old.fate, Fate::Ingested | Fate::Rejected))
    };
    for (key, (modified, seq)) in &newest {
        let seq = *seq;
        let Some(old) = known.get(key).cloned() else {
            tally.new += 1;
            selected.insert(seq);
            differences.insert(*key, Difference::New { seq, key: *key });
            continue;
        };
        let modified = modified.and_then(time).zip(old.last_modified);
        let etag = rows[seq as usize].2.clone().zip(old.etag.clone());
        if modified.is_some_and(|(a, b)| a < b) {
            tally.older += 1;
            differences.insert(*key, Difference::Older { seq, old });
        } else if modified.is_some_and(|(a, b)| a > b) || etag.is_some_and(|(a, b)| a != b) {
            tally.changed += 1;
            selected.insert(seq);
            lost.extend(owner(&old));
            differences.insert(*key, Difference::Changed { seq, old });
        } else if old.fate == Fate::Rejected && options.retry_rejected {
            tally.retried += 1;
            selected.insert(seq);
            lost.extend(owner(&old));
            differences.insert(*key, Difference::Retry { seq, old });
        } else {
            match old.fate {
                Fate::Ingested => tally.known_ingested += 1,
                Fate::Superseded => waiting.push((old.id, seq)),
                Fate::Rejected | Fate::Deleted => tally.known_rejected += 1,
            }
        }
    }
    let gone = known.values().filter(|old| options.gone && !newest.contains_key(&old.key));
    for old in gone {
        tally.gone += 1;
        lost.extend(owner(old));
        differences.insert(old.key, Difference::Gone { old: old.clone() });
    }
    for (id, seq) in waiting {
        if id.is_some_and(|id| lost.contains(&id)) {
            tally.returning += 1;
            selected.insert(seq);
        } else {
            tally.known_superseded += 1;
        }
    }
    let mut set = SeqSet::default();
    selected.iter().for_each(|seq| assert!(set.insert(*seq)));
    let same = |set: &SeqSet| set.iter().eq(selected.iter().copied());
    assert!(same(&set));
    (differences.into_values().collect(), Outcome { selected: set, tally })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn finds_what_a_map_would(
        layers in prop::collection::vec(prop::collection::vec(object(0..50), 0..60), 1..4),
        rows in lines(),
        memory in 0u64..6_000,
        retry_rejected: bool,
        gone: bool,
    ) {
        let options = CompareOptions { retry_rejected, gone };
        let dir = tempfile::tempdir().unwrap();
        let (files, known) = files(&layers);
        let ours = block_on(async {
            compare(listing(&rows, memory, Some(dir.path())), &open(files).await, options).await
        });
        let expected = oracle(&known, &rows, options);
        prop_assert!(ours.1.tally.is_closed(), "{:?}", ours.1.tally);
        prop_assert_eq!(&ours.1.tally, &expected.1.tally);
        prop_assert!(ours.1.selected.iter().eq(expected.1.selected.iter()));
        prop_assert_eq!(ours.0, expected.0);
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn many_batches_on_both_sides() {
    let row = |n: u64| ObjectRow {
        key: key(n),
        id: Some(id(n)),
        last_modified: time(5),
        etag: None,
        fate: Fate::Ingested,
    };
    let (files, known) = files(&[(0..60_000).map(|n| row(2 * n)).collect()]);
    // Backwards, so that nothing arrives in order.
    let rows: Vec<Row> =
        (0..50_000).rev().map(|n| (3 * n, Some(5 + i64::from(n % 2_000 == 0)), None)).collect();
    let options = CompareOptions { gone: true, ..CompareOptions::default() };
    let ours = compare(listing(&rows, 1 << 20, None), &open(files).await, options).await;
    let expected = oracle(&known, &rows, options);
    assert_eq!(ours.1.tally, expected.1.tally);
    assert!(ours.0 == expected.0);
}

#[tokio::test]
async fn against_nothing_all_is_new() {
    let rows = [(1, None, None), (1, Some(3), None), (2, None, None)];
    let (differences, outcome) =
        compare(listing(&rows, 1 << 20, None), &Objects::none(), CompareOptions::default()).await;
    assert_eq!(
        differences,
        [Difference::New { seq: 1, key: key(1) }, Difference::New { seq: 2, key: key(2) }]
    );
    assert_eq!(outcome.selected.iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(outcome.tally, Tally { listed: 3, duplicates: 1, new: 2, ..Tally::default() });
}

#[tokio::test]
async fn a_damaged_index_ends_it_and_leaves_no_temporary_files() {
    let dir = tempfile::tempdir().unwrap();
    let row =
        |n: u64| ObjectRow { key: key(n), id: None, last_modified: None, etag: None, fate: Fate::Rejected };
    let (mut files, _) = files(&[(0..40_000).map(row).collect()]);
    files[0][4_000..4_100].fill(0);
    let rows: Vec<Row> = (0..20_000).map(|n| (n, None, None)).collect();
    let mut comparison =
        listing(&rows, 100_000, Some(dir.path())).compare(&open(files).await, CompareOptions::default());
    let error = loop {
        match comparison.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the damage was not seen"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("warehouse_index/0.parquet"), "{error}");
    assert!(comparison.finish().await.is_err(), "what came before the error is not an outcome");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let mut listing = Listing::new(ListingOptions { memory: 0, dir: Some("/nowhere/at/all".into()) });
    let line = Listed { key: key(1), last_modified: None, etag: None };
    let pushed = (0..3).try_for_each(|_| listing.push(&line).map(|_| ()));
    let error = match pushed {
        Err(error) => error,
        Ok(()) => listing.compare(&Objects::none(), CompareOptions::default()).finish().await.unwrap_err(),
    };
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}
