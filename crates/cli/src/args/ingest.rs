//! The options of `ingest`.

use std::num::NonZeroUsize;

use clap::Args;
use earthcatalog::inventory::Glob;
use earthcatalog::{Assets, GridSpec, Mode, Share};

use super::value::{Since, Size, read, since};

const SELECTION: &str = "Which objects";
const TABLE: &str = "How they are laid out";
const RESOURCES: &str = "Resources";
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

    /// Take keys that end so; repeatable, '' takes every key [default: .stac.json, of items: every key]
    #[arg(long, help_heading = SELECTION, value_name = "TEXT")]
    pub(crate) suffix: Vec<String>,

    /// Take keys that begin so
    #[arg(long, help_heading = SELECTION, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,

    /// Take objects last modified at this time or later, e.g. 2026-04-28, 2026-04-28T06:00:00Z, or 2d for two days ago
    #[arg(long, help_heading = SELECTION, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,

    /// Take objects last modified before this time, which is written as for --since
    #[arg(long, help_heading = SELECTION, value_name = "TIME", value_parser = since)]
    pub(crate) until: Option<Since>,

    /// Take keys that match this pattern: * is anything but a slash, ** anything, ? a character, [a-z] one of these
    #[arg(long, help_heading = SELECTION, value_name = "PATTERN")]
    pub(crate) glob: Option<Glob>,

    /// Take objects of this size or larger, e.g. 1kB
    #[arg(long, help_heading = SELECTION, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) min_size: Option<Size>,

    /// Take objects of this size or smaller, e.g. 1MiB
    #[arg(long, help_heading = SELECTION, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) max_size: Option<Size>,

    /// Fetch again what was rejected before, though it has not changed since
    #[arg(long, help_heading = SELECTION)]
    pub(crate) retry_rejected: bool,

    /// Stop after this many lines that pass the filters, for a trial
    #[arg(long, help_heading = SELECTION, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// The bucket of the keys, for an inventory that has no bucket column
    #[arg(long, help_heading = SELECTION, value_name = "NAME")]
    pub(crate) bucket: Option<String>,

    /// The columns of a CSV inventory that has no header, e.g. bucket,key,size,last_modified_date
    #[arg(long, help_heading = SELECTION, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,

    /// Read on where a file is not what the checksum in its manifest says
    #[arg(long, help_heading = SELECTION)]
    pub(crate) no_checksum: bool,

    /// The grid.
    #[arg(
        long, help_heading = TABLE, value_name = "SPEC", value_parser = read::<GridSpec>,
        help = "The grid: s2:<level>, h3:<resolution> or geojson:<url>#<field> [default: the catalog's, s2:4 for a \
                new one]"
    )]
    pub(crate) grid: Option<GridSpec>,

    /// Assets as columns (struct) or as one JSON text; auto decides by their variety when the table is made [default: auto]
    #[arg(long, help_heading = TABLE, value_name = "HOW", value_parser = read::<Assets>)]
    pub(crate) assets: Option<Assets>,

    /// Requests in flight [default: 256]
    #[arg(long, help_heading = RESOURCES, value_name = "N", value_parser = read::<NonZeroUsize>)]
    pub(crate) concurrency: Option<NonZeroUsize>,

    /// Memory that the run may use, e.g. 512MB or 2GiB [default: 1GiB]
    #[arg(long, help_heading = RESOURCES, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) memory: Option<Size>,

    /// Threads that parse, cover and encode [default: one a processor]
    #[arg(long, help_heading = RESOURCES, value_name = "N", value_parser = read::<NonZeroUsize>)]
    pub(crate) threads: Option<NonZeroUsize>,

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

    /// Do not take the lock: a second writer then loses its work, not its data
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) no_lock: Option<bool>,

    /// Write to a store that ignores conditional PUTs: two writers at once can then undo each other's commits
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) unsafe_no_cas: Option<bool>,
}
