//! A store that dies or stumbles at every operation of a commit.

use std::sync::Arc;

use earthcatalog_catalog::{Change, Error, Expiry, Filter, History, Operation};
use earthcatalog_store::Base;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use object_store::memory::InMemory;

use crate::sample::{append, change, file, schema};
use crate::suite::iceberg;

const BASE: &str = "memory://faults/base";

struct Bench {
    store: FailingStore,
    base: Base,
}

impl Bench {
    fn new() -> Self {
        let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
        let base = Base::with_store(Arc::new(store.clone()), BASE).unwrap();
        Self { store, base }
    }

    fn table(&self) -> Arc<dyn History> {
        iceberg(&self.base)
    }

    async fn rows(&self) -> u64 {
        self.store.set(Plan::default());
        let table = self.table();
        let Some(head) = table.head().await.unwrap() else { return 0 };
        let files = table.files(&head, &Filter::default()).await.unwrap();
        let rows = files.iter().map(|file| file.rows).sum();
        assert_eq!(head.rows, Some(rows), "the summary and the files agree");
        rows
    }
}

fn second(head: Option<i64>, how: u8) -> Change {
    let add = vec![file(BASE, "b", "c2", Some(2021), 20)];
    match how {
        0 => append("second", add),
        _ => Change {
            add,
            schema: Some(schema()),
            decided_on: Some(head),
            ..change("second", Operation::ReplaceAll)
        },
    }
}

/// For every n: the store fails at operation n of a commit. The table is as before or as after; the same change
/// committed again leaves it as after.
async fn check(how: How, first: bool, operation: u8) {
    let mut n = 0;
    loop {
        n += 1;
        let bench = Bench::new();
        let mut head = None;
        if first {
            let one = append("first", vec![file(BASE, "a", "c1", Some(2020), 1)]);
            head = bench.table().commit(one).await.unwrap().snapshot_id;
        }
        let (before, after) = match (first, operation) {
            (false, _) => (0, 20),
            (true, 0) => (1, 21),
            (true, _) => (1, 20),
        };
        bench.store.set(Plan { at: n, how });
        let outcome = bench.table().commit(second(head, operation)).await;
        let reached = bench.store.ops() >= n;
        let seen = bench.rows().await;
        match &outcome {
            Ok(_) => assert_eq!(seen, after, "{how:?} at {n}"),
            Err(error) if error.is_ambiguous() => assert!(seen == before || seen == after, "{how:?} at {n}"),
            Err(error) => assert_eq!(seen, before, "{how:?} at {n}: {error}"),
        }
        bench.table().commit(second(head, operation)).await.unwrap();
        assert_eq!(bench.rows().await, after, "{how:?} at {n}, again");
        if !reached {
            assert!(outcome.is_ok(), "{outcome:?}");
            break;
        }
    }
    assert!(n > 5, "a commit of {n} operations is too few to be true");
}

#[tokio::test]
async fn the_first_commit() {
    for how in [How::Die, How::DieAfter, How::Ambiguous, How::Once] {
        check(how, false, 0).await;
    }
}

#[tokio::test]
async fn an_append() {
    for how in [How::Die, How::DieAfter, How::Ambiguous, How::Once] {
        check(how, true, 0).await;
    }
}

#[tokio::test]
async fn a_replacement_of_all() {
    for how in [How::Die, How::DieAfter, How::Ambiguous, How::Once] {
        check(how, true, 1).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_for_good_is_unknown() {
    let commit = |id: &str| append(id, vec![file(BASE, id, "c1", Some(2020), 1)]);
    let rehearsal = Bench::new();
    let table = rehearsal.table();
    table.commit(commit("1")).await.unwrap();
    rehearsal.store.set(Plan::default());
    table.commit(commit("2")).await.unwrap();

    let bench = Bench::new();
    let table = bench.table();
    table.commit(commit("1")).await.unwrap();
    // The last operation of a commit is the swap of the pointer: it lands, and then the process hears nothing more.
    bench.store.set(Plan { at: rehearsal.store.ops(), how: How::DieAfter });
    let error = table.commit(commit("2")).await;
    match error {
        Err(error @ Error::Unknown { .. }) => assert!(error.is_ambiguous() && error.is_retryable()),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.rows().await, 2);
}

/// For every n: the store fails at operation n of an expiration. The snapshots are as before or as after.
async fn check_expiry(how: How) {
    let expiry = Expiry { keep_last: 1, before: None };
    let mut n = 0;
    loop {
        n += 1;
        let bench = Bench::new();
        for i in 0..3 {
            let one = file(BASE, &i.to_string(), "c1", Some(2020), 1);
            bench.table().commit(append(&i.to_string(), vec![one])).await.unwrap();
        }
        let table = bench.table();
        bench.store.set(Plan { at: n, how });
        let outcome = table.expire(&expiry).await;
        let reached = bench.store.ops() >= n;
        assert_eq!(bench.rows().await, 3, "{how:?} at {n}");
        let left = bench.table().snapshots().await.unwrap().len();
        match outcome {
            Ok(gone) => assert_eq!((gone.len(), left), (2, 1), "{how:?} at {n}"),
            Err(error) => assert!(left == 3 || left == 1, "{how:?} at {n}: {error}: {left}"),
        }
        bench.table().expire(&expiry).await.unwrap();
        assert_eq!(bench.table().snapshots().await.unwrap().len(), 1, "{how:?} at {n}");
        if !reached {
            break;
        }
    }
    assert!(n > 4, "{n}");
}

#[tokio::test]
async fn an_expiration_dies_at_every_operation() {
    for how in [How::Die, How::DieAfter, How::Ambiguous, How::Once] {
        check_expiry(how).await;
    }
}
