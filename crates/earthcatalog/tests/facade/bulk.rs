//! Bulk runs: the same catalog as one ingest makes, whoever did which task how often; and what becomes of objects that
//! could not be had.

use std::sync::Arc;
use std::time::Duration;

use earthcatalog::{
    Bulk, BulkOptions, BulkTask, Catalog, ErrorKind, GcOptions, Ingest, Mode, Phase, PipelineError,
    ResolveOptions, TaskOptions, TaskReport, VerifyOptions,
};
use earthcatalog_testkit::items::{csv_inventory, item, items};
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;

use crate::bench::{Bench, content, full};

fn options() -> TaskOptions {
    TaskOptions { no_lock: true, ..TaskOptions::default() }
}

fn in_chunks(run: &Ingest, chunk_size: u64, compact_rows: u64) -> Bulk {
    Bulk { ingest: run.clone(), options: BulkOptions { chunk_size, compact_rows, staging: None } }
}

/// All objects of a store, by key.
async fn keys(store: &Arc<dyn ObjectStore>) -> Vec<String> {
    let mut keys: Vec<String> =
        store.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    keys.sort();
    keys
}

async fn is_right(catalog: &Catalog) {
    let mut options = VerifyOptions::default();
    options.full = true;
    let verified = catalog.verify(&options).await.unwrap();
    assert!(verified.is_right(), "{verified:?}");
}

/// Items of which some have the id of another, in all three ages.
fn bodies() -> Vec<String> {
    let mut all = items("one", 20);
    let mut again = items("one", 20);
    for (i, item) in again.iter_mut().enumerate().step_by(3) {
        item["properties"]["updated"] = format!("20{:02}-01-01T00:00:00Z", 10 + i).into();
        item["properties"]["again"] = true.into();
    }
    all.extend(again.into_iter().step_by(3));
    let mut moved = item("one-0003", 100.0, -40.0, "1999-05-05T00:00:00Z");
    moved["properties"]["updated"] = "2031-01-01T00:00:00Z".into();
    all.push(moved);
    all.push(serde_json::json!({"type": "Feature", "id": "bad"}));
    all.iter().map(ToString::to_string).collect()
}

