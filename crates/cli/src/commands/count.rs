//! `count`: unique items and rows.

use crate::args::AtArgs;
use crate::commands::open_at;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints how many items and rows the catalog holds.
pub(crate) async fn run(args: AtArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let counts = open_at(settings, args).await?.counts().await?;
    if output.is_json() {
        output.document(&counts)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::pairs();
    let unknown = match args.at {
        Some(_) => "unknown: the hash index is the current snapshot's",
        None => "unknown: no hash index",
    };
    table.pair("unique items", counts.unique_items.map_or(unknown.to_owned(), numbers::count));
    table.pair("rows", numbers::count(counts.rows));
    output.text(&table.render())?;
    Ok(Exit::Done)
}
