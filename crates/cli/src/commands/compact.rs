//! `compact`: many small files to few.

use earthcatalog::{CompactOptions, Compacted, DEFAULT_TARGET_SIZE, Stop};

use crate::args::CompactArgs;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;

/// Merges files and prints what became of them.
pub(crate) async fn run(
    args: &CompactArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    let stop = Stop::default();
    interrupt::watch_for(stop.clone(), console.clone(), "snapshots that were made stay");
    let catalog = open(settings).await?;
    let done = {
        let observer = observer(settings.progress, console);
        catalog.compact(&options(args, settings, stop), &*observer).await?
    };
    if output.is_json() {
        output.document(&done)?
    } else {
        output.text(&text(&done))?
    }
    Ok(if done.interrupted { Exit::Interrupted } else { Exit::Done })
}

fn options(args: &CompactArgs, settings: &Settings, stop: Stop) -> CompactOptions {
    CompactOptions {
        min_files: usize::try_from(args.min_files).unwrap_or(usize::MAX),
        target_size: args.target_size.map_or(DEFAULT_TARGET_SIZE, |size| size.0),
        memory: args.memory.unwrap_or(settings.ingest.memory).0,
        dry_run: args.dry_run,
        no_lock: args.no_lock || settings.ingest.no_lock,
        stop,
        ..CompactOptions::default()
    }
}

fn text(done: &Compacted) -> String {
    let taken = format!(
        "{} of {}, {}",
        numbers::plural(done.files_before, "file"),
        numbers::plural(done.partitions, "partition"),
        numbers::bytes(done.bytes_before),
    );
    let mut lines = Vec::new();
    match (done.files_after, done.bytes_after) {
        (Some(_), _) if done.files_before == 0 => {
            lines.push("nothing to merge: no partition has enough small files".to_owned());
        }
        (Some(files), Some(bytes)) => {
            let seconds = std::time::Duration::try_from_secs_f64(done.seconds).unwrap_or_default();
            let made = format!("{}, {}", numbers::plural(files, "file"), numbers::bytes(bytes));
            lines.push(format!("merged {taken} into {made} in {}", numbers::duration(seconds)));
        }
        _ => lines.push(format!("would merge {taken}: a dry run, nothing was written")),
    }
    if done.duplicates > 0 {
        lines.push(format!(
            "{} superseded by another of the same id",
            numbers::plural(done.duplicates, "row")
        ));
    }
    if done.given_way > 0 {
        lines.push(format!("{} of files left to other writers", numbers::plural(done.given_way, "group")));
    }
    lines.extend(done.snapshots.iter().map(|id| format!("snapshot {id} of {}", done.catalog)));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(done: Compacted, expected: &str) {
        assert_eq!(text(&done), expected);
    }

    #[test]
    fn what_was_done_in_words() {
        let nothing = Compacted { files_after: Some(0), bytes_after: Some(0), ..Compacted::default() };
        check(nothing.clone(), "nothing to merge: no partition has enough small files\n");
        let planned =
            Compacted { partitions: 2, files_before: 1200, bytes_before: 2048, ..Compacted::default() };
        check(
            planned.clone(),
            "would merge 1,200 files of 2 partitions, 2.0 KiB: a dry run, nothing was written\n",
        );
        let done = Compacted {
            catalog: "/c".to_owned(),
            files_after: Some(1),
            bytes_after: Some(1024),
            duplicates: 1,
            given_way: 1,
            snapshots: vec![7],
            seconds: 1.0,
            ..planned
        };
        check(
            done,
            "merged 1,200 files of 2 partitions, 2.0 KiB into 1 file, 1.0 KiB in 1.00 s\n\
             1 row superseded by another of the same id\n1 group of files left to other writers\nsnapshot 7 of /c\n",
        );
    }
}
