//! What the tasks of a bulk run are made of.

use std::sync::Arc;

use earthcatalog_catalog::Table;
use earthcatalog_fetch::Fetch;
use earthcatalog_grid::Grid;
use earthcatalog_inventory::{Inventory, MemoryInventory};
use earthcatalog_store::Base;
use earthcatalog_writer::Format;

use crate::parts::{Href, Parts};

/// The parts of a run but its inventory, which only its plan reads.
#[derive(Clone)]
pub struct BulkParts {
    /// Where the catalog's files go, and the run's.
    pub base: Base,
    /// The table that is committed to; its locations are below `base`.
    pub table: Arc<dyn Table>,
    /// How objects are got.
    pub fetch: Arc<dyn Fetch>,
    /// What they are called.
    pub href: Arc<dyn Href>,
    /// Where on Earth items are: the grid of the run's plan.
    pub grid: Arc<dyn Grid>,
    /// How they are written.
    pub format: Arc<dyn Format>,
}

impl BulkParts {
    /// The parts of a run of that inventory.
    pub(super) fn with(&self, inventory: Arc<dyn Inventory>) -> Parts {
        let Self { base, table, fetch, href, grid, format } = self.clone();
        Parts { base, table, inventory, fetch, href, grid, format }
    }

    /// The parts of a step that reads no inventory; its name is for reports.
    pub(super) fn without_inventory(&self, name: &str) -> Parts {
        self.with(Arc::new(MemoryInventory::new(name, &[])))
    }
}