async fn all_items(catalog: &Catalog) -> Vec<Value> {
    let mut found = Vec::new();
    for number in 0..20 {
        let item = catalog.get(&format!("one-{number:04}")).await.unwrap().unwrap();
        found.push(serde_json::from_str(&item).unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_in_any_order_and_twice_at_once_make_what_one_ingest_makes() {
    let bench = Bench::new();
    let inventory = bench.inventory("items", &bodies());
    let single = bench.catalog(Arc::new(InMemory::new())).await;
    let expected = single.ingest(&full(&inventory), &()).await.unwrap();
    for (chunk_size, compact_rows) in [(1, 1), (4, 100_000), (7, 2), (1_000, 100_000)] {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let catalog = bench.catalog(store.clone()).await;
        let run = in_chunks(&full(&inventory), chunk_size, compact_rows);
        let plan = catalog.bulk_plan(&run, &()).await.unwrap();
        assert_eq!(plan, catalog.bulk_plan(&run, &()).await.unwrap(), "found again");
        let stage = catalog.bulk_undone(&plan.run, Phase::Stage).await.unwrap();
        assert_eq!(stage.len() as u64, plan.objects.div_ceil(chunk_size));
        twice_at_once(&catalog, &plan.run, Phase::Stage, stage).await;
        let decision =
            catalog.bulk_resolve(&plan.run, ResolveOptions::default(), &options(), &()).await.unwrap();
        let write = catalog.bulk_undone(&plan.run, Phase::Write).await.unwrap();
        assert_eq!(write.len() as u32, decision.tasks);
        twice_at_once(&catalog, &plan.run, Phase::Write, write).await;
        assert!(content(&catalog).await.is_none(), "nothing before register");
        let report = catalog.bulk_register(&plan.run, &options(), &()).await.unwrap();
        assert_eq!((report.ledger, report.rows), (expected.ledger, expected.rows), "{chunk_size}");
        assert_eq!(report.partitions, expected.partitions);
        assert_eq!(all_items(&catalog).await, all_items(&single).await);
        is_right(&catalog).await;
        let left: Vec<String> = keys(&store).await.into_iter().filter(|key| key.contains("/runs/")).collect();
        assert_eq!(left.len(), 2, "report and rejections: {left:?}");
        let again = catalog.bulk_register(&plan.run, &options(), &()).await.unwrap();
        assert_eq!(again, report, "a straggling driver");
    }
}

/// Runs the tasks from the last to the first, each twice at once; both have the same answer.
async fn twice_at_once(catalog: &Catalog, run: &str, phase: Phase, tasks: Vec<u32>) {
    for number in tasks.into_iter().rev() {
        let task = BulkTask::new(run, phase, number);
        let options = options();
        let (one, other) =
            tokio::join!(catalog.bulk_task(&task, &options, &()), catalog.bulk_task(&task, &options, &()));
        match (one.unwrap(), other.unwrap()) {
            (TaskReport::Stage(one), TaskReport::Stage(other)) => assert_eq!(one, other),
            (TaskReport::Write(one), TaskReport::Write(other)) => {
                assert_eq!((one.files, one.rows, one.bytes), (other.files, other.rows, other.bytes));
            }
            (one, other) => panic!("{one:?} and {other:?}"),
        }
    }
    assert!(catalog.bulk_undone(run, phase).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_come_in_their_order() {
    let bench = Bench::new();
    let inventory = bench.inventory("items", &bodies());
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let run = catalog.bulk_plan(&in_chunks(&full(&inventory), 10, 100), &()).await.unwrap().run;
    let unfinished = |error: earthcatalog::Error| {
        assert!(matches!(&error, earthcatalog::Error::Pipeline(PipelineError::Unfinished { .. })), "{error}");
        assert!(error.hint().unwrap().contains("bulk status"));
    };
    unfinished(catalog.bulk_resolve(&run, ResolveOptions::default(), &options(), &()).await.unwrap_err());
    unfinished(catalog.bulk_register(&run, &options(), &()).await.unwrap_err());
    unfinished(catalog.bulk_task(&BulkTask::new(&run, Phase::Write, 0), &options(), &()).await.unwrap_err());
    for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
    }
    let beyond =
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, 99), &options(), &()).await.unwrap_err();
    assert_eq!(beyond.kind(), ErrorKind::Usage, "{beyond}");
    catalog.bulk_resolve(&run, ResolveOptions::default(), &options(), &()).await.unwrap();
    unfinished(catalog.bulk_register(&run, &options(), &()).await.unwrap_err());
    let none = catalog.bulk_status("0123456789abcdef").await.unwrap_err();
    assert!(none.to_string().contains("no open bulk run"), "{none}");
    assert!(catalog.bulk_status("../../etc").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_writer_comes_between() {
    let bench = Bench::new();
    let first = bench.inventory("first", &items("one", 20).iter().map(Value::to_string).collect::<Vec<_>>());
    let inventory = bench.inventory("items", &bodies());
    let other = bench.inventory("other", &items("two", 5).iter().map(Value::to_string).collect::<Vec<_>>());
    for mode in [Mode::Delta, Mode::Full] {
        let catalog = bench.catalog(Arc::new(InMemory::new())).await;
        catalog.ingest(&full(&first), &()).await.unwrap();
        let mut ingest = full(&inventory);
        ingest.options.mode = mode;
        let run = catalog.bulk_plan(&in_chunks(&ingest, 5, 100), &()).await.unwrap().run;
        for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
            catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
        }
        catalog.bulk_resolve(&run, ResolveOptions::default(), &options(), &()).await.unwrap();
        for number in catalog.bulk_undone(&run, Phase::Write).await.unwrap() {
            catalog.bulk_task(&BulkTask::new(&run, Phase::Write, number), &options(), &()).await.unwrap();
        }
        let mut delta = full(&other);
        delta.options.mode = Mode::Delta;
        catalog.ingest(&delta, &()).await.unwrap();
        let conflict = catalog.bulk_register(&run, &options(), &()).await.unwrap_err();
        assert_eq!(conflict.kind(), ErrorKind::Conflict, "{conflict}");
        let finished = catalog.bulk_finish(&run, ResolveOptions::default(), &options(), &()).await;
        assert!(catalog.get("two-0001").await.unwrap().is_some(), "what the other wrote is there");
        match mode {
            Mode::Full => {
                assert_eq!(finished.unwrap_err().kind(), ErrorKind::Conflict);
                catalog.bulk_clean(&run).await.unwrap();
            }
            _ => {
                let report = finished.unwrap();
                assert!(report.updated > 0 && report.rewritten_files > 0, "{report:?}");
                let moved = catalog.get("one-0003").await.unwrap().unwrap();
                assert!(moved.contains("2031-01-01"), "{moved}");
            }
        }
        is_right(&catalog).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_run_is_no_garbage_and_a_cleaned_one_leaves_nothing() {
    let bench = Bench::new();
    let first = bench.inventory("first", &items("two", 3).iter().map(Value::to_string).collect::<Vec<_>>());
    let inventory = bench.inventory("items", &bodies());
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let catalog = bench.catalog(store.clone()).await;
    catalog.ingest(&full(&first), &()).await.unwrap();
    let before = keys(&store).await;
    let content_before = content(&catalog).await;
    let run = catalog.bulk_plan(&in_chunks(&full(&inventory), 5, 100), &()).await.unwrap().run;
    for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
    }
    catalog.bulk_resolve(&run, ResolveOptions::default(), &options(), &()).await.unwrap();
    catalog.bulk_task(&BulkTask::new(&run, Phase::Write, 0), &options(), &()).await.unwrap();
    let open = keys(&store).await;
    let gc = GcOptions { grace: Duration::ZERO, no_lock: true, ..GcOptions::default() };
    assert!(catalog.gc(&gc, &()).await.unwrap().garbage.is_empty());
    assert_eq!(keys(&store).await, open);
    let runs = catalog.bulk_runs().await.unwrap();
    assert_eq!(runs.iter().map(|open| open.plan.run.as_str()).collect::<Vec<_>>(), [run.as_str()]);
    let status = catalog.bulk_status(&run).await.unwrap();
    assert_eq!((status.stage.done, status.stage.tasks), (status.stage.tasks, 6), "{status:?}");
    assert_eq!(status.next, "register");
    let cleaned = catalog.bulk_clean(&run).await.unwrap();
    assert!(cleaned.files > 10, "{cleaned:?}");
    // A driver that only seemed dead may be committing what was written: that is left to a collection with its grace.
    catalog.gc(&GcOptions { no_lock: true, ..GcOptions::default() }, &()).await.unwrap();
    let rows = |keys: &[String]| {
        keys.iter().filter(|key| key.contains("/grid_partition=")).cloned().collect::<Vec<_>>()
    };
    let cleaned = keys(&store).await;
    assert_eq!(rows(&cleaned), rows(&open));
    assert!(rows(&open).len() > rows(&before).len());
    catalog.gc(&gc, &()).await.unwrap();
    assert_eq!(keys(&store).await, before);
    assert_eq!(content(&catalog).await, content_before);
    assert!(catalog.bulk_runs().await.unwrap().is_empty());
}

/// Its staged lines are of another form: to read them as ours would end in words about damage.
#[tokio::test]
async fn a_run_of_another_version_is_named_and_can_be_given_up() {
    let bench = Bench::new();
    let inventory = bench.inventory("items", &bodies());
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let catalog = bench.catalog(store.clone()).await;
    let ingest = full(&inventory);
    let run = catalog.bulk_plan(&in_chunks(&ingest, 5, 100), &()).await.unwrap().run;
    let plan = keys(&store).await.into_iter().find(|key| key.ends_with("plan.json")).unwrap();
    let plan = Path::from(plan);
    let written = store.get(&plan).await.unwrap().bytes().await.unwrap();
    for (version, expected) in [(1, "earlier version"), (99, "later version")] {
        let mut changed: Value = serde_json::from_slice(&written).unwrap();
        changed["version"] = version.into();
        store.put(&plan, changed.to_string().into()).await.unwrap();
        let task = BulkTask::new(&run, Phase::Stage, 0);
        let error = catalog.bulk_task(&task, &options(), &()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some());
        assert_eq!(catalog.bulk_status(&run).await.is_ok(), version < 99);
    }
    // Nor is it taken up by the same command.
    let mut older: Value = serde_json::from_slice(&written).unwrap();
    older["version"] = 1.into();
    store.put(&plan, older.to_string().into()).await.unwrap();
    assert_eq!(catalog.bulk_plan(&in_chunks(&ingest, 5, 100), &()).await.unwrap().run, run);
    assert!(catalog.bulk_undone(&run, Phase::Stage).await.is_err());
    catalog.bulk_clean(&run).await.unwrap();
    let again = catalog.bulk_plan(&in_chunks(&ingest, 5, 100), &()).await.unwrap();
    catalog.bulk_task(&BulkTask::new(&again.run, Phase::Stage, 0), &options(), &()).await.unwrap();
}

/// Whoever embeds the facade runs it where they like: no future of it is bound to a thread.
#[tokio::test(flavor = "multi_thread")]
async fn all_may_move_to_another_thread() {
    let bench = Bench::new();
    let inventory = bench.inventory("items", &bodies());
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let work = async move {
        let run = catalog.bulk_plan(&in_chunks(&full(&inventory), 50, 100), &()).await.unwrap().run;
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, 0), &options(), &()).await.unwrap();
        catalog.bulk_status(&run).await.unwrap();
        catalog.bulk_finish(&run, ResolveOptions::default(), &options(), &()).await.unwrap();
        catalog.ingest(&full(&inventory), &()).await.unwrap().rows
    };
    assert!(tokio::spawn(work).await.unwrap() > 20);
}

/// A folder whose bucket has gone is fatal; an object that cannot be read now is pending.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_pending_until_somebody_decides() {
    use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};
    let server = S3Server::start(S3Options::default());
    let bench = Bench::new();
    let archive = server.store("bench");
    let bodies = items("one", 6);
    let mut objects = Vec::new();
    for (i, body) in bodies.iter().enumerate() {
        let key = format!("i-{i}.stac.json");
        let body = body.to_string();
        objects.push((key.clone(), body.len() as u64));
        object_store::ObjectStoreExt::put(&archive, &key.as_str().into(), body.into()).await.unwrap();
    }
    let inventory = bench.path().join("items.csv");
    std::fs::write(&inventory, csv_inventory("bench", &objects)).unwrap();
    let stores = earthcatalog::Stores::new(earthcatalog::StoreOptions::default());
    stores.insert(
        "s3://bench",
        server.store_with("bench", earthcatalog_testkit::s3::quick_retries(), Duration::from_secs(5)),
    );
    let config = earthcatalog::Config::default();
    let base = bench.path().join("catalog");
    let catalog = earthcatalog::open_with(stores, base.to_str().unwrap(), &config).await.unwrap();
    let run = in_chunks(&full(inventory.to_str().unwrap()), 4, 100);
    let run = catalog.bulk_plan(&run, &()).await.unwrap().run;
    server.faults().set(Plan::by(|request| {
        let fails = request.path.contains("i-1") || request.path.contains("i-5");
        fails.then_some(Fault::SlowDown)
    }));
    for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
    }
    assert_eq!(catalog.bulk_status(&run).await.unwrap().pending, 2);
    let refused = catalog.bulk_finish(&run, ResolveOptions::default(), &options(), &()).await.unwrap_err();
    assert!(refused.to_string().contains("2 objects") && refused.to_string().contains("i-1"), "{refused}");
    server.faults().set(Plan::by(|request| request.path.contains("i-5").then_some(Fault::SlowDown)));
    assert_eq!(catalog.bulk_retry(&run).await.unwrap(), 1, "one chunk of two");
    for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
        catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
    }
    let status = catalog.bulk_status(&run).await.unwrap();
    assert_eq!((status.pending, status.retries, status.items), (1, 1, 5));
    let accept = ResolveOptions { accept_rejected: true };
    let report = catalog.bulk_finish(&run, accept, &options(), &()).await.unwrap();
    assert_eq!((report.ledger.ingested, report.ledger.rejected, report.ledger.pending), (5, 1, 0));
    assert_eq!(report.rejected_by_reason.get("unreadable"), Some(&1));
    let ended = catalog.bulk_retry(&run).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Usage, "{ended}");
    server.faults().clear();
    let mut delta = full(inventory.to_str().unwrap());
    delta.options.mode = Mode::Delta;
    let next_day = catalog.ingest(&delta, &()).await.unwrap();
    assert_eq!(
        (next_day.ledger.known, next_day.ledger.ingested),
        (5, 1),
        "what was given up is asked for again"
    );
    is_right(&catalog).await;
    // A day on which nothing new could be had changes no snapshot, and the same run on the next day is not that one.
    let body = item("one-late", 10.0, 50.0, "2020-01-01T00:00:00Z").to_string();
    objects.push(("i-late.stac.json".to_owned(), body.len() as u64));
    object_store::ObjectStoreExt::put(&archive, &"i-late.stac.json".into(), body.into()).await.unwrap();
    std::fs::write(&inventory, csv_inventory("bench", &objects)).unwrap();
    for (is_away, ingested) in [(true, 0), (false, 1)] {
        server
            .faults()
            .set(Plan::by(move |r| (is_away && r.path.contains("late")).then_some(Fault::SlowDown)));
        let run = catalog.bulk_plan(&in_chunks(&delta, 4, 100), &()).await.unwrap().run;
        for number in catalog.bulk_undone(&run, Phase::Stage).await.unwrap() {
            catalog.bulk_task(&BulkTask::new(&run, Phase::Stage, number), &options(), &()).await.unwrap();
        }
        let report = catalog.bulk_finish(&run, accept, &options(), &()).await.unwrap();
        assert_eq!((report.ledger.ingested, report.ledger.known), (ingested, 6), "{report:?}");
    }
}

