//! `get`: an item by its id.

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::Settings;

/// Prints the item as the JSON document that it is, with every digit that came in.
pub(crate) async fn run(id: &str, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let catalog = open(settings).await?;
    match catalog.get(id).await? {
        Some(item) => output.line(&item).map(|()| Exit::Done),
        None => Err(Failure::new(
            Exit::Failed,
            format!("no item {id:?} in the catalog at {}", catalog.base().url()),
        )
        .hint("ids are compared letter by letter, case included")),
    }
}
