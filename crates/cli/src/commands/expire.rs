//! `expire`: old snapshots out of the catalog's history.

use earthcatalog::{ExpireOptions, Expired};

use crate::args::ExpireArgs;
use crate::commands::{history, open};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::settings::Settings;

/// Lets snapshots expire and prints which.
pub(crate) async fn run(args: &ExpireArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let options = ExpireOptions {
        keep_last: args.keep_last,
        older_than: args.older_than,
        dry_run: args.dry_run,
        no_lock: args.no_lock || settings.ingest.no_lock,
    };
    let done = open(settings).await?.expire(&options).await?;
    if output.is_json() {
        output.document(&done)?
    } else {
        output.text(&text(&done))?
    }
    Ok(Exit::Done)
}

fn text(done: &Expired) -> String {
    let count = numbers::plural(done.expired.len() as u64, "snapshot");
    let sum = match (done.expired.is_empty(), done.dry_run) {
        (true, _) => "no snapshot is old enough".to_owned(),
        (_, true) => format!("{count} would expire"),
        (_, false) => format!("{count} expired; `earthcatalog gc` deletes what only they needed"),
    };
    let sum = format!("{sum}, {} kept\n", numbers::count(done.kept));
    if done.expired.is_empty() { sum } else { format!("{}\n{sum}", history::text(&done.expired)) }
}
