use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn time(micros: i64) -> Option<Timestamp> {
    Timestamp::from_micros(micros)
}

fn entry(id: &str, updated: Option<Timestamp>, last_modified: Option<Timestamp>, seq: u64) -> Entry {
    Entry { id_hash: IdHash::of(id), updated, last_modified, seq, partitions: vec![seq as u32, 7] }
}

fn winner(entries: &[Entry]) -> u64 {
    let mut log = IdLog::new(IdLogOptions::default());
    entries.iter().for_each(|e| log.push(e).unwrap());
    let resolved: Vec<Resolved> = log.finish().unwrap().map(Result::unwrap).collect();
    assert_eq!(resolved.len(), 1);
    resolved[0].winner.seq
}

fn check(expected: u64, entries: &[(Option<i64>, Option<i64>)]) {
    let entries: Vec<Entry> = entries
        .iter()
        .enumerate()
        .map(|(i, (u, m))| entry("a", u.and_then(time), m.and_then(time), i as u64))
        .collect();
    assert_eq!(winner(&entries), expected, "{entries:?}");
}

#[test]
fn the_newest_wins() {
    check(0, &[(Some(5), None), (Some(4), Some(9)), (None, Some(99))]);
    check(1, &[(None, Some(99)), (Some(-5), None)]);
    check(1, &[(Some(5), Some(1)), (Some(5), Some(2)), (Some(5), None)]);
    check(2, &[(None, None), (None, None), (None, None)]);
    check(1, &[(Some(-1), None), (Some(0), None), (Some(-2), None)]);
}

#[test]
fn an_empty_log_has_no_ids() {
    let log = IdLog::new(IdLogOptions::default());
    assert!(log.is_empty());
    assert_eq!(log.finish().unwrap().count(), 0);
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let time = prop::option::of(-3i64..3).prop_map(|t| t.and_then(time));
    let partitions = prop::collection::vec(any::<u32>(), 0..4);
    let one = (0u32..40, time.clone(), time, partitions);
    prop::collection::vec(one, 0..400).prop_map(|all| {
        let entries =
            all.into_iter().enumerate().map(|(i, (id, updated, last_modified, partitions))| Entry {
                id_hash: IdHash::of(&id.to_string()),
                updated,
                last_modified,
                // Neither ascending nor dense.
                seq: (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
                partitions,
            });
        entries.collect()
    })
}

/// What the log must say, by the plainest means.
fn oracle(entries: &[Entry]) -> Vec<Resolved> {
    let mut ids: BTreeMap<IdHash, Vec<Entry>> = BTreeMap::new();
    entries.iter().for_each(|e| ids.entry(e.id_hash).or_default().push(e.clone()));
    let resolve = |mut all: Vec<Entry>| {
        all.sort_by_key(|e| (e.updated, e.last_modified, e.seq));
        Resolved { winner: all.pop().unwrap(), losers: all }
    };
    ids.into_values().map(resolve).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn resolves_as_a_map_would(entries in entries(), memory in 0u64..8_000) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = IdLog::new(IdLogOptions { memory, dir: Some(dir.path().to_path_buf()) });
        for entry in &entries {
            log.push(entry).unwrap();
        }
        prop_assert_eq!(log.len(), entries.len() as u64);
        let ours: Vec<Resolved> = log.finish().unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(ours, oracle(&entries));
        prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
