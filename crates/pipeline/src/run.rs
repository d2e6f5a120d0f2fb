//! What a run is before it begins: its id, its mode, the state of the catalog that it was decided on.

use earthcatalog_catalog::{Head, Table};
use earthcatalog_model::{IdHash, TableSchema, Timestamp};

use crate::error::{Error, Result};
use crate::grid_properties::grid_of;
use crate::grid_properties::grid_spec;
use crate::options::{IngestOptions, Mode};
use crate::parts::Parts;

/// A run, decided.
pub(crate) struct Run {
    /// The same inventory, options and state of the catalog give the same id.
    pub(crate) id: String,
    /// Names the files of this attempt; never used again.
    pub(crate) nonce: String,
    pub(crate) mode: &'static str,
    pub(crate) grid: String,
    pub(crate) started: Timestamp,
    /// The snapshot that is replaced.
    pub(crate) snapshot: Option<i64>,
    /// The schema that the files' schema must extend; None where the table is yet to be made.
    pub(crate) schema: Option<TableSchema>,
}

impl Run {
    pub(crate) async fn plan(parts: &Parts, options: &IngestOptions) -> Result<Self> {
        let head = parts.table.head().await?;
        let mode = decide(options.mode, head.as_ref(), &*parts.table).await?;
        let grid = grid_spec(&parts.grid.spec());
        warn_of_other_grid(head.as_ref(), &grid)?;
        let snapshot = head.as_ref().and_then(|h| h.snapshot_id);
        Ok(Self {
            id: run_id(parts, options, mode, &grid, snapshot),
            nonce: uuid::Uuid::now_v7().simple().to_string(),
            mode,
            grid,
            started: Timestamp::now(),
            snapshot,
            schema: head.map(|h| h.schema),
        })
    }

    /// A path below the run's folder.
    pub(crate) fn file(&self, name: &str) -> String {
        format!("runs/{}/{name}", self.id)
    }
}

async fn decide(asked: Mode, head: Option<&Head>, table: &dyn Table) -> Result<&'static str> {
    if asked == Mode::Full {
        return Ok("full");
    }
    let rows = match head {
        None => 0,
        Some(Head { snapshot_id: None, .. }) => 0,
        Some(Head { rows: Some(rows), .. }) => *rows,
        Some(head) => {
            table.files(head, &earthcatalog_catalog::Filter::default()).await?.iter().map(|f| f.rows).sum()
        }
    };
    if rows == 0 {
        return Ok("full");
    }
    Err(Error::Options {
        message: format!("the catalog holds {rows} rows, and this version cannot add to a catalog yet"),
        hint: "use --mode full to replace its content by this inventory in one snapshot".to_owned(),
    })
}

/// A full run may change the grid; that is worth a line in the log.
fn warn_of_other_grid(head: Option<&Head>, grid: &str) -> Result<()> {
    let Some(head) = head else { return Ok(()) };
    if let Some(before) =
        grid_of(&head.properties)?.map(|spec| grid_spec(&spec)).filter(|before| before != grid)
    {
        tracing::info!(%before, now = grid, "the run replaces the catalog's grid");
    }
    Ok(())
}

fn run_id(parts: &Parts, options: &IngestOptions, mode: &str, grid: &str, snapshot: Option<i64>) -> String {
    let identity = format!(
        "{}\0{snapshot:?}\0{mode}\0{grid}\0{:?}\0{:?}\0{:?}\0{:?}\0{:?}",
        parts.inventory.identity(),
        options.suffixes,
        options.prefix,
        options.since,
        options.limit,
        options.assets,
    );
    format!("{:?}", IdHash::of(&identity)).chars().take(16).collect()
}
