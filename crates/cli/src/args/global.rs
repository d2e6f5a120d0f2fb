//! Options that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use earthcatalog::BucketMap;

use super::value::{LogFormat, ProgressMode, read};

const CATALOG: &str = "Catalog and configuration";
const STORAGE: &str = "Storage";
const OUTPUT: &str = "Output";

/// The options that every command takes, as given: absent ones are `None` or empty.
#[derive(Debug, Default, Args)]
pub(crate) struct GlobalArgs {
    /// The catalog's base: s3://bucket/prefix, gs://, az://, or a local folder [env: EARTHCATALOG_CATALOG]
    #[arg(long, global = true, help_heading = CATALOG, value_name = "BASE")]
    pub(crate) catalog: Option<String>,

    /// The configuration file, instead of ./earthcatalog.toml or the user's [env: EARTHCATALOG_CONFIG]
    #[arg(long, global = true, help_heading = CATALOG, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Writers also take this lock file, a URL or a path: earthcatalog 0.6.1 has its own at the root of its store, e.g.
    /// s3://bucket/.lock
    #[arg(long, global = true, help_heading = CATALOG, value_name = "FILE")]
    pub(crate) lock_path: Option<String>,

    /// Read public buckets without credentials
    #[arg(long, global = true, help_heading = STORAGE, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    pub(crate) anonymous: Option<bool>,

    /// Find a bucket of the inventory elsewhere, e.g. its-live-data=file:///data/its-live; repeatable
    #[arg(long, global = true, help_heading = STORAGE, value_name = "NAME=URL", value_parser = read::<BucketMap>)]
    pub(crate) map_bucket: Vec<BucketMap>,

    /// Give up a request to storage after this time, e.g. 30s or 2m
    #[arg(long, global = true, help_heading = STORAGE, value_name = "TIME", value_parser = read::<Duration>)]
    pub(crate) timeout: Option<Duration>,

    /// Print one JSON document on stdout instead of text
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub(crate) json: bool,

    /// How progress is shown on stderr: bars on a terminal and lines elsewhere unless told
    #[arg(long, global = true, help_heading = OUTPUT, value_name = "HOW", value_enum)]
    pub(crate) progress: Option<ProgressMode>,

    /// The form of log messages on stderr
    #[arg(long, global = true, help_heading = OUTPUT, value_name = "FORM", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// Log more: -v what is done, -vv how, -vvv everything; EARTHCATALOG_LOG takes filters such as earthcatalog_store=debug
    #[arg(short, long, global = true, help_heading = OUTPUT, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,

    /// No progress, and of the log only errors
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub(crate) quiet: bool,
}
