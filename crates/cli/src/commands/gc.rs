//! `gc`: files that nothing refers to.

use std::collections::BTreeMap;

use earthcatalog::{Collected, DEFAULT_GRACE, GcOptions, Stop};

use crate::args::GcArgs;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;

/// Deletes garbage and prints how much; lists it in a dry run.
pub(crate) async fn run(
    args: &GcArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), "what is deleted by now is gone");
    let options = GcOptions {
        grace: args.grace.unwrap_or(DEFAULT_GRACE),
        runs_older_than: args.runs_older_than,
        dry_run: args.dry_run,
        no_lock: args.no_lock || settings.ingest.no_lock,
        stop,
        ..GcOptions::default()
    };
    let catalog = open(settings).await?;
    let done = {
        let observer = observer(settings.progress, console);
        catalog.gc(&options, &*observer).await?
    };
    if output.is_json() {
        output.document(&done)?
    } else {
        output.text(&text(&done))?
    }
    Ok(if done.interrupted { Exit::Interrupted } else { Exit::Done })
}

fn text(done: &Collected) -> String {
    let mut out = String::new();
    if done.dry_run {
        done.garbage.iter().for_each(|garbage| out += &format!("{}\n", garbage.path));
    }
    out += &kinds(done);
    let (files, bytes) = (numbers::plural(done.garbage.len() as u64, "file"), numbers::bytes(done.bytes));
    out += &match done.dry_run {
        true => format!("{files} of {}, {bytes}, would be deleted", numbers::count(done.listed)),
        false => format!("{} of {files} deleted, {bytes}", numbers::count(done.deleted)),
    };
    match done.young {
        0 => out + "\n",
        young => out + &format!("; {} younger than the grace period\n", numbers::count(young)),
    }
}

/// Files and bytes by kind.
fn kinds(done: &Collected) -> String {
    let mut kinds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for garbage in &done.garbage {
        let (files, bytes) = kinds.entry(garbage.kind).or_default();
        *files += 1;
        *bytes += garbage.bytes;
    }
    if kinds.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["kind", ">files", ">size"]);
    for (kind, (files, bytes)) in kinds {
        table.row([kind.to_owned(), numbers::count(files), numbers::bytes(bytes)]);
    }
    format!("{}\n", table.render())
}

#[cfg(test)]
mod tests {
    use earthcatalog::Garbage;
    use earthcatalog::model::Timestamp;

    use super::*;

    #[test]
    fn garbage_in_words() {
        let garbage = |path: &str, kind| Garbage {
            path: path.to_owned(),
            kind,
            bytes: 1024,
            last_modified: Timestamp::now(),
        };
        let found = Collected {
            dry_run: true,
            listed: 1200,
            young: 3,
            garbage: vec![garbage("/c/x", "data"), garbage("/c/y", "run")],
            bytes: 2048,
            ..Collected::default()
        };
        let table = "kind  files     size\ndata      1  1.0 KiB\nrun       1  1.0 KiB\n\n";
        let young = "; 3 younger than the grace period\n";
        assert_eq!(
            text(&found),
            format!("/c/x\n/c/y\n{table}2 files of 1,200, 2.0 KiB, would be deleted{young}")
        );
        let done = Collected { dry_run: false, deleted: 2, young: 0, ..found };
        assert_eq!(text(&done), format!("{table}2 of 2 files deleted, 2.0 KiB\n"));
        assert_eq!(text(&Collected::default()), "0 of 0 files deleted, 0 B\n");
    }
}
