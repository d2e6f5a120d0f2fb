//! What can go wrong, of all crates.

/// The result of everything here.
pub type Result<T> = std::result::Result<T, Error>;

/// What ended a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing at the base.
    #[error("there is no catalog at {base}")]
    NoCatalog {
        /// The base.
        base: String,
    },
    /// The catalog has no hash index.
    #[error("the catalog at {catalog} has no hash index")]
    NoIndex {
        /// The base.
        catalog: String,
    },
    /// The catalog was in no such state, or is no longer known to have been.
    #[error("the catalog at {catalog} has no snapshot {asked}; it has {choices}")]
    NoSnapshot {
        /// The base.
        catalog: String,
        /// What was asked for.
        asked: String,
        /// The snapshots that there are.
        choices: String,
    },
    /// The catalog has another grid than the one that was asked for.
    #[error("the catalog at {catalog} has the grid {has}, not {asked}")]
    OtherGrid {
        /// The base.
        catalog: String,
        /// Its grid.
        has: String,
        /// The other one.
        asked: String,
    },
    /// The file of regions of a GeoJSON grid.
    #[error("failed to read the grid's regions from {url}: {source}")]
    Regions {
        /// Where it should be.
        url: String,
        /// Why it could not be read.
        source: object_store::Error,
    },
    /// A run.
    #[error(transparent)]
    Pipeline(#[from] earthcatalog_pipeline::Error),
    /// Storage.
    #[error(transparent)]
    Store(#[from] earthcatalog_store::Error),
    /// An inventory.
    #[error(transparent)]
    Inventory(#[from] earthcatalog_inventory::Error),
    /// A grid.
    #[error(transparent)]
    Grid(#[from] earthcatalog_grid::GridError),
    /// The table.
    #[error(transparent)]
    Catalog(#[from] earthcatalog_catalog::Error),
    /// The hash index.
    #[error(transparent)]
    HashIndex(#[from] earthcatalog_hash_index::Error),
    /// A search.
    #[error(transparent)]
    Search(#[from] earthcatalog_search::Error),
}
