//! The options of the commands that keep a catalog tidy, and of those that look at its past.

use std::time::Duration;

use clap::Args;
use earthcatalog::model::Timestamp;
use earthcatalog::{At, GridSpec};

use super::value::{Size, Value, read};

const RESOURCES: &str = "Resources";
const SAFETY: &str = "Safety";

const COMPACT: &str = "\
Example: earthcatalog compact --catalog s3://my-bucket/catalog --dry-run

Items stay as they are, readers see the files before or those after. Files are not deleted: `earthcatalog expire` and then \
`earthcatalog gc` do that. Where other writers were faster again and again, the exit code is 4.";

const REGRID: &str = "\
Example: earthcatalog regrid --catalog s3://my-bucket/catalog --grid s2:4

Every item gets one row a cell, in one snapshot that replaces all rows; items stay as they are. A catalog that earthcatalog \
0.6.1 made misses cells until then. Where another writer commits meanwhile, nothing is committed and the exit code is 4.";

const EXPIRE: &str = "\
Example: earthcatalog expire --catalog s3://my-bucket/catalog --keep-last 30 --older-than 90d

A snapshot goes if it is neither among the last N nor younger than --older-than. The current one stays. Files are not \
deleted: `earthcatalog gc` does that.";

const GC: &str = "\
Example: earthcatalog gc --catalog s3://my-bucket/catalog --dry-run

Looks at warehouse/, warehouse_index/ and runs/ below the base, and at nothing else. The grace period must be longer than \
any run: a writer puts its files first and commits them at its end.";

/// `compact`, as given.
#[derive(Debug, Args)]
#[command(after_help = COMPACT)]
pub(crate) struct CompactArgs {
    /// Take up partitions with at least so many small files
    #[arg(long, value_name = "N", default_value_t = earthcatalog::DEFAULT_MIN_FILES as u64,
          value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) min_files: u64,

    /// The size that files should have; those below half of it are small [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) target_size: Option<Size>,

    /// Memory that merging may use, e.g. 512MB or 2GiB [default: 1GiB]
    #[arg(long, help_heading = RESOURCES, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) memory: Option<Size>,

    /// Show what would be merged, but write nothing
    #[arg(long, help_heading = SAFETY)]
    pub(crate) dry_run: bool,

    /// Do not take the lock: the slower of two writers then decides anew or gives way
    #[arg(long, help_heading = SAFETY)]
    pub(crate) no_lock: bool,
}

/// `regrid`, as given.
#[derive(Debug, Args)]
#[command(after_help = REGRID)]
pub(crate) struct RegridArgs {
    /// The grid.
    #[arg(
        long,
        value_name = "SPEC",
        help = "The grid from now on: s2:<level>, h3:<resolution> or geojson:<url>#<field> [default: the catalog's]"
    )]
    pub(crate) grid: Option<GridSpec>,

    /// Memory that the run may use, e.g. 512MB or 2GiB [default: 1GiB]
    #[arg(long, help_heading = RESOURCES, value_name = "SIZE", value_parser = read::<Size>)]
    pub(crate) memory: Option<Size>,

    /// Cover everything and show what would be, but write nothing
    #[arg(long, help_heading = SAFETY)]
    pub(crate) dry_run: bool,

    /// Do not take the lock: the slower of two writers then gives way
    #[arg(long, help_heading = SAFETY)]
    pub(crate) no_lock: bool,
}

/// `expire`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXPIRE)]
pub(crate) struct ExpireArgs {
    /// Keep the last so many snapshots
    #[arg(long, value_name = "N", default_value_t = earthcatalog::DEFAULT_KEEP_LAST)]
    pub(crate) keep_last: usize,

    /// Of the others let only those go that are older, e.g. 30d or 2026-04-28 [default: all go]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) older_than: Option<Timestamp>,

    /// Show what would expire, but change nothing
    #[arg(long, help_heading = SAFETY)]
    pub(crate) dry_run: bool,

    /// Do not take the lock
    #[arg(long, help_heading = SAFETY)]
    pub(crate) no_lock: bool,
}

/// `gc`, as given.
#[derive(Debug, Args)]
#[command(after_help = GC)]
pub(crate) struct GcArgs {
    /// Keep files that are younger, e.g. 12h or 7d [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = read::<Duration>)]
    pub(crate) grace: Option<Duration>,

    /// Delete reports and lists of rejections of older runs as well, e.g. 365d [default: they stay]
    #[arg(long, value_name = "TIME", value_parser = read::<Duration>)]
    pub(crate) runs_older_than: Option<Duration>,

    /// List what would be deleted, but delete nothing
    #[arg(long, help_heading = SAFETY)]
    pub(crate) dry_run: bool,

    /// Do not take the lock
    #[arg(long, help_heading = SAFETY)]
    pub(crate) no_lock: bool,
}

/// `--at`.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct AtArgs {
    /// See the catalog as it was at a snapshot (its id) or a time: `earthcatalog history` lists them
    #[arg(long, value_name = "SNAPSHOT|TIME", value_parser = at)]
    pub(crate) at: Option<At>,
}

fn at(text: &str) -> Result<At, String> {
    text.parse()
}

/// An instant, or how long before now it is.
fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is no time: use e.g. 30d, 12h, 2026-04-28 or 2026-04-28T06:00:00Z");
    let span = humantime::parse_duration(text.trim()).ok();
    let Some(span) = span else { return Timestamp::read(text).map_err(|_| wrong()) };
    let micros = i64::try_from(span.as_micros()).map_err(|_| wrong())?;
    Timestamp::from_micros(Timestamp::now().micros().saturating_sub(micros)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_instants_or_spans() {
        assert_eq!(moment("2020-01-01"), Ok(Timestamp::parse("2020-01-01").unwrap()));
        let day_ago = moment(" 24h ").unwrap().micros();
        let expected = Timestamp::now().micros() - 86_400_000_000;
        assert!((expected - 60_000_000..=expected).contains(&day_ago));
        for wrong in ["", "soon", "7", "600000y"] {
            assert!(moment(wrong).is_err(), "{wrong:?}");
        }
    }
}
