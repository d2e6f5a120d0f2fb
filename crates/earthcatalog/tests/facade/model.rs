//! A catalog lives: random sequences of changes and runs, some of which die, against a model of maps.

use std::sync::Arc;
use std::time::Duration;

use earthcatalog::model::Json;
use earthcatalog::{
    Catalog, CompactOptions, Config, ExpireOptions, GcOptions, GridSpec, Ingest, Mode, Report, Share,
    VerifyOptions,
};
use earthcatalog_testkit::store::{FailingStore, How, Plan};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::archive::{Archive, Model, Object, geometry, id};
use crate::bench::{Bench, bulk};
use crate::left_behind::LeftBehind;

const IDS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    Put {
        key: u8,
        id: u8,
        place: u8,
        year: u8,
        updated: u8,
        bad: bool,
    },
    Remove {
        key: u8,
    },
    Run {
        mode: Mode,
        bulk: bool,
        dies: Option<Plan>,
    },
    Compact {
        dies: Option<Plan>,
    },
    /// Old snapshots go, and what nothing refers to.
    Tidy {
        dies: Option<Plan>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let put = (0..6u8, 0..IDS, 0..3u8, 0..2u8, 0..8u8, prop::bool::weighted(0.1))
        .prop_map(|(key, id, place, year, updated, bad)| Step::Put { key, id, place, year, updated, bad });
    let remove = (0..6u8).prop_map(|key| Step::Remove { key });
    let how = prop::sample::select(vec![How::Die, How::DieAfter, How::Ambiguous, How::Once]);
    let plan = (1..60u64, how).prop_map(|(at, how)| Plan { at, how });
    let mode = prop::sample::select(vec![Mode::Delta, Mode::Delta, Mode::Sync, Mode::Full, Mode::Auto]);
    let dies = prop::option::weighted(0.4, plan);
    let bulk = prop::bool::weighted(0.3);
    let run = (mode, bulk, dies.clone()).prop_map(|(mode, bulk, dies)| {
        let bulk = bulk && mode != Mode::Sync;
        Step::Run { mode, bulk, dies }
    });
    let compact = dies.clone().prop_map(|dies| Step::Compact { dies });
    let tidy = dies.prop_map(|dies| Step::Tidy { dies });
    prop_oneof![8 => put, 2 => remove, 6 => run, 1 => compact, 1 => tidy]
}

struct World {
    bench: Bench,
    store: FailingStore,
    archive: Archive,
    clock: u32,
    /// The cells of each place.
    cells: Vec<Vec<String>>,
    /// Where the catalog is kept for other readers, if it is.
    left: Option<LeftBehind>,
}

