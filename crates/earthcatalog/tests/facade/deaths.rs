//! The process dies, or its store stumbles, at every operation of a small run.

use std::sync::Arc;

use earthcatalog_testkit::items::items;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use object_store::memory::InMemory;

use crate::bench::{Bench, Content, content, full};

struct Deaths {
    bench: Bench,
    old: String,
    new: String,
}

impl Deaths {
    fn new() -> Self {
        let bench = Bench::new();
        let bodies = |stem, n| items(stem, n).iter().map(ToString::to_string).collect::<Vec<_>>();
        let (old, new) = (bodies("old", 2), bodies("new", 4));
        let (old, new) = (bench.inventory("old", &old), bench.inventory("new", &new));
        Self { bench, old, new }
    }

    /// What one undisturbed run leaves, and its operations.
    async fn clean(&self) -> (Content, u64) {
        let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
        let catalog = self.bench.catalog(Arc::new(store.clone())).await;
        catalog.ingest(&full(&self.new), &()).await.unwrap();
        let ops = store.ops();
        (content(&catalog).await, ops)
    }

    /// Fails at operation `at` of a run over a catalog that is empty or not; true if the run had so many.
    async fn check(&self, plan: Plan, filled: bool, after: &Content) -> bool {
        let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
        let catalog = self.bench.catalog(Arc::new(store.clone())).await;
        if filled {
            catalog.ingest(&full(&self.old), &()).await.unwrap();
        }
        let before = content(&catalog).await;
        // A process of its own: nothing is known of the store from before.
        let catalog = self.bench.catalog(Arc::new(store.clone())).await;
        store.set(plan);
        let outcome = catalog.ingest(&full(&self.new), &()).await;
        let reached = store.ops() >= plan.at;
        store.set(Plan::default());
        let seen = content(&catalog).await;
        match &outcome {
            Ok(_) => assert_eq!(seen, *after, "{plan:?}"),
            Err(error) => assert!(seen == before || seen == *after, "{plan:?}: {error}: {seen:?}"),
        }
        catalog.ingest(&full(&self.new), &()).await.unwrap();
        assert_eq!(content(&catalog).await, *after, "{plan:?}, again");
        reached
    }
}

async fn at_every_operation(how: How) {
    let deaths = Deaths::new();
    let (after, ops) = deaths.clean().await;
    assert!(ops > 10, "a run of {ops} operations is too few to be true");
    for filled in [false, true] {
        let mut at = 1;
        while deaths.check(Plan { at, how }, filled, &after).await {
            at += 1;
        }
        assert!(at > 10, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_before() {
    at_every_operation(How::Die).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_after() {
    at_every_operation(How::DieAfter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_lost() {
    at_every_operation(How::Ambiguous).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_fails() {
    at_every_operation(How::Once).await;
}
