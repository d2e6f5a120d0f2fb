//! Where inventories, items and regions come from: the joints between the crates of one layer.

use std::sync::Arc;

use earthcatalog_fetch::{Resolve, Target};
use earthcatalog_grid::{Grid, GridSpec};
use earthcatalog_inventory::{Inventory, Locate, OpenOptions};
use earthcatalog_model::{ObjectRef, split_href};
use earthcatalog_pipeline::Href;
use earthcatalog_store::{Folder, Stores};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::source::Source;

/// Finds the objects of a listing through the stores and their bucket maps, and those of folders that were named.
#[derive(Clone)]
pub(crate) struct Sources {
    stores: Stores,
    folders: Vec<Folder>,
}

impl Sources {
    pub(crate) fn new(stores: Stores) -> Self {
        Self { stores, folders: Vec::new() }
    }

    /// From now on what is below this folder is found, as it was named by who calls and not by an inventory.
    pub(crate) fn serve(&mut self, folder: Folder) {
        self.folders.push(folder);
    }

    /// True if such a folder is on this machine.
    pub(crate) fn serves_local(&self) -> bool {
        self.folders.iter().any(|folder| folder.place.file.is_some())
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
/// kept in a temporary file while the inventory is there; `list:URL` lists what is below that URL now, and several stand one
/// behind the other (`list:URL list:URL`); `items:URL` is a file of items, and `stac:URL` a static catalog to be crawled.
///
/// # Errors
/// Where it is not there, cannot be read, or is no inventory.
pub async fn open_inventory(url: &str, options: &OpenOptions, config: &Config) -> Result<Arc<dyn Inventory>> {
    Ok(Source::open(&Stores::new(config.store.clone()), url, options).await?.inventory)
}

async fn read(stores: &Stores, url: &str) -> Result<Vec<u8>> {
    let place = stores.resolve(url)?;
    let failed = |source| Error::Regions { url: earthcatalog_store::scrub(url), source };
    let answer = place.store.get(&place.path).await.map_err(failed)?;
    Ok(answer.bytes().await.map_err(failed)?.to_vec())
}

impl Locate for Sources {
    fn locate(&self, object: &ObjectRef) -> std::result::Result<(Arc<dyn ObjectStore>, Path), String> {
        let Target { store, path, .. } = self.resolve(object)?;
        Ok((store, path))
    }
}

impl Resolve for Sources {
    fn resolve(&self, object: &ObjectRef) -> std::result::Result<Target, String> {
        let named = self.folders.iter().find_map(|folder| folder.object(object));
        let place = match named {
            Some(place) => place,
            None => self.stores.object(object).map_err(|e| e.to_string())?,
        };
        Ok(Target { store: place.store, path: place.path, file: place.file })
    }
}

impl Href for Sources {
    fn href(&self, object: &ObjectRef) -> String {
        object.href()
    }

    fn object(&self, href: &str) -> (String, String) {
        let (bucket, key) = split_href(href);
        (bucket.into_owned(), key.into_owned())
    }
}
