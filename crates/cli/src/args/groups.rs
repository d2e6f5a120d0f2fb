//! Options that `ingest` and the steps of a bulk run share.

use std::num::NonZeroUsize;

use clap::Args;
use earthcatalog::inventory::Glob;
use earthcatalog::{Assets, GridSpec, Mode, Share};

use super::value::{Since, Size, read, since};

const SELECTION: &str = "Which objects";
const TABLE: &str = "How they are laid out";
const RESOURCES: &str = "Resources";
const SAFETY: &str = "Safety";

/// Which lines of an inventory are taken, and how it is read.
#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
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
}

/// How items become rows.
#[derive(Debug, Args)]
pub(crate) struct LayoutArgs {
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
}

/// What a process may use.
#[derive(Debug, Args)]
pub(crate) struct ResourceArgs {
    /// Requests in flight [default: 256]
    #[arg(long, help_heading = RESOURCES, value_name = "N", value_parser = read::<NonZeroUsize>)]
    pub(crate) concurrency: Option<NonZeroUsize>,

    /// Memory that the run may use, e.g. 512MB or 2GiB [default: 1GiB]
    #[arg(long, help_heading = RESOURCES, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) memory: Option<Size>,

    /// Threads that parse, cover and encode [default: one a processor]
    #[arg(long, help_heading = RESOURCES, value_name = "N", value_parser = read::<NonZeroUsize>)]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// How a commit is made.
#[derive(Debug, Args)]
pub(crate) struct CommitArgs {
    /// Do not take the lock: a second writer then loses its work, not its data
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) no_lock: Option<bool>,

    /// Write to a store that ignores conditional PUTs: two writers at once can then undo each other's commits
    #[arg(long, help_heading = SAFETY, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) unsafe_no_cas: Option<bool>,
}

/// The options of a command that are settings, of which a variable or the configuration file may speak as well.
#[derive(Debug, Default)]
pub(crate) struct Given<'a> {
    /// The inventory: what it is decides which keys are items.
    pub(crate) source: Option<&'a str>,
    pub(crate) mode: Option<Mode>,
    pub(crate) selection: Option<&'a SelectionArgs>,
    pub(crate) layout: Option<&'a LayoutArgs>,
    pub(crate) resources: Option<&'a ResourceArgs>,
    pub(crate) max_delete: Option<Share>,
    pub(crate) update_hash_index: Option<bool>,
    pub(crate) commit: Option<&'a CommitArgs>,
}
