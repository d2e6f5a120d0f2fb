//! What a run is made of. Each part can be swapped or tested alone.

use std::sync::Arc;

use earthcatalog_catalog::Table;
use earthcatalog_fetch::Fetch;
use earthcatalog_grid::Grid;
use earthcatalog_inventory::Inventory;
use earthcatalog_model::ObjectRef;
use earthcatalog_store::Base;
use earthcatalog_writer::Format;

/// The name of an object for those who read the catalog: `s3://bucket/key`, whatever mirror it was read from.
pub trait Href: Send + Sync {
    /// The name. It holds no secret.
    fn href(&self, object: &ObjectRef) -> String;

    /// The bucket and the key of an object by that name.
    fn object(&self, href: &str) -> (String, String);
}

/// The parts of a run.
#[derive(Clone)]
pub struct Parts {
    /// Where the catalog's files go.
    pub base: Base,
    /// The table that is committed to; its locations are below `base`.
    pub table: Arc<dyn Table>,
    /// What there is.
    pub inventory: Arc<dyn Inventory>,
    /// How it is got.
    pub fetch: Arc<dyn Fetch>,
    /// What it is called.
    pub href: Arc<dyn Href>,
    /// Where on Earth it is.
    pub grid: Arc<dyn Grid>,
    /// How it is written.
    pub format: Arc<dyn Format>,
}
