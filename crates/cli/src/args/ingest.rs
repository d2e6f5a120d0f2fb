//! The options of `ingest`.

use clap::Args;
use earthcatalog::{Mode, Share};

use super::groups::{CommitArgs, Given, LayoutArgs, ResourceArgs, SelectionArgs};
use super::value::read;

const SAFETY: &str = "Safety";

const EXAMPLE: &str = "\
Example: earthcatalog ingest s3://my-bucket/inventory/full.parquet --catalog s3://my-bucket/catalog --mode full --grid s2:4

Every line of the inventory is accounted for: listed = filtered + known + superseded + rejected + pending + ingested.
An object that is no valid item never ends the run: it is a row of runs/<run>/rejected.parquet, and the exit code is 3.";

/// `ingest`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct IngestArgs {
    /// The inventory, a URL or a local path: manifest.json of an S3 inventory or the folder of its dated folders, a report
    /// of Google Cloud Storage or Azure, a file in Parquet, ORC, CSV(.gz) or NDJSON, a list of URLs; - is standard input;
    /// list:URL is what is below a folder of a store now, items:URL a file of the items themselves (stac-geoparquet, NDJSON,
    /// FeatureCollection), stac:URL a static catalog whose links are followed
    pub(crate) inventory: String,

    /// full replaces the catalog's content in one snapshot; delta adds what is new and replaces what has changed; sync
    /// also takes out what the inventory no longer lists; auto is full while the catalog is empty, then delta
    /// [default: auto]
    #[arg(long, value_parser = read::<Mode>)]
    pub(crate) mode: Option<Mode>,

    #[command(flatten)]
    pub(crate) selection: SelectionArgs,

    #[command(flatten)]
    pub(crate) layout: LayoutArgs,

    #[command(flatten)]
    pub(crate) resources: ResourceArgs,

    /// The most that a sync may delete, as a share of the catalog's items; above it the run stops [default: 1%]
    #[arg(long, help_heading = SAFETY, value_name = "SHARE", value_parser = read::<Share>)]
    pub(crate) max_delete: Option<Share>,

    /// Keep the hash index up to date; without it the next delta has to make it from the table [default: true]
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) update_hash_index: Option<bool>,

    /// Fetch, check and count, but write nothing
    #[arg(long, help_heading = SAFETY)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) commit: CommitArgs,
}

impl IngestArgs {
    /// What of it are settings.
    pub(crate) fn given(&self) -> Given<'_> {
        Given {
            source: Some(&self.inventory),
            mode: self.mode,
            selection: Some(&self.selection),
            layout: Some(&self.layout),
            resources: Some(&self.resources),
            max_delete: self.max_delete,
            update_hash_index: self.update_hash_index,
            commit: Some(&self.commit),
        }
    }
}
