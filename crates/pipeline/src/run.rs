//! What a run is before it begins: its id, its mode, the state of the catalog that it was decided on.

use earthcatalog_catalog::{Head, Table};
use earthcatalog_model::{IdHash, Timestamp};

use crate::error::{Error, Result};
use crate::grid_properties::grid_of;
use crate::grid_properties::grid_spec;
use crate::options::{IngestOptions, Mode};
use crate::parts::Parts;

/// A run, decided.
pub(crate) struct Run {
    /// The same inventory, options and state of the catalog give the same id.
    pub(crate) id: String,
    /// What was asked for, whatever the state of the catalog.
    pub(crate) asked: String,
    /// Names the files of this attempt; never used again.
    pub(crate) nonce: String,
    /// Never [`Mode::Auto`].
    pub(crate) mode: Mode,
    pub(crate) grid: String,
    pub(crate) started: Timestamp,
    /// The state that it is decided on; None where the table is yet to be made.
    pub(crate) head: Option<Head>,
}

impl Run {
    pub(crate) async fn plan(parts: &Parts, options: &IngestOptions) -> Result<Self> {
        let head = parts.table.head().await?;
        let mode = decide(options.mode, head.as_ref(), &*parts.table).await?;
        let grid = grid_spec(&parts.grid.spec());
        check_grid(head.as_ref(), mode, &grid)?;
        check_sync(mode, options)?;
        let snapshot = head.as_ref().and_then(|h| h.snapshot_id);
        Ok(Self {
            id: run_id(parts, options, mode.as_str(), &grid, snapshot),
            asked: run_id(parts, options, options.mode.as_str(), &grid, None),
            nonce: uuid::Uuid::now_v7().simple().to_string(),
            mode,
            grid,
            started: Timestamp::now(),
            head,
        })
    }

    /// The same as a bulk run, whose id depends on its options as well.
    pub(crate) fn of_bulk(mut self, options: &str) -> Self {
        self.id = short_hash(&format!("{}\0{options}", self.id));
        self.asked = short_hash(&format!("{}\0{options}", self.asked));
        self
    }

    /// The snapshot that it is decided on.
    pub(crate) fn snapshot(&self) -> Option<i64> {
        self.head.as_ref().and_then(|head| head.snapshot_id)
    }

    /// A path below the run's folder.
    pub(crate) fn file(&self, name: &str) -> String {
        format!("runs/{}/{name}", self.id)
    }
}

/// A catalog without rows has nothing that a delta or a sync could keep: its first run is a full one.
async fn decide(asked: Mode, head: Option<&Head>, table: &dyn Table) -> Result<Mode> {
    let rows = match head {
        _ if asked == Mode::Full => 0,
        None => 0,
        Some(Head { snapshot_id: None, .. }) => 0,
        Some(Head { rows: Some(rows), .. }) => *rows,
        Some(head) => {
            table.files(head, &earthcatalog_catalog::Filter::default()).await?.iter().map(|f| f.rows).sum()
        }
    };
    Ok(match asked {
        _ if rows == 0 => Mode::Full,
        Mode::Auto => Mode::Delta,
        other => other,
    })
}

/// A full run may change the grid; that is worth a line in the log. Others may not: an old row would be in a cell that no
/// search of the new grid looks into.
fn check_grid(head: Option<&Head>, mode: Mode, grid: &str) -> Result<()> {
    let Some(head) = head else { return Ok(()) };
    let before = grid_spec(&grid_of(&head.properties)?);
    match before == grid {
        true => Ok(()),
        false if mode != Mode::Full => Err(Error::Options {
            message: format!("the catalog's grid is {before}, and a {mode} run cannot change it to {grid}"),
            hint: "leave out --grid, or replace the content with --mode full".to_owned(),
        }),
        false => {
            tracing::info!(%before, now = grid, "the run replaces the catalog's grid");
            Ok(())
        }
    }
}

/// What a filter hides is not gone.
fn check_sync(mode: Mode, options: &IngestOptions) -> Result<()> {
    let hides = [
        (options.since.is_some(), "--since"),
        (options.until.is_some(), "--until"),
        (options.glob.is_some(), "--glob"),
        (options.min_size.is_some(), "--min-size"),
        (options.max_size.is_some(), "--max-size"),
        (options.limit.is_some(), "--limit"),
        (options.prefix.is_some(), "--prefix"),
    ];
    match hides.iter().find(|(given, _)| *given && mode == Mode::Sync) {
        None => Ok(()),
        Some((_, option)) => Err(Error::Options {
            message: format!("{option} hides objects that a sync would take for gone"),
            hint: format!("leave out {option}, or use --mode delta"),
        }),
    }
}

/// Filters that few runs have, as a part of their identity.
fn more_filters(options: &IngestOptions) -> String {
    if options.until.is_none() && options.glob.is_none() && options.min_size.or(options.max_size).is_none() {
        return String::new();
    }
    format!("\0{:?}\0{:?}\0{:?}\0{:?}", options.until, options.glob, options.min_size, options.max_size)
}

fn run_id(parts: &Parts, options: &IngestOptions, mode: &str, grid: &str, snapshot: Option<i64>) -> String {
    let identity = format!(
        "{}\0{snapshot:?}\0{mode}\0{grid}\0{:?}\0{:?}\0{:?}\0{:?}\0{:?}{}",
        parts.inventory.identity(),
        options.suffixes,
        options.prefix,
        options.since,
        options.limit,
        options.assets,
        more_filters(options),
    );
    short_hash(&identity)
}

/// Sixteen hexadecimal digits of a text's hash.
fn short_hash(text: &str) -> String {
    format!("{:?}", IdHash::of(text)).chars().take(16).collect()
}
