//! `inventory cat`: any listing as CSV, Parquet or NDJSON.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use earthcatalog::inventory::{Error, Filter, Format, Inventory, Selector, Verdict, Writer};
use futures::StreamExt;
use serde::Serialize;

use super::file::FileOut;
use super::{failed, open};
use crate::args::inventory::CatArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::output::numbers;
use crate::settings::Settings;

#[derive(Serialize)]
struct Document<'a> {
    inventory: &'a str,
    listed: u64,
    filtered: u64,
    written: u64,
}

/// Prints the listing, or writes it to a file and prints the counts.
pub(super) async fn run(args: &CatArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    if output.is_json() && args.out.is_none() {
        return Err(Failure::usage("--json prints the counts of a listing that is written to a file")
            .hint("give --out FILE, or print the listing with --format ndjson"));
    }
    let options = args.reading.options(settings.ingest.bucket.as_deref());
    let inventory = open(&args.source, &options, settings).await?;
    let (filter, format) = (args.filter.filter(), args.format.map(Format::from));
    match &args.out {
        Some(path) => to_file(&*inventory, &filter, path, format, output).await?,
        None => to_stdout(&*inventory, &filter, format.unwrap_or_default()).await?,
    }
    Ok(Exit::Done)
}

async fn to_file(
    inventory: &dyn Inventory,
    filter: &Filter,
    path: &Path,
    format: Option<Format>,
    output: &mut Output,
) -> Result<()> {
    let mut file = FileOut::create(path, format)?;
    let selector = copy(inventory, filter, file.writer()).await.map_err(|e| failed(&e))?;
    file.finish()?;
    let (listed, filtered, written) = (selector.listed(), selector.filtered(), selector.taken());
    if output.is_json() {
        return output.document(&Document { inventory: inventory.name(), listed, filtered, written });
    }
    let counts = [(listed, "listed"), (filtered, "filtered"), (written, "written")];
    let [listed, filtered, written] = counts.map(|(n, word)| format!("{} {word}", numbers::count(n)));
    output.line(&format!("{listed} = {filtered} + {written} to {}", path.display()))
}

/// A reader that leaves early (`| head`) has what it wanted.
async fn to_stdout(inventory: &dyn Inventory, filter: &Filter, format: Format) -> Result<()> {
    let print = async {
        let mut writer = Writer::new(BufWriter::with_capacity(1 << 16, io::stdout()), format)?;
        copy(inventory, filter, &mut writer).await?;
        writer.finish().map(drop)
    };
    match print.await {
        Err(Error::Write { kind: ErrorKind::BrokenPipe, .. }) | Ok(()) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

async fn copy<W: Write + Send>(
    inventory: &dyn Inventory,
    filter: &Filter,
    writer: &mut Writer<W>,
) -> std::result::Result<Selector, Error> {
    let mut selector = filter.start();
    let mut batches = inventory.batches_for(filter);
    while !selector.is_done() {
        let Some(batch) = batches.next().await else { break };
        let batch = batch?;
        selector.left_out(&batch);
        for object in batch.iter() {
            match selector.take(&object) {
                Verdict::Take => writer.push(&object)?,
                Verdict::Skip(_) => {}
                Verdict::End => break,
            }
        }
    }
    Ok(selector)
}
