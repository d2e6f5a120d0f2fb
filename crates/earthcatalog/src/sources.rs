//! Where inventories, items and regions come from: the joints between the crates of one layer.

use std::sync::Arc;

use earthcatalog_fetch::{Resolve, Target};
use earthcatalog_grid::{Grid, GridSpec};
use earthcatalog_inventory::{Inventory, OpenOptions};
use earthcatalog_model::ObjectRef;
use earthcatalog_pipeline::Href;
use earthcatalog_store::Stores;
use object_store::ObjectStoreExt;

use crate::config::{Config, Ingest};
use crate::error::{Error, Result};

/// Finds the objects of a listing through the stores and their bucket maps.
pub(crate) struct Sources {
    stores: Stores,
}

impl Sources {
    pub(crate) fn new(stores: Stores) -> Self {
        Self { stores }
    }

    /// The inventory of a run.
    pub(crate) async fn inventory(stores: &Stores, run: &Ingest) -> Result<Box<dyn Inventory>> {
        let options = OpenOptions {
            default_bucket: run.bucket.clone(),
            columns: run.columns.clone(),
            checksums: !run.no_checksum,
            ..OpenOptions::default()
        };
        open_at(stores, &run.inventory, &options).await
    }

    /// Builds a grid, its file of regions read where it has one.
    pub(crate) async fn grid(stores: &Stores, spec: &GridSpec) -> Result<Arc<dyn Grid>> {
        let regions = match spec {
            GridSpec::GeoJson { url, .. } => Some(read(stores, url).await?),
            _ => None,
        };
        Ok(earthcatalog_grid::build(spec, regions.as_deref())?)
    }
}

/// Opens an inventory: a URL or a path of a file, a manifest or a folder of manifests; `-` is standard input, which is
/// kept in a temporary file while the inventory is there.
///
/// # Errors
/// Where it is not there, cannot be read, or is no inventory.
pub async fn open_inventory(url: &str, options: &OpenOptions, config: &Config) -> Result<Box<dyn Inventory>> {
    open_at(&Stores::new(config.store.clone()), url, options).await
}

async fn open_at(stores: &Stores, url: &str, options: &OpenOptions) -> Result<Box<dyn Inventory>> {
    if url == "-" {
        return Ok(earthcatalog_inventory::open_reader(std::io::stdin(), url, options).await?);
    }
    let place = stores.resolve(url)?;
    Ok(earthcatalog_inventory::open(place.store, place.path, url, options).await?)
}

async fn read(stores: &Stores, url: &str) -> Result<Vec<u8>> {
    let place = stores.resolve(url)?;
    let failed = |source| Error::Regions { url: earthcatalog_store::scrub(url), source };
    let answer = place.store.get(&place.path).await.map_err(failed)?;
    Ok(answer.bytes().await.map_err(failed)?.to_vec())
}

impl Resolve for Sources {
    fn resolve(&self, object: &ObjectRef) -> std::result::Result<Target, String> {
        let place = self.stores.object(object).map_err(|e| e.to_string())?;
        Ok(Target { store: place.store, path: place.path, file: place.file })
    }
}

impl Href for Sources {
    fn href(&self, object: &ObjectRef) -> String {
        self.stores.href(object)
    }

    fn object(&self, href: &str) -> (String, String) {
        self.stores.object_of(href)
    }
}
