//! Where inventories, items and regions come from: the joints between the crates of one layer.

use std::sync::Arc;

use earthcatalog_fetch::{Resolve, Target};
use earthcatalog_grid::{Grid, GridSpec};
use earthcatalog_inventory::{Inventory, OpenOptions};
use earthcatalog_model::ObjectRef;
use earthcatalog_pipeline::Href;
use earthcatalog_store::{Place, Stores};
use object_store::ObjectStoreExt;

use crate::config::Ingest;
use crate::error::{Error, Result};

/// Finds the objects of a listing through the stores and their bucket maps.
pub(crate) struct Sources {
    stores: Stores,
}

impl Sources {
    pub(crate) fn new(stores: Stores) -> Self {
        Self { stores }
    }

    pub(crate) async fn inventory(place: Place, run: &Ingest) -> Result<Box<dyn Inventory>> {
        let options = OpenOptions { default_bucket: run.bucket.clone(), ..OpenOptions::default() };
        Ok(earthcatalog_inventory::open(place.store, place.path, &run.inventory, &options).await?)
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
