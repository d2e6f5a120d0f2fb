//! What a run reads: an inventory of some kind, and who gets its objects.
//!
//! `list:URL` is a live listing; several stand one behind the other, `list:URL list:URL`. `items:URL` is a file that holds
//! the items themselves, `stac:URL` a static catalog whose links are followed. Anything else is the URL of an inventory, or `-`.

use std::sync::Arc;
use std::time::Duration;

use earthcatalog_fetch::{Fetch, FetchOptions, StoreFetch};
use earthcatalog_inventory::{Filter, Inventory, ItemsFile, OpenOptions};
use earthcatalog_pipeline::Stop;
use earthcatalog_store::{Stores, scrub};

use crate::config::Ingest;
use crate::error::{Error, Result};
use crate::items::{self, FetchItems};
use crate::sources::Sources;

/// How often it is looked whether a run is to stop while its inventory is being opened.
const LOOK: Duration = Duration::from_millis(100);

/// An inventory, and what is known of getting its objects.
pub(crate) struct Source {
    pub(crate) inventory: Arc<dyn Inventory>,
    getting: Getting,
}

/// How the objects are got.
enum Getting {
    FromStores(Sources),
    FromFile(Arc<ItemsFile>),
}

/// What a source's text asks for.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    Input,
    Inventory(&'a str),
    Live(Vec<&'a str>),
    Items(&'a str),
    Stac(&'a str),
}

impl<'a> Kind<'a> {
    fn of(source: &'a str) -> Self {
        let after = |scheme| source.strip_prefix(scheme);
        match () {
            () if source == "-" => Self::Input,
            () if let Some(urls) = after(LIST) => Self::Live(urls.split(ANOTHER).map(str::trim).collect()),
            () if let Some(url) = after(ITEMS) => Self::Items(url),
            () if let Some(url) = after(STAC) => Self::Stac(url),
            () => Self::Inventory(source),
        }
    }
}

const LIST: &str = "list:";
const ANOTHER: &str = " list:";
const ITEMS: &str = "items:";
const STAC: &str = "stac:";

/// Rows of a listing that come at once to a run, which fetches far longer than it reads: some batches are in memory beside all
/// that it holds.
const BATCH_ROWS: usize = 2048;

/// The endings of the keys that a run of this source takes unless it is told otherwise: `.stac.json`, but all of a source that
/// lists items and nothing else.
pub fn default_suffixes(source: &str) -> Vec<String> {
    match Kind::of(source) {
        Kind::Items(_) | Kind::Stac(_) => Vec::new(),
        _ => Filter::default().suffixes,
    }
}

impl Source {
    /// The source of a run.
    pub(crate) async fn of_run(stores: &Stores, run: &Ingest) -> Result<Self> {
        let options = OpenOptions {
            default_bucket: run.bucket.clone(),
            columns: run.columns.clone(),
            checksums: !run.no_checksum,
            batch_rows: BATCH_ROWS,
            ..OpenOptions::default()
        };
        tokio::select! {
            source = Self::open(stores, &run.inventory, &options) => source,
            () = stopped(&run.options.stop) => Err(earthcatalog_pipeline::Error::Interrupted.into()),
        }
    }

    /// Opens a source. A live listing is read to its end here.
    pub(crate) async fn open(stores: &Stores, source: &str, options: &OpenOptions) -> Result<Self> {
        let mut sources = Sources::new(stores.clone());
        let inventory = match Kind::of(source) {
            Kind::Input => earthcatalog_inventory::open_reader(std::io::stdin(), source, options).await?,
            Kind::Inventory(url) => {
                let place = stores.resolve(url)?;
                earthcatalog_inventory::open(place.store, place.path, url, options).await?
            }
            Kind::Live(urls) => live(stores, &urls, &mut sources).await?,
            Kind::Stac(url) => crawled(stores, url, &mut sources).await?,
            Kind::Items(url) => {
                let file = items::open(stores, url).await?;
                return Ok(Self { inventory: file.clone(), getting: Getting::FromFile(file) });
            }
        };
        Ok(Self { inventory: Arc::from(inventory), getting: Getting::FromStores(sources) })
    }

    /// A bulk run's workers know nothing but the names of its objects: these must be enough to get them.
    ///
    /// # Errors
    /// For a file of items, and for local folders, which no inventory may name.
    pub(crate) fn check_for_workers(&self) -> Result<()> {
        let what = match &self.getting {
            Getting::FromFile(_) => "the items of one file",
            Getting::FromStores(sources) if sources.serves_local() => {
                "objects of a local folder that is listed live"
            }
            Getting::FromStores(_) => return Ok(()),
        };
        Err(earthcatalog_pipeline::Error::Options {
            message: format!(
                "{} cannot be read in bulk: the workers could not get {what}",
                self.inventory.name()
            ),
            hint: "use `earthcatalog ingest`, or an inventory with buckets and --map-bucket".to_owned(),
        }
        .into())
    }

    /// Who gets the objects.
    pub(crate) fn fetch(&self, options: FetchOptions) -> Arc<dyn Fetch> {
        match &self.getting {
            Getting::FromStores(sources) => Arc::new(StoreFetch::new(Arc::new(sources.clone()), options)),
            Getting::FromFile(file) => Arc::new(FetchItems(file.clone())),
        }
    }
}

async fn stopped(stop: &Stop) {
    while !stop.is_stopped() {
        tokio::time::sleep(LOOK).await;
    }
}

async fn live(stores: &Stores, urls: &[&str], sources: &mut Sources) -> Result<Box<dyn Inventory>> {
    let mut folders = Vec::with_capacity(urls.len());
    for url in urls {
        let folder = stores.folder(url)?;
        folders.push(earthcatalog_inventory::Folder {
            store: folder.place.store.clone(),
            path: folder.place.path.clone(),
            root: folder.root.clone(),
            lead: folder.lead,
            bucket: folder.bucket.clone(),
            url: scrub(url),
        });
        sources.serve(folder);
    }
    let name: Vec<_> = folders.iter().map(|folder| format!("{LIST}{}", folder.url)).collect();
    earthcatalog_inventory::list(&name.join(" "), folders).await.map_err(Error::from)
}

/// Crawls from a root. What is below its folder may be read, local files too.
async fn crawled(stores: &Stores, url: &str, sources: &mut Sources) -> Result<Box<dyn Inventory>> {
    let root = stores.folder(url)?;
    let object = root.named();
    sources.serve(root.parent());
    let name = format!("{STAC}{}", scrub(url));
    Ok(earthcatalog_inventory::crawl(&name, object, Arc::new(sources.clone())).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &Kind<'_>) {
        assert_eq!(Kind::of(source), *expected, "{source}");
    }

    #[test]
    fn sources_are_told_by_their_beginning() {
        check("-", &Kind::Input);
        check("s3://b/i.csv", &Kind::Inventory("s3://b/i.csv"));
        check("./list:x", &Kind::Inventory("./list:x"));
        check("list:s3://b/a b,c/", &Kind::Live(vec!["s3://b/a b,c/"]));
        check("list:s3://b/a/ list:/data", &Kind::Live(vec!["s3://b/a/", "/data"]));
        check("list:", &Kind::Live(vec![""]));
        check("stac:https://h/catalog.json", &Kind::Stac("https://h/catalog.json"));
        check("items:/data/a b.ndjson", &Kind::Items("/data/a b.ndjson"));
    }

    #[test]
    fn a_file_of_items_has_nothing_else() {
        assert_eq!(default_suffixes("items:x.parquet"), [""; 0]);
        assert_eq!(default_suffixes("stac:x/catalog.json"), [""; 0]);
        assert_eq!(default_suffixes("list:s3://b"), [".stac.json"]);
    }
}
