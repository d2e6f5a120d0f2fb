//! What keeps a catalog tidy.

use std::sync::Arc;

use earthcatalog_pipeline::{CompactOptions, Compacted, Observer};
use earthcatalog_writer::GeoParquet;

use crate::catalog::Catalog;
use crate::error::Result;

impl Catalog {
    /// Merges the small files of partitions that have many, in snapshots that replace them. Items stay as they are; of
    /// rows of one id among the merged files the newest stays. Files are not deleted: older snapshots name them.
    ///
    /// # Errors
    /// Where there is no catalog, another holds the lease, a file cannot be read, or other writers were faster again and
    /// again.
    pub async fn compact(&self, options: &CompactOptions, observer: &dyn Observer) -> Result<Compacted> {
        self.head().await?;
        let mut options = options.clone();
        // The lease rests on conditional PUTs too: a store without them has none to give.
        options.no_lock |= self.config.unsafe_no_cas;
        let format = Arc::new(GeoParquet::default());
        Ok(earthcatalog_pipeline::compact(&self.base, &*self.table, format, &options, observer).await?)
    }
}
