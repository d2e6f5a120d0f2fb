//! An open catalog and what one can ask it.

use std::collections::BTreeMap;
use std::sync::Arc;

use earthcatalog_catalog::{Filter, Head, History, IcebergOptions, IcebergTable};
use earthcatalog_fetch::FetchOptions;
use earthcatalog_grid::{Grid, GridSpec};
use earthcatalog_model::{DataFile, Geometry, PartitionKey, Timestamp};
use earthcatalog_pipeline::{Observer, Parts, Report, grid_of, grid_spec};
use earthcatalog_search::Query;
use earthcatalog_store::{Base, Stores};
use earthcatalog_writer::GeoParquet;
use object_store::ObjectStore;

use crate::config::{Config, Ingest};
use crate::error::{Error, Result};
use crate::history::At;
use crate::info::{Counts, GridInfo, HashIndexInfo, Info, PartitionStats, SnapshotInfo, TableInfo};
use crate::source::Source;
use crate::sources::Sources;

/// The table property that names the hash index.
const HASH_INDEX: &str = "earthcatalog.hash_index_path";

/// A catalog at its base. Cheap to clone; every call reads the current state anew.
#[derive(Clone)]
pub struct Catalog {
    pub(crate) base: Base,
    pub(crate) stores: Stores,
    pub(crate) table: Arc<dyn History>,
    pub(crate) config: Config,
    /// What calls that read see; None: the current state.
    at: Option<At>,
}

/// Opens the catalog in `store` whose URL is `base`. It need not exist: the first ingest makes it.
///
/// `store` serves the base only; inventories and items are reached by their own URLs, with credentials from the
/// environment. See [`open_store`] and [`open_with`] for more.
///
/// # Errors
/// Where the URL cannot be understood.
pub async fn open(store: Arc<dyn ObjectStore>, base: &str) -> Result<Catalog> {
    open_store(store, base, &Config::default()).await
}

/// As [`open`], with inventories and items reached as `config` says.
///
/// # Errors
/// Where the URL cannot be understood.
pub async fn open_store(store: Arc<dyn ObjectStore>, base: &str, config: &Config) -> Result<Catalog> {
    let stores = Stores::new(config.store.clone());
    Catalog::assemble(Base::with_store(store, base)?, stores, config.clone())
}

/// Opens the catalog at a URL or local path, its store made from the environment and `config`.
///
/// # Errors
/// Where the URL cannot be understood or its store not be made.
pub async fn open_url(base: &str, config: &Config) -> Result<Catalog> {
    open_with(Stores::new(config.store.clone()), base, config).await
}

/// Opens the catalog at a URL, every store taken from `stores`.
///
/// # Errors
/// Where the URL cannot be understood or its store not be made.
pub async fn open_with(stores: Stores, base: &str, config: &Config) -> Result<Catalog> {
    let base = Base::open(&stores, base)?;
    Catalog::assemble(base, stores, config.clone())
}

impl Catalog {
    fn assemble(base: Base, stores: Stores, config: Config) -> Result<Self> {
        let base = match &config.lock_path {
            Some(location) => base.with_lock(&stores, location)?,
            None => base,
        };
        let options = IcebergOptions { unsafe_no_cas: config.unsafe_no_cas };
        let table: Arc<dyn History> = Arc::new(IcebergTable::new(base.clone(), &options));
        Ok(Self { base, stores, table, config, at: None })
    }

    /// Where it is.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The table behind it.
    pub fn table(&self) -> &Arc<dyn History> {
        &self.table
    }

