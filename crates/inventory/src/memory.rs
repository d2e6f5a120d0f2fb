//! A listing that is in memory already.

use earthcatalog_model::ObjectRef;
use futures::stream::{self, BoxStream, StreamExt};

use crate::batch::ObjectBatch;
use crate::error::Result;
use crate::open::Inventory;

/// Rows of a batch.
const ROWS: usize = 8192;

/// Objects of a program's own making as an inventory.
#[derive(Debug, Clone)]
pub struct MemoryInventory {
    name: String,
    batches: Vec<ObjectBatch>,
}

impl MemoryInventory {
    /// An inventory of `objects`. Its name is its identity too: give another to another list.
    pub fn new(name: impl Into<String>, objects: &[ObjectRef]) -> Self {
        Self { name: name.into(), batches: objects.chunks(ROWS).map(|rows| rows.iter().collect()).collect() }
    }
}

impl Inventory for MemoryInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        stream::iter(self.batches.clone()).map(Ok).boxed()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn identity(&self) -> &str {
        &self.name
    }
}
