//! Differences beside those of a simple model.

use std::collections::BTreeMap;

use earthcatalog_model::{ObjectRef, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::memory::MemoryInventory;

type Found = Vec<(Change, ObjectRef)>;

fn run(old: &[ObjectRef], new: &[ObjectRef], memory: u64) -> (Found, DiffCounts) {
    let (old, new) = (MemoryInventory::new("old", old), MemoryInventory::new("new", new));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let options = DiffOptions { memory, ..DiffOptions::default() };
        let diff = diff(&old, &new, &options).await.unwrap();
        let mut found = Vec::new();
        let mut take = |change, object: &ObjectView<'_>| {
            found.push((change, object.to_ref()));
            Ok(())
        };
        diff.replay_new(&new, &mut take).await.unwrap();
        diff.replay_old(&old, &mut take).await.unwrap();
        (found, diff.counts())
    })
}

fn object(key: &str, size: Option<u64>, micros: Option<i64>, etag: Option<&str>) -> ObjectRef {
    ObjectRef {
        size,
        last_modified: micros.and_then(Timestamp::from_micros),
        etag: etag.map(str::to_owned),
        ..ObjectRef::new("b", key)
    }
}

fn check(old: ObjectRef, new: ObjectRef, expected: Option<Change>) {
    let (found, _) = run(std::slice::from_ref(&old), std::slice::from_ref(&new), 1 << 20);
    assert_eq!(found.first().map(|(change, _)| *change), expected, "{old:?} {new:?}");
}

#[test]
fn what_differs() {
    let base = object("k", Some(1), Some(1), Some("e"));
    check(base.clone(), base.clone(), None);
    check(base.clone(), object("k", Some(2), Some(1), Some("e")), Some(Change::Changed));
    check(base.clone(), object("k", Some(1), Some(2), Some("e")), Some(Change::Changed));
    check(base.clone(), object("k", Some(1), Some(1), Some("f")), Some(Change::Changed));
    check(base.clone(), object("k", None, None, None), None);
    check(object("k", None, Some(1), None), base.clone(), None);
    check(base.clone(), object("l", Some(1), Some(1), Some("e")), Some(Change::Added));
    check(base.clone(), ObjectRef { bucket: "c".to_owned(), ..base }, Some(Change::Added));
}

/// A large listing, made as it is read; what is said to be is left out, and of every tenth of the others the size is another.
struct Large {
    without: std::ops::Range<u64>,
    changed: std::ops::Range<u64>,
}

const LARGE: u64 = 2_000_000;

impl Inventory for Large {
    fn batches(&self) -> futures::stream::BoxStream<'static, Result<crate::batch::ObjectBatch>> {
        let (without, changed) = (self.without.clone(), self.changed.clone());
        let batch = move |start: u64| {
            let mut builder = crate::build::BatchBuilder::default();
            for i in (start..start + 10_000).filter(|i| !without.contains(i)) {
                let key = format!("velocity_image_pair/landsatOLI/v02/N60W040/{i:0>100}.stac.json");
                let size = Some(5_000 + i % 1_000 + u64::from(changed.contains(&i)));
                builder.push(&crate::build::Row { bucket: "b", key: &key, size, ..Default::default() });
            }
            Ok(builder.finish())
        };
        futures::stream::iter((0..LARGE).step_by(10_000)).map(batch).boxed()
    }

    fn name(&self) -> &str {
        "large"
    }

    fn identity(&self) -> &str {
        "large"
    }
}

/// In far less memory than the rows take: the records go through temporary files.
#[test]
fn two_million_rows_that_differ_in_few() {
    let old = Large { without: 500_000..501_000, changed: 0..0 };
    let new = Large { without: 1_999_750..2_000_000, changed: 700_000..700_100 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let options = DiffOptions { memory: 8 << 20, ..DiffOptions::default() };
        let diff = diff(&old, &new, &options).await.unwrap();
        let counts = diff.counts();
        assert_eq!((counts.added, counts.changed, counts.removed), (1_000, 100, 250));
        assert_eq!(counts.unchanged, LARGE - 1_000 - 100 - 250);
        let mut seen = Vec::new();
        let mut take = |change, object: &ObjectView<'_>| {
            let number: u64 =
                object.key().rsplit('/').next().unwrap().trim_end_matches(".stac.json").parse().unwrap();
            seen.push((change, number));
            Ok(())
        };
        diff.replay_new(&new, &mut take).await.unwrap();
        diff.replay_old(&old, &mut take).await.unwrap();
        let added = (500_000..501_000).map(|i| (Change::Added, i));
        let changed = (700_000..700_100).map(|i| (Change::Changed, i));
        let removed = (1_999_750..2_000_000).map(|i| (Change::Removed, i));
        assert!(seen.into_iter().eq(added.chain(changed).chain(removed)));
    });
}

#[test]
fn a_listing_that_changes_between_the_readings_is_an_error() {
    let objects = [object("k", None, None, None)];
    let (old, new) = (MemoryInventory::new("old", &[]), MemoryInventory::new("new", &objects));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let diff = diff(&old, &new, &DiffOptions::default()).await.unwrap();
        let error = diff.replay_new(&MemoryInventory::new("new", &[]), |_, _| Ok(())).await.unwrap_err();
        assert!(error.to_string().contains("it had 1 rows and has 0 now"), "{error}");
    });
}

/// The newest row of each object, the last of those equally new.
fn newest(objects: &[ObjectRef]) -> BTreeMap<&str, &ObjectRef> {
    let mut newest: BTreeMap<&str, &ObjectRef> = BTreeMap::new();
    for object in objects {
        let before = newest.get(object.key.as_str());
        if before.is_none_or(|before| before.last_modified <= object.last_modified) {
            newest.insert(&object.key, object);
        }
    }
    newest
}

fn model(old: &[ObjectRef], new: &[ObjectRef]) -> BTreeMap<(String, bool), ObjectRef> {
    let (old, new) = (newest(old), newest(new));
    let mut found = BTreeMap::new();
    for (key, object) in &new {
        let changed = old.get(key).is_none_or(|before| {
            before.size != object.size
                || before.last_modified != object.last_modified
                || before.etag != object.etag
        });
        if changed {
            found.insert(((*key).to_owned(), old.contains_key(key)), (*object).clone());
        }
    }
    for (key, object) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        found.insert((format!("-{key}"), false), (*object).clone());
    }
    found
}

fn listing() -> impl Strategy<Value = Vec<ObjectRef>> {
    let row = (0..40u32, 0..2u64, 0..3i64, 0..2u32).prop_map(|(key, size, time, etag)| {
        object(&format!("k{key}"), Some(size), Some(time), Some(&etag.to_string()))
    });
    proptest::collection::vec(row, 0..60)
}

proptest! {
    #[test]
    fn as_a_map_would_find_it(old in listing(), new in listing()) {
        for memory in [0, 1 << 20] {
            let (found, counts) = run(&old, &new, memory);
            let total = counts.added + counts.changed + counts.removed;
            prop_assert_eq!(total, found.len() as u64);
            prop_assert_eq!(counts.added + counts.changed + counts.unchanged, newest(&new).len() as u64);
            let name = |change, key: String| match change {
                Change::Added => (key, false),
                Change::Changed => (key, true),
                Change::Removed => (format!("-{key}"), false),
            };
            let found: BTreeMap<_, _> =
                found.into_iter().map(|(change, object)| (name(change, object.key.clone()), object)).collect();
            prop_assert_eq!(found, model(&old, &new));
        }
    }
}
