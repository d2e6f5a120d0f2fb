//! `info`: what the catalog says of itself.

use earthcatalog::{Info, SnapshotInfo};

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints grid, table, snapshot, warehouse and hash index.
pub(crate) async fn run(settings: &Settings, output: &mut Output) -> Result<Exit> {
    let info = open(settings).await?.info().await?;
    if output.is_json() {
        output.document(&info)?
    } else {
        output.text(&text(&info))?
    }
    Ok(Exit::Done)
}

fn text(info: &Info) -> String {
    let mut table = Table::pairs();
    table.pair("catalog", &info.catalog);
    table.pair("grid", &info.grid.spec);
    table.pair("table", &info.table.name);
    table.pair("snapshot", snapshot(info.snapshot.as_ref()));
    table.pair("rows", numbers::count(info.table.rows));
    table
        .pair("files", format!("{}, {}", numbers::count(info.table.files), numbers::bytes(info.table.bytes)));
    table.pair("columns", format!("{}, {} leaves", info.table.columns, info.table.leaf_columns));
    table.pair("warehouse", &info.warehouse);
    table.pair("metadata", &info.table.metadata_location);
    table.pair("hash index", index(info));
    table.render()
}

fn snapshot(snapshot: Option<&SnapshotInfo>) -> String {
    match snapshot {
        None => "none yet".to_owned(),
        Some(SnapshotInfo { snapshot_id, committed: Some(time), .. }) => {
            format!("{snapshot_id}, committed {time}")
        }
        Some(snapshot) => snapshot.snapshot_id.to_string(),
    }
}

fn index(info: &Info) -> String {
    let Some(index) = &info.hash_index else { return "none".to_owned() };
    match index.unique_items {
        Some(items) => format!("{}, {}", index.path, numbers::plural(items, "item")),
        None => format!("{}, which cannot be read", index.path),
    }
}
