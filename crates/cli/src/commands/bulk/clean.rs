//! `bulk clean`: a run given up.

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::settings::Settings;

/// Takes away what was made for a run, and prints how much that was.
pub(crate) async fn run(run: &str, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let cleaned = open(settings).await?.bulk_clean(run).await?;
    if output.is_json() {
        output.document(&cleaned)?;
    } else {
        output.line(&format!(
            "run {run} is given up: {} deleted, {}; files of rows are left to `earthcatalog gc`",
            numbers::plural(cleaned.files, "file"),
            numbers::bytes(cleaned.bytes)
        ))?;
    }
    Ok(Exit::Done)
}