/// Requests cost money: what a run puts does not grow with chunks times partitions.
#[tokio::test(flavor = "multi_thread")]
async fn puts_are_few() {
    use std::sync::atomic::{AtomicU64, Ordering};

    use earthcatalog_testkit::s3::{Plan, S3Options, S3Server, quick_retries};
    let server = S3Server::start(S3Options::default());
    let bench = Bench::new();
    let inventory =
        bench.inventory("items", &items("one", 60).iter().map(Value::to_string).collect::<Vec<_>>());
    let mut store = bench.config().store;
    store.maps.iter_mut().for_each(|map| map.bucket = "bench".to_owned());
    let stores = earthcatalog::Stores::new(store);
    stores.insert(
        "s3://bench-catalog",
        server.store_with("bench-catalog", quick_retries(), Duration::from_secs(5)),
    );
    let catalog = earthcatalog::open_with(stores, "s3://bench-catalog/base", &bench.config()).await.unwrap();
    let puts = Arc::new(AtomicU64::new(0));
    let counter = puts.clone();
    server.faults().set(Plan::by(move |request| {
        counter.fetch_add(u64::from(request.method == "PUT"), Ordering::Relaxed);
        None
    }));
    let plan = catalog.bulk_plan(&in_chunks(&full(&inventory), 6, 100), &()).await.unwrap();
    for number in catalog.bulk_undone(&plan.run, Phase::Stage).await.unwrap() {
        catalog.bulk_task(&BulkTask::new(&plan.run, Phase::Stage, number), &options(), &()).await.unwrap();
    }
    let report = catalog.bulk_finish(&plan.run, ResolveOptions::default(), &options(), &()).await.unwrap();
    assert_eq!((plan.chunks, report.ledger.ingested), (10, 60));
    let (made, allowed) = (puts.load(Ordering::Relaxed), 10 * u64::from(plan.chunks) + report.files);
    assert!(made > report.files && made <= allowed, "{made} PUTs for {} files", report.files);
    assert!(u64::from(plan.chunks) * report.partitions > 2 * allowed, "it would be told if it grew so");
}

