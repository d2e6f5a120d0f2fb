//! The process dies, or its store stumbles, at every operation of a small run: of a full one over an empty and over a
//! filled catalog, of a delta, and of a sync.

use std::sync::Arc;

use earthcatalog::{Catalog, Ingest, Mode, Report, Share, VerifyOptions};
use earthcatalog_testkit::items::items;
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use object_store::memory::InMemory;

use crate::bench::{Bench, Content, at_each, bulk, content, full};

/// A first run and the one after it, which has new items, and a changed one of the first under another key.
struct Deaths {
    bench: Bench,
    old: String,
    new: String,
    mode: Mode,
    filled: bool,
    bulk: bool,
}

impl Deaths {
    fn new(mode: Mode, filled: bool, bulk: bool) -> Self {
        let bench = Bench::new();
        let old = items("old", 2);
        let mut new = items("new", 3);
        let mut changed = old[1].clone();
        changed["properties"]["updated"] = "2030-01-01T00:00:00Z".into();
        new.push(changed);
        let text = |items: &[serde_json::Value]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (old, new) = (bench.inventory("old", &text(&old)), bench.inventory("new", &text(&new)));
        Self { bench, old, new, mode, filled, bulk }
    }

    async fn ingest(&self, catalog: &Catalog) -> earthcatalog::Result<Report> {
        if self.bulk { bulk(catalog, &self.run()).await } else { catalog.ingest(&self.run(), &()).await }
    }

    fn run(&self) -> Ingest {
        let mut run = full(&self.new);
        run.options.mode = self.mode;
        run.options.max_delete = "100%".parse::<Share>().unwrap();
        run
    }

    /// A catalog before the run.
    async fn store(&self) -> FailingStore {
        let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
        if self.filled {
            let catalog = self.bench.catalog(Arc::new(store.clone())).await;
            catalog.ingest(&full(&self.old), &()).await.unwrap();
        }
        store
    }

    /// What one undisturbed run leaves.
    async fn clean(&self) -> Content {
        let catalog = self.bench.catalog(Arc::new(self.store().await)).await;
        self.ingest(&catalog).await.unwrap();
        content(&catalog).await
    }

    /// Fails at one operation of the run; true if the run had so many.
    async fn check(&self, plan: Plan, after: &Content) -> bool {
        let store = self.store().await;
        // A process of its own: nothing is known of the store from before.
        let catalog = self.bench.catalog(Arc::new(store.clone())).await;
        let before = content(&catalog).await;
        store.set(plan);
        let outcome = self.ingest(&catalog).await;
        let reached = store.ops() >= plan.at;
        store.set(Plan::default());
        let seen = content(&catalog).await;
        match &outcome {
            Ok(_) => assert_eq!(seen, *after, "{plan:?}"),
            Err(error) => assert!(seen == before || seen == *after, "{plan:?}: {error}: {seen:?}"),
        }
        self.ingest(&catalog).await.unwrap();
        assert_eq!(content(&catalog).await, *after, "{plan:?}, again");
        let open = catalog.bulk_runs().await.unwrap();
        assert!(open.is_empty(), "{plan:?}: {open:?}");
        let mut options = VerifyOptions::default();
        options.full = true;
        let verified = catalog.verify(&options).await.unwrap();
        assert!(verified.is_right(), "{plan:?}: {verified:?}");
        let changed = catalog.get("old-0001").await.unwrap();
        assert!(changed.is_some_and(|item| item.contains("2030-01-01")), "{plan:?}");
        let kept = catalog.get("old-0000").await.unwrap().is_some();
        assert_eq!(kept, self.mode == Mode::Delta, "{plan:?}");
        reached
    }
}

async fn at_every_operation(how: How) {
    for (mode, filled) in [(Mode::Full, false), (Mode::Full, true), (Mode::Delta, true), (Mode::Sync, true)] {
        let deaths = Deaths::new(mode, filled, false);
        let after = deaths.clean().await;
        at_each(how, async |plan| deaths.check(plan, &after).await).await;
    }
}

/// The same, as a bulk run.
async fn in_bulk(how: How, runs: &[(Mode, bool)]) {
    for (mode, filled) in runs.iter().copied() {
        let deaths = Deaths::new(mode, filled, true);
        let after = deaths.clean().await;
        let single = Deaths { bulk: false, ..Deaths::new(mode, filled, false) }.clean().await;
        assert_eq!(after.as_ref().map(|c| c.0), single.map(|c| c.0), "{mode:?}");
        at_each(how, async |plan| deaths.check(plan, &after).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_run_dies_before() {
    in_bulk(How::Die, &[(Mode::Full, false), (Mode::Full, true), (Mode::Delta, true)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_run_dies_after() {
    in_bulk(How::DieAfter, &[(Mode::Full, true), (Mode::Delta, true)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_bulk_run_is_lost() {
    in_bulk(How::Ambiguous, &[(Mode::Delta, true)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_of_a_bulk_run_fails() {
    in_bulk(How::Once, &[(Mode::Full, false)]).await;
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
