//! The commands: each takes the settings, calls the facade and shows its answer as text or as one JSON document.

pub(crate) mod cells;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod count;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod get;
pub(crate) mod info;
pub(crate) mod ingest;
pub(crate) mod inventory;
pub(crate) mod lock;
pub(crate) mod stats;

use earthcatalog::Catalog;

use crate::failure::Result;
use crate::settings::Settings;

/// Opens the catalog that the settings name.
async fn open(settings: &Settings) -> Result<Catalog> {
    let base = settings.catalog()?;
    Ok(earthcatalog::open_url(base, &settings.config()).await?)
}
