use proptest::prelude::*;

use super::*;

fn sorted(records: &[Vec<u8>], memory: u64, dir: &std::path::Path) -> Vec<Vec<u8>> {
    let mut sorter = Sorter::new(memory, Some(dir.to_path_buf()));
    records.iter().for_each(|r| sorter.push(r).unwrap());
    let mut sorted = sorter.finish().unwrap();
    let mut out = Vec::new();
    while let Some(record) = sorted.next().unwrap() {
        out.push(record.to_vec());
    }
    assert!(sorted.next().unwrap().is_none());
    assert_eq!(std::fs::read_dir(dir).unwrap().count(), 0, "temporary files have no names");
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sorts_as_memory_would(
        mut records in prop::collection::vec(prop::collection::vec(0u8..4, 0..12), 0..600),
        memory in 0u64..2_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let ours = sorted(&records, memory, dir.path());
        records.sort();
        prop_assert_eq!(ours, records);
    }
}

#[test]
fn long_records_and_many_levels() {
    let dir = tempfile::tempdir().unwrap();
    // A record a run: 5,000 runs make 78 of the next level, and one of the level after that.
    let mut records: Vec<Vec<u8>> =
        (0u32..5_000).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes().to_vec()).collect();
    records.push(vec![7; 300]);
    records.push(vec![0; 20_000]);
    let ours = sorted(&records, 1, dir.path());
    records.sort();
    assert_eq!(ours, records);
}

#[test]
fn open_files_stay_few() {
    let mut sorter = Sorter::new(1, None);
    for i in 0u32..9_000 {
        sorter.push(&i.to_le_bytes()).unwrap();
        assert!(sorter.runs.len() < 3 * FAN_IN);
    }
}

#[test]
fn a_failure_is_heard_at_the_end_too() {
    let mut sorter = Sorter::new(1, Some("/nowhere/at/all".into()));
    sorter.push(b"a").unwrap();
    sorter.push(b"b").unwrap();
    let error = sorter.finish().err().unwrap();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}

#[test]
fn memory_holds_what_it_may_and_no_more() {
    let limit = 64 << 10;
    let mut sorter = Sorter::new(limit, None);
    for i in 0u32..50_000 {
        sorter.push(&i.wrapping_mul(2_654_435_761).to_be_bytes()).unwrap();
        // Records are 5 bytes, what finds them 16; the other arena is as large, the buffers take the rest.
        assert!(
            sorter.arena.bytes.len() + sorter.arena.slots.len() * size_of::<Slot>() <= limit as usize / 8 * 3
        );
    }
    let mut sorted = sorter.finish().unwrap();
    let mut count = 0;
    while sorted.next().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 50_000);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let mut sorter = Sorter::new(1, Some("/nowhere/at/all".into()));
    // The first two fill the arenas; whoever needs one of them then hears of it.
    sorter.push(b"a").unwrap();
    sorter.push(b"b").unwrap();
    let error = sorter.push(b"c").unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}

#[test]
fn a_full_disk_has_its_own_message() {
    let full = writing(std::path::Path::new("/scratch"), io::ErrorKind::StorageFull.into());
    assert!(matches!(full, Error::DiskFull { .. }));
    assert!(full.to_string().contains("no space left in /scratch"), "{full}");
}
