//! How a catalog is opened and what a run is given.

use earthcatalog_grid::GridSpec;
use earthcatalog_pipeline::IngestOptions;
use earthcatalog_store::StoreOptions;

use crate::source::default_suffixes;

/// How storage is reached and trusted.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Credentials, bucket maps, timeouts; for the catalog, the inventory and the items.
    pub store: StoreOptions,
    /// Commit even to a store that ignores conditional PUTs: two writers can then lose each other's commits.
    pub unsafe_no_cas: bool,
    /// Another program's lock file, a URL or a local path, which every call that writes takes beside the catalog's own:
    /// that of earthcatalog 0.6.1 is `.lock` at the root of the store that it was given.
    pub lock_path: Option<String>,
}

/// A run: what to read and how.
#[derive(Debug, Clone, Default)]
pub struct Ingest {
    /// The URL or path of the inventory; `-` is standard input.
    pub inventory: String,
    /// The bucket of the inventory's keys, where the inventory does not name it.
    pub bucket: Option<String>,
    /// The columns of a CSV inventory without a header line.
    pub columns: Option<Vec<String>>,
    /// Read on though a file is not what its manifest's checksum says.
    pub no_checksum: bool,
    /// The grid. None: that of the catalog, or `s2:4` for a new one.
    pub grid: Option<GridSpec>,
    /// Everything else.
    pub options: IngestOptions,
}

impl Ingest {
    /// A run of an inventory with default options, and the [`default_suffixes`] of such a source.
    pub fn new(inventory: impl Into<String>) -> Self {
        let inventory = inventory.into();
        let options = IngestOptions { suffixes: default_suffixes(&inventory), ..IngestOptions::default() };
        Self { inventory, options, ..Self::default() }
    }
}
