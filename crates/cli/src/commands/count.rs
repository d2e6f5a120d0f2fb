//! `count`: unique items and rows.

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints how many items and rows the catalog holds.
pub(crate) async fn run(settings: &Settings, output: &mut Output) -> Result<Exit> {
    let counts = open(settings).await?.counts().await?;
    if output.is_json() {
        output.document(&counts)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::pairs();
    table.pair(
        "unique items",
        counts.unique_items.map_or("unknown: no hash index".to_owned(), numbers::count),
    );
    table.pair("rows", numbers::count(counts.rows));
    output.text(&table.render())?;
    Ok(Exit::Done)
}
