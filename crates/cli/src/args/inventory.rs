//! The options of `inventory cat` and `inventory diff`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use earthcatalog::inventory::{Filter, Format, Glob, OpenOptions};

use super::value::{Since, Size, read, since};

const SOURCE: &str = "How it is read";
const SELECTION: &str = "Which objects";

const CAT_EXAMPLE: &str = "\
Example: earthcatalog inventory cat s3://inventories/my-bucket/daily/ --suffix .stac.json --out today.parquet

The newest of dated folders is read. What is written can be read again by every command that takes an inventory.";

const DIFF_EXAMPLE: &str = "\
Example: earthcatalog inventory diff yesterday.parquet s3://inventories/my-bucket/daily/ --out added.parquet

Objects are compared by bucket and key. They have changed where size, last_modified or etag differ, of those that both \
sides know. Each file is an inventory that `ingest` takes.";

/// What to do with inventories.
#[derive(Debug, Subcommand)]
pub(crate) enum InventoryCommand {
    /// Print an inventory of any kind as CSV, Parquet or NDJSON
    #[command(after_help = CAT_EXAMPLE)]
    Cat(Box<CatArgs>),
    /// Compare two inventories: what was added, changed and removed
    #[command(after_help = DIFF_EXAMPLE)]
    Diff(Box<DiffArgs>),
}

/// `inventory cat`, as given.
#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// The inventory, as `ingest` takes it; - is standard input
    pub(crate) source: String,

    /// The form of what is printed [default: by the ending of --out, else csv]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) format: Option<FormatArg>,

    /// Write to this file, which is there only when it is whole, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// `inventory diff`, as given.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The older inventory, of any kind
    pub(crate) old: String,

    /// The newer inventory, of any kind
    pub(crate) new: String,

    /// Write objects that only NEW has to this file: .parquet, .csv or .ndjson
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write objects of NEW that differ from OLD's to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) changed: Option<PathBuf>,

    /// Write objects that only OLD has to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) removed: Option<PathBuf>,

    /// Memory for the comparison; beyond it temporary files are written [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) memory: Option<Size>,

    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// What the file itself does not say.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// The bucket of the keys, for an inventory that has no bucket column
    #[arg(long, help_heading = SOURCE, value_name = "NAME")]
    pub(crate) bucket: Option<String>,

    /// The columns of a CSV inventory that has no header, e.g. bucket,key,size,last_modified_date
    #[arg(long, help_heading = SOURCE, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,

    /// Read on where a file is not what the checksum in its manifest says
    #[arg(long, help_heading = SOURCE)]
    pub(crate) no_checksum: bool,
}

impl ReadingArgs {
    /// What the library takes; `bucket` is that of the settings.
    pub(crate) fn options(&self, bucket: Option<&str>) -> OpenOptions {
        OpenOptions {
            default_bucket: self.bucket.as_deref().or(bucket).map(str::to_owned),
            columns: self.columns.clone(),
            checksums: !self.no_checksum,
            ..OpenOptions::default()
        }
    }
}

/// The filters.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Take keys that end so; repeatable [default: every key]
    #[arg(long, help_heading = SELECTION, value_name = "TEXT")]
    pub(crate) suffix: Vec<String>,

    /// Take keys that begin so
    #[arg(long, help_heading = SELECTION, value_name = "TEXT")]
    pub(crate) prefix: Option<String>,

    /// Take keys that match this pattern: * is anything but a slash, ** anything, ? a character, [a-z] one of these
    #[arg(long, help_heading = SELECTION, value_name = "PATTERN")]
    pub(crate) glob: Option<Glob>,

    /// Take objects last modified at this time or later, e.g. 2026-04-28, 2026-04-28T06:00:00Z, or 2d for two days ago
    #[arg(long, help_heading = SELECTION, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,

    /// Take objects last modified before this time
    #[arg(long, help_heading = SELECTION, value_name = "TIME", value_parser = since)]
    pub(crate) until: Option<Since>,

    /// Take objects of this size or larger, e.g. 1kB
    #[arg(long, help_heading = SELECTION, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) min_size: Option<Size>,

    /// Take objects of this size or smaller, e.g. 1MiB
    #[arg(long, help_heading = SELECTION, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) max_size: Option<Size>,

    /// Take delete markers and old versions too
    #[arg(long, help_heading = SELECTION)]
    pub(crate) all_versions: bool,

    /// Stop after this many objects
    #[arg(long, help_heading = SELECTION, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

impl FilterArgs {
    /// What the library takes.
    pub(crate) fn filter(&self) -> Filter {
        let everything = self.suffix.iter().any(String::is_empty);
        Filter {
            suffixes: if everything { Vec::new() } else { self.suffix.clone() },
            prefix: self.prefix.clone(),
            since: self.since.map(|since| since.0),
            until: self.until.map(|until| until.0),
            glob: self.glob.clone(),
            min_size: self.min_size.map(|size| size.0),
            max_size: self.max_size.map(|size| size.0),
            all_versions: self.all_versions,
            limit: self.limit,
        }
    }
}

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// a header and a line for each object
    Csv,
    /// columns named as S3 names them
    Parquet,
    /// a JSON object a line
    Ndjson,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Self::Csv,
            FormatArg::Parquet => Self::Parquet,
            FormatArg::Ndjson => Self::Ndjson,
        }
    }
}
