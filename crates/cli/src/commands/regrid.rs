//! `regrid`: every item's geometry covered anew.

use earthcatalog::{Regrid, RegridOptions, Regridded, Stop};

use crate::args::RegridArgs;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;

/// Covers the rows and prints what became of them.
pub(crate) async fn run(
    args: &RegridArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), "nothing is committed");
    let catalog = open(settings).await?;
    let done = {
        let observer = observer(settings.progress, console);
        catalog.regrid(&regrid(args, settings, stop), &*observer).await?
    };
    if output.is_json() {
        output.document(&done)?
    } else {
        output.text(&text(&done))?
    }
    Ok(Exit::Done)
}

fn regrid(args: &RegridArgs, settings: &Settings, stop: Stop) -> Regrid {
    let options = RegridOptions {
        memory: args.memory.unwrap_or(settings.ingest.memory).0,
        dry_run: args.dry_run,
        no_lock: args.no_lock || settings.ingest.no_lock,
        stop,
        ..RegridOptions::default()
    };
    Regrid { grid: args.grid.clone(), options }
}

fn text(done: &Regridded) -> String {
    let verb = if done.dry_run { "would cover" } else { "covered" };
    let mut text = format!(
        "{verb} {} by {}: {} instead of {} ({})\n",
        numbers::plural(done.items, "item"),
        done.grid,
        numbers::plural(done.rows, "row"),
        done.rows_before,
        done.grid_before,
    );
    match done.snapshot_id {
        Some(id) => text += &format!("snapshot {id} of {}\n", done.catalog),
        None if done.dry_run => text += "a dry run, nothing was written\n",
        None => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(done: &Regridded, expected: &str) {
        assert_eq!(text(done), expected);
    }

    #[test]
    fn what_was_done_in_words() {
        let done = Regridded {
            catalog: "/c".to_owned(),
            grid_before: "h3:1".to_owned(),
            grid: "s2:4".to_owned(),
            items: 2,
            rows_before: 3,
            rows: 5,
            snapshot_id: Some(7),
            ..Regridded::default()
        };
        check(&done, "covered 2 items by s2:4: 5 rows instead of 3 (h3:1)\nsnapshot 7 of /c\n");
        let dry = Regridded { dry_run: true, snapshot_id: None, ..done };
        check(
            &dry,
            "would cover 2 items by s2:4: 5 rows instead of 3 (h3:1)\na dry run, nothing was written\n",
        );
    }
}
