//! `inventory`: listings printed, converted and compared.

mod cat;
mod diff;
mod file;

use std::sync::Arc;

use earthcatalog::inventory::{Inventory, OpenOptions};

use crate::args::InventoryCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::Settings;

/// Runs one of the commands. Ctrl-C drops what runs, and its temporary files with it.
pub(crate) async fn run(
    command: &InventoryCommand,
    settings: &Settings,
    output: &mut Output,
) -> Result<Exit> {
    let work = async {
        match command {
            InventoryCommand::Cat(args) => cat::run(args, settings, output).await,
            InventoryCommand::Diff(args) => diff::run(args, settings, output).await,
        }
    };
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, "interrupted: no file was written")),
    }
}

async fn open(source: &str, options: &OpenOptions, settings: &Settings) -> Result<Arc<dyn Inventory>> {
    Ok(earthcatalog::open_inventory(source, options, &settings.config()).await?)
}

fn failed(error: &earthcatalog::inventory::Error) -> Failure {
    Failure::of(Exit::Failed, error)
}
