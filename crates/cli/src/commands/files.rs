//! `files`: the GeoParquet files that may hold an answer.

use earthcatalog::model::DataFile;
use serde::Serialize;

use crate::args::FilesArgs;
use crate::commands::open_at;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    grid_partition: &'a str,
    year: Option<i32>,
    rows: u64,
    bytes: u64,
}

/// Prints the files' locations, one a line.
pub(crate) async fn run(args: &FilesArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let files = open_at(settings, args.at).await?.files(&args.query.query()).await?;
    if output.is_json() {
        output.document(&files.iter().map(row).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    for file in &files {
        output.line(&file.path)?;
        if output.is_closed() {
            break;
        }
    }
    Ok(Exit::Done)
}

fn row(file: &DataFile) -> Row<'_> {
    Row {
        path: &file.path,
        grid_partition: file.partition.cell.as_str(),
        year: file.partition.year,
        rows: file.rows,
        bytes: file.bytes,
    }
}