/// The archive was looked for in the wrong place, say: the run remembers that, and tells how to begin anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_nothing_but_rejections_can_be_begun_anew() {
    let bench = Bench::new();
    let inventory =
        bench.inventory("items", &items("one", 3).iter().map(Value::to_string).collect::<Vec<_>>());
    let away = bench.path().join("away");
    std::fs::create_dir(&away).unwrap();
    let entries = || std::fs::read_dir(bench.path()).unwrap().map(|entry| entry.unwrap().path());
    let bodies: Vec<_> = entries().filter(|path| path.to_string_lossy().ends_with(".stac.json")).collect();
    bodies.iter().for_each(|path| std::fs::rename(path, away.join(path.file_name().unwrap())).unwrap());
    let catalog = bench.catalog(Arc::new(InMemory::new())).await;
    let plan = async || catalog.bulk_plan(&in_chunks(&full(&inventory), 2, 100), &()).await.unwrap().run;
    let finish = async |run: &str| {
        for number in catalog.bulk_undone(run, Phase::Stage).await.unwrap() {
            catalog.bulk_task(&BulkTask::new(run, Phase::Stage, number), &options(), &()).await.unwrap();
        }
        catalog.bulk_finish(run, ResolveOptions::default(), &options(), &()).await
    };
    let run = plan().await;
    let refused = finish(&run).await.unwrap_err();
    assert!(refused.to_string().contains("all 3 selected objects"), "{refused}");
    assert!(refused.hint().unwrap().contains(&format!("bulk clean {run}")), "{refused:?}");
    bodies.iter().for_each(|path| std::fs::rename(away.join(path.file_name().unwrap()), path).unwrap());
    catalog.bulk_clean(&run).await.unwrap();
    assert_eq!(plan().await, run, "its id is free again");
    assert_eq!(finish(&run).await.unwrap().ledger.ingested, 3);
    is_right(&catalog).await;
}
