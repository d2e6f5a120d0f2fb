//! The commands: each takes the settings, calls the facade and shows its answer as text or as one JSON document.

pub(crate) mod bulk;
pub(crate) mod cells;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod count;
pub(crate) mod expire;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod gc;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod info;
pub(crate) mod ingest;
pub(crate) mod inventory;
pub(crate) mod lock;
pub(crate) mod regrid;
pub(crate) mod stats;
pub(crate) mod verify;

use earthcatalog::Catalog;

use crate::args::AtArgs;
use crate::failure::Result;
use crate::settings::Settings;

/// Opens the catalog that the settings name.
async fn open(settings: &Settings) -> Result<Catalog> {
    let base = settings.catalog()?;
    Ok(earthcatalog::open_url(base, &settings.config()).await?)
}

/// Opens the catalog that the settings name, as it was.
async fn open_at(settings: &Settings, args: AtArgs) -> Result<Catalog> {
    let catalog = open(settings).await?;
    Ok(match args.at {
        Some(at) => catalog.at(at),
        None => catalog,
    })
}