    /// The same catalog as it was at a snapshot or a time, for the calls that read: [`stats`](Self::stats),
    /// [`counts`](Self::counts), [`files`](Self::files) and those beside them. Unique items are not known of older
    /// states: the hash index is the current one's. Calls that write see the current state as ever.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        self.at = Some(at);
        self
    }

    /// Reads an inventory, fetches its items, writes them and commits one snapshot.
    ///
    /// # Errors
    /// What ends a run; see [`earthcatalog_pipeline::Error`]. A bad item does not: it is counted in the report and
    /// listed in its `rejected_path`.
    pub async fn ingest(&self, run: &Ingest, observer: &dyn Observer) -> Result<Report> {
        let source = Source::of_run(&self.stores, run).await?;
        let grid = self.grid_for(run.grid.as_ref()).await?;
        let parts = Parts {
            base: self.base.clone(),
            table: self.table.clone(),
            inventory: source.inventory.clone(),
            fetch: source.fetch(self.fetch_options()),
            href: Arc::new(Sources::new(self.stores.clone())),
            grid,
            format: Arc::new(GeoParquet::default()),
        };
        let mut options = run.options.clone();
        // The lease rests on conditional PUTs too: a store without them has none to give.
        options.no_lock |= self.config.unsafe_no_cas;
        Ok(earthcatalog_pipeline::ingest(&parts, &options, observer).await?)
    }

    pub(crate) fn fetch_options(&self) -> FetchOptions {
        let mut options = FetchOptions::default();
        if let Some(timeout) = self.config.store.timeout {
            options.timeout = timeout;
        }
        options
    }

    /// The sizes of all partitions, by cell and year; empty for a catalog without rows.
    ///
    /// # Errors
    /// Where the catalog or its manifests cannot be read.
    pub async fn stats(&self) -> Result<Vec<PartitionStats>> {
        let head = self.head().await?;
        let mut partitions: BTreeMap<PartitionKey, PartitionStats> = BTreeMap::new();
        for file in self.table.files(&head, &Filter::default()).await? {
            let entry =
                partitions.entry(file.partition.clone()).or_insert_with(|| empty_stats(&file.partition));
            entry.row_count += file.rows;
            entry.file_count += 1;
            entry.total_bytes += file.bytes;
        }
        Ok(partitions.into_values().collect())
    }

    /// How many items and rows there are, from the index's footer and the snapshot's summary.
    ///
    /// # Errors
    /// Where there is no catalog, or it cannot be read.
    pub async fn counts(&self) -> Result<Counts> {
        let head = self.head().await?;
        Ok(Counts { unique_items: self.unique_items(&head).await?, rows: self.rows(&head).await? })
    }

    /// How many items there are, each counted once. Reads a footer, not the rows.
    ///
    /// # Errors
    /// Where there is no catalog or no hash index.
    pub async fn unique_item_count(&self) -> Result<u64> {
        let head = self.head().await?;
        self.unique_items(&head).await?.ok_or_else(|| Error::NoIndex { catalog: self.base.url().to_owned() })
    }

    /// The grid, the table, the snapshot and the index.
    ///
    /// # Errors
    /// Where there is no catalog, or it cannot be read.
    pub async fn info(&self) -> Result<Info> {
        let head = self.head().await?;
        Ok(Info {
            catalog: self.base.url().to_owned(),
            grid: grid_info(&grid_of(&head.properties)?),
            table: self.table_info(&head).await?,
            snapshot: head.snapshot_id.map(|snapshot_id| SnapshotInfo {
                snapshot_id,
                committed: head.snapshot_time.map(|t| t.to_string()),
            }),
            warehouse: self.base.location("warehouse"),
            hash_index: self.index_info(&head).await,
        })
    }

    /// The files that may hold what the query asks for: none that does is left out.
    ///
    /// # Errors
    /// Where there is no catalog, it cannot be read, or the query's geometry cannot be covered.
    pub async fn files(&self, query: &Query) -> Result<Vec<DataFile>> {
        let head = self.head().await?;
        let grid = self.grid_of_head(&head).await?;
        Ok(earthcatalog_search::prune(&*self.table, &head, &*grid, query).await?)
    }

    /// The locations of the files that may hold items that touch the geometry within [start, end].
    ///
    /// # Errors
    /// As [`Catalog::files`].
    pub async fn search_files(
        &self,
        geometry: Option<&Geometry>,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> Result<Vec<String>> {
        let query = Query::new(geometry.cloned(), start, end);
        Ok(self.files(&query).await?.into_iter().map(|file| file.path).collect())
    }

    /// The item of that id, as JSON; None where there is none.
    ///
    /// # Errors
    /// Where there is no catalog, or a file cannot be read.
    pub async fn get(&self, id: &str) -> Result<Option<String>> {
        let head = self.head().await?;
        Ok(earthcatalog_search::get(&self.base, &*self.table, &head, id).await?)
    }

    /// Its grid.
    ///
    /// # Errors
    /// Where there is no catalog, it cannot be read, or its file of regions cannot.
    pub async fn grid(&self) -> Result<Arc<dyn Grid>> {
        self.grid_of_head(&self.head().await?).await
    }

    /// True if there is a catalog at its base.
    ///
    /// # Errors
    /// Where the base cannot be read.
    pub async fn exists(&self) -> Result<bool> {
        Ok(self.table.head().await?.is_some())
    }

    /// Makes sure that an ingest with this grid is possible: the catalog has this grid, or there is none yet.
    ///
    /// # Errors
    /// [`Error::OtherGrid`] where it has another; where it cannot be read.
    pub async fn expect_grid(&self, asked: &GridSpec) -> Result<()> {
        let Some(head) = self.table.head().await? else { return Ok(()) };
        let has = grid_of(&head.properties)?;
        if has == *asked {
            return Ok(());
        }
        Err(Error::OtherGrid {
            catalog: self.base.url().to_owned(),
            has: grid_spec(&has),
            asked: grid_spec(asked),
        })
    }

    pub(crate) async fn head(&self) -> Result<Head> {
        match &self.at {
            None => self.head_now().await,
            Some(at) => self.head_at(at).await,
        }
    }

    pub(crate) async fn head_now(&self) -> Result<Head> {
        self.table.head().await?.ok_or_else(|| Error::NoCatalog { base: self.base.url().to_owned() })
    }

    /// The grid of a run: the one asked for, else the catalog's, else the default.
    pub(crate) async fn grid_for(&self, asked: Option<&GridSpec>) -> Result<Arc<dyn Grid>> {
        let spec = match asked {
            Some(spec) => spec.clone(),
            None => match self.table.head().await? {
                Some(head) => grid_of(&head.properties)?,
                None => GridSpec::default(),
            },
        };
        Sources::grid(&self.stores, &spec).await
    }

    pub(crate) async fn grid_of_head(&self, head: &Head) -> Result<Arc<dyn Grid>> {
        Sources::grid(&self.stores, &grid_of(&head.properties)?).await
    }

    async fn unique_items(&self, head: &Head) -> Result<Option<u64>> {
        let Some(location) = head.properties.get(HASH_INDEX) else { return Ok(None) };
        let path = self.base.resolve(location)?;
        match earthcatalog_hash_index::unique_items(self.base.store(), &path).await {
            Ok(items) => Ok(Some(items)),
            // earthcatalog 0.6.1 names one on local paths, and then does not write it.
            Err(earthcatalog_hash_index::Error::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn index_info(&self, head: &Head) -> Option<HashIndexInfo> {
        let path = head.properties.get(HASH_INDEX)?.clone();
        Some(HashIndexInfo { path, unique_items: self.unique_items(head).await.ok().flatten() })
    }

    /// Rows by the snapshot's summary; by the manifests where that has none.
    async fn rows(&self, head: &Head) -> Result<u64> {
        match head.rows {
            Some(rows) => Ok(rows),
            None => Ok(self.table.files(head, &Filter::default()).await?.iter().map(|f| f.rows).sum()),
        }
    }

    async fn table_info(&self, head: &Head) -> Result<TableInfo> {
        Ok(TableInfo {
            name: "earthcatalog.stac_items".to_owned(),
            uuid: head.uuid.clone(),
            metadata_location: head.metadata_location.clone(),
            columns: head.schema.fields.len() as u64,
            leaf_columns: head.schema.leaf_count() as u64,
            rows: self.rows(head).await?,
            files: head.files.unwrap_or_default(),
            bytes: head.bytes.unwrap_or_default(),
        })
    }
}

fn empty_stats(key: &PartitionKey) -> PartitionStats {
    PartitionStats {
        grid_partition: key.cell.as_str().to_owned(),
        year: key.year,
        row_count: 0,
        file_count: 0,
        total_bytes: 0,
    }
}

fn grid_info(spec: &GridSpec) -> GridInfo {
    let (kind, resolution, boundaries_path, id_field) = match spec {
        GridSpec::S2 { level } => ("s2", Some(*level), None, None),
        GridSpec::H3 { resolution } => ("h3", Some(*resolution), None, None),
        GridSpec::GeoJson { url, field } => ("geojson", None, Some(url.clone()), Some(field.clone())),
    };
    GridInfo { kind: kind.to_owned(), resolution, boundaries_path, id_field, spec: grid_spec(spec) }
}
