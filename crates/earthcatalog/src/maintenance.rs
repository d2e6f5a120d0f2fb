//! What keeps a catalog tidy.

use std::sync::Arc;

use earthcatalog_catalog::Expiry;
use earthcatalog_grid::GridSpec;
use earthcatalog_model::Timestamp;
use earthcatalog_pipeline::{
    Collected, CompactOptions, Compacted, GcOptions, Observer, RegridOptions, RegridParts, Regridded, ToLog,
    Verified, VerifyOptions, VerifyParts, under_lease,
};
use earthcatalog_writer::GeoParquet;
use serde::Serialize;

use crate::catalog::Catalog;
use crate::error::Result;
use crate::history::HistoryEntry;
use crate::sources::Sources;

/// Snapshots that stay unless told otherwise: enough to look back over some days of deltas.
pub const DEFAULT_KEEP_LAST: usize = 10;

/// The options of [`Catalog::expire`].
#[derive(Debug, Clone)]
pub struct ExpireOptions {
    /// The last so many snapshots stay.
    pub keep_last: usize,
    /// Of the others only those made before it go; None: all.
    pub older_than: Option<Timestamp>,
    /// Find out what would expire, but change nothing.
    pub dry_run: bool,
    /// Do not take the lease.
    pub no_lock: bool,
}

impl Default for ExpireOptions {
    fn default() -> Self {
        Self { keep_last: DEFAULT_KEEP_LAST, older_than: None, dry_run: false, no_lock: false }
    }
}

/// What [`Catalog::regrid`] is to do.
#[derive(Debug, Clone, Default)]
pub struct Regrid {
    /// The grid from now on; None: the catalog's own.
    pub grid: Option<GridSpec>,
    /// How it is done.
    pub options: RegridOptions,
}

/// What expired, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// The catalog's base.
    pub catalog: String,
    /// True if nothing was changed.
    pub dry_run: bool,
    /// The snapshots that are gone, the oldest first.
    pub expired: Vec<HistoryEntry>,
    /// How many are left.
    pub kept: u64,
}

impl Catalog {
    /// Merges the small files of partitions that have many, in snapshots that replace them. Items stay as they are; of
    /// rows of one id among the merged files the newest stays. Files are not deleted: older snapshots name them.
    ///
    /// # Errors
    /// Where there is no catalog, another holds the lease, a file cannot be read, or other writers were faster again and
    /// again.
    pub async fn compact(&self, options: &CompactOptions, observer: &dyn Observer) -> Result<Compacted> {
        self.head_now().await?;
        let mut options = options.clone();
        // The lease rests on conditional PUTs too: a store without them has none to give.
        options.no_lock |= self.config.unsafe_no_cas;
        let format = Arc::new(GeoParquet::default());
        Ok(earthcatalog_pipeline::compact(&self.base, &*self.table, format, &options, observer).await?)
    }

    /// Covers the geometry of every item anew, by the catalog's grid or another, and replaces all rows in one snapshot.
    /// Each item has then one row a cell; of rows of one id the newest is the item. Items do not change by it. A catalog
    /// that earthcatalog 0.6.1 made misses cells until then.
    ///
    /// # Errors
    /// Where there is no catalog, another holds the lease or has committed meanwhile (nothing is committed then), a file
    /// cannot be read, or a row is no valid item.
    pub async fn regrid(&self, run: &Regrid, observer: &dyn Observer) -> Result<Regridded> {
        let head = self.head_now().await?;
        let grid = match &run.grid {
            Some(spec) => Sources::grid(&self.stores, spec).await?,
            None => self.grid_of_head(&head).await?,
        };
        let mut options = run.options.clone();
        options.no_lock |= self.config.unsafe_no_cas;
        let parts = RegridParts {
            base: self.base.clone(),
            table: self.table.clone(),
            grid,
            format: Arc::new(GeoParquet::default()),
            href: Arc::new(Sources::new(self.stores.clone())),
        };
        Ok(earthcatalog_pipeline::regrid(&parts, head, &options, observer).await?)
    }

    /// Takes old snapshots out of the catalog's history. The current one stays, whatever the options say, and so do those
    /// that a branch or tag names. Deletes no file: [`gc`](Self::gc) does.
    ///
    /// # Errors
    /// Where there is no catalog, another holds the lease, or it cannot be read or written.
    pub async fn expire(&self, options: &ExpireOptions) -> Result<Expired> {
        self.head_now().await?;
        let expiry = Expiry { keep_last: options.keep_last, before: options.older_than };
        let gone = match (options.dry_run, options.no_lock || self.config.unsafe_no_cas) {
            (true, _) => self.table.expirable(&expiry).await?,
            (false, true) => self.table.expire(&expiry).await?,
            (false, false) => {
                let work = async { Ok(self.table.expire(&expiry).await?) };
                under_lease(&self.base, "expire".to_owned(), &ToLog, work).await?
            }
        };
        let left =
            self.table.snapshots().await?.len().saturating_sub(if options.dry_run { gone.len() } else { 0 });
        Ok(Expired {
            catalog: self.base.url().to_owned(),
            dry_run: options.dry_run,
            expired: gone.iter().map(HistoryEntry::from).collect(),
            kept: left as u64,
        })
    }

    /// Deletes the files of the catalog that nothing refers to and that are older than a grace period: those of expired
    /// snapshots, of commits that lost a race, of runs that died.
    ///
    /// # Errors
    /// Where there is no catalog, another holds the lease, or it cannot be read what is referred to.
    pub async fn gc(&self, options: &GcOptions, observer: &dyn Observer) -> Result<Collected> {
        self.head_now().await?;
        let mut options = options.clone();
        options.no_lock |= self.config.unsafe_no_cas;
        Ok(earthcatalog_pipeline::gc(&self.base, &*self.table, &options, observer).await?)
    }

    /// Holds the current state of the catalog against what is really there.
    ///
    /// # Errors
    /// Where there is no catalog, something cannot be looked at at all, or the index is to be made anew and another holds
    /// the lease. What is wrong is in the answer.
    pub async fn verify(&self, options: &VerifyOptions) -> Result<Verified> {
        let head = self.head_now().await?;
        let mut options = options.clone();
        options.no_lock |= self.config.unsafe_no_cas;
        let href = Sources::new(self.stores.clone());
        let parts = VerifyParts {
            base: &self.base,
            table: &*self.table,
            grid: self.grid_of_head(&head).await?,
            format: Arc::new(GeoParquet::default()),
            href: &href,
        };
        Ok(earthcatalog_pipeline::verify(&parts, &head, &options).await?)
    }
}