impl World {
    async fn new() -> Self {
        let grid: GridSpec = "h3:1".parse().unwrap();
        let grid = earthcatalog::open_grid(&grid, &Config::default()).await.unwrap();
        let cover = |place: u8| {
            let text = geometry(place).to_string();
            let place = Json::parse(text.as_bytes()).unwrap();
            let place = earthcatalog::model::Geometry::from_geojson(&place).unwrap().unwrap().geometry;
            let mut cells = Vec::new();
            grid.cover(&place, &mut cells).unwrap();
            cells.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let cells: Vec<_> = (0..3).map(cover).collect();
        assert!(cells[2].len() > 2);
        let left = LeftBehind::wanted();
        let inner: Arc<dyn ObjectStore> = match &left {
            Some(_) => Arc::new(LocalFileSystem::new()),
            None => Arc::new(InMemory::new()),
        };
        let store = FailingStore::new(inner, Plan::default());
        Self { bench: Bench::new(), store, archive: Archive::default(), clock: 0, cells, left }
    }

    async fn catalog(&self) -> Catalog {
        let store = Arc::new(self.store.clone());
        match &self.left {
            Some(left) => earthcatalog::open_store(store, &left.base(), &self.bench.config()).await.unwrap(),
            None => self.bench.catalog(store).await,
        }
    }

    /// Notes the state for other readers, where it is kept for them.
    async fn note(&mut self) {
        let catalog = self.catalog().await;
        let Some(left) = &mut self.left else { return };
        let Some(head) = catalog.table().head().await.unwrap() else { return };
        let rows = |object: &Object| {
            self.cells[usize::from(object.place)].iter().map(|cell| object.row(cell)).collect::<Vec<_>>()
        };
        left.note(head.snapshot_id, self.archive.model.items.values().flat_map(rows).collect());
    }

    async fn apply(&mut self, step: Step) {
        self.clock += 1;
        match step {
            Step::Put { key, id, place, year, updated, bad } => {
                let object = Object { id, place, year, updated, bad, written: self.clock };
                self.archive.objects.insert(key, object);
            }
            Step::Remove { key } => {
                self.archive.objects.remove(&key);
            }
            Step::Run { mode, bulk, dies } => self.run(mode, bulk, dies).await,
            Step::Compact { dies } => self.maintain(dies, Self::compact).await,
            Step::Tidy { dies } => self.maintain(dies, Self::tidy).await,
        }
        self.note().await;
    }

    /// Something that must change no row, even where it dies.
    async fn maintain(&self, dies: Option<Plan>, work: impl AsyncFn(&Catalog) -> earthcatalog::Result<()>) {
        if self.archive.model.items.is_empty() {
            return;
        }
        if let Some(plan) = dies {
            let catalog = self.catalog().await;
            self.store.set(plan);
            let _ = work(&catalog).await;
            self.store.set(Plan::default());
            assert_eq!(self.differs(&self.archive.model).await, None, "died by {plan:?}");
        }
        work(&self.catalog().await).await.unwrap();
        assert_eq!(self.differs(&self.archive.model).await, None);
    }

    async fn compact(catalog: &Catalog) -> earthcatalog::Result<()> {
        let options = CompactOptions { no_lock: true, ..CompactOptions::default() };
        catalog.compact(&options, &()).await.map(drop)
    }

    async fn tidy(catalog: &Catalog) -> earthcatalog::Result<()> {
        let options = ExpireOptions { keep_last: 1, no_lock: true, ..ExpireOptions::default() };
        catalog.expire(&options).await?;
        let options = GcOptions { grace: Duration::ZERO, no_lock: true, ..GcOptions::default() };
        catalog.gc(&options, &()).await.map(drop)
    }

    async fn run(&mut self, mode: Mode, bulk: bool, dies: Option<Plan>) {
        if self.archive.objects.values().all(|object| object.bad) {
            // A run of nothing is refused; that is tested elsewhere.
            return;
        }
        let inventory = self.archive.write(&self.bench);
        let expected = self.archive.run(mode);
        if let Some(plan) = dies {
            let catalog = self.catalog().await;
            self.store.set(plan);
            let outcome = ingest(&catalog, &run(&inventory, mode), bulk).await;
            self.store.set(Plan::default());
            let now = if outcome.is_ok() { expected.clone() } else { self.archive.model.clone() };
            if self.differs(&now).await.is_some() {
                assert!(outcome.is_err());
                assert_eq!(self.differs(&expected).await, None, "{mode:?} died by {plan:?}");
            }
        }
        let report = ingest(&self.catalog().await, &run(&inventory, mode), bulk).await;
        let report = report.unwrap_or_else(|e| panic!("{mode:?}: {e}"));
        assert_eq!(self.differs(&expected).await, None, "{mode:?}: {report:?}");
        self.archive.model = expected;
        if mode == Mode::Full {
            return;
        }
        let again = ingest(&self.catalog().await, &run(&inventory, mode), bulk).await.unwrap();
        assert_eq!(again.snapshot_id, None, "a second run: {again:?}");
        assert_eq!(self.differs(&self.archive.model).await, None);
    }

    /// How the catalog differs from the model.
    async fn differs(&self, model: &Model) -> Option<String> {
        let catalog = self.catalog().await;
        let counts = match catalog.counts().await {
            Ok(counts) => counts,
            Err(earthcatalog::Error::NoCatalog { .. }) if model.items.is_empty() => return None,
            Err(error) => return Some(error.to_string()),
        };
        let cells = |object: &Object| self.cells[usize::from(object.place)].len() as u64;
        let rows: u64 = model.items.values().map(cells).sum();
        if (counts.unique_items, counts.rows) != (Some(model.items.len() as u64), rows) {
            return Some(format!("{counts:?}, not {} items in {rows} rows", model.items.len()));
        }
        for number in 0..IDS {
            let found = catalog.get(&id(number)).await.unwrap();
            let found = found.map(|item| serde_json::from_str::<serde_json::Value>(&item).unwrap());
            let revision = found.as_ref().map(|item| item["properties"]["rev"].as_u64().unwrap());
            let expected = model.items.get(&number).map(|object| u64::from(object.written));
            if revision != expected {
                return Some(format!("{} is {revision:?}, not {expected:?}", id(number)));
            }
        }
        let mut options = VerifyOptions::default();
        options.full = true;
        let verified = catalog.verify(&options).await.unwrap();
        (verified.problems > 0).then(|| format!("{verified:?}"))
    }
}

async fn ingest(catalog: &Catalog, run: &Ingest, in_bulk: bool) -> earthcatalog::Result<Report> {
    if in_bulk { bulk(catalog, run).await } else { catalog.ingest(run, &()).await }
}

fn run(inventory: &str, mode: Mode) -> Ingest {
    let mut run = Ingest::new(inventory);
    run.grid = Some("h3:1".parse::<GridSpec>().unwrap());
    run.options.mode = mode;
    run.options.no_lock = true;
    run.options.max_delete = "100%".parse::<Share>().unwrap();
    run
}

/// A hundred sequences, the same every day; as many as the variable says, and others each time, where it is set. Those for
/// other readers are the same every day as well.
fn config() -> ProptestConfig {
    let asked = std::env::var("EARTHCATALOG_SOAK_CASES").ok().and_then(|text| text.parse().ok());
    let soak = asked.is_some() && !LeftBehind::is_wanted();
    let rng_seed = if soak { RngSeed::Random } else { RngSeed::Fixed(42) };
    ProptestConfig {
        cases: asked.unwrap_or(100),
        rng_seed,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_catalog_is_what_the_model_says(steps in prop::collection::vec(step(), 4..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.apply(step).await;
            }
            world.left.iter().for_each(LeftBehind::write);
        });
    }
}
