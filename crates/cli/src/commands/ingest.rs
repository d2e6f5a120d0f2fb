//! `ingest`: an inventory in, a snapshot out, and where every line of the inventory went.

use earthcatalog::{Ingest, IngestOptions, Report, Stop};

use crate::args::{IngestArgs, SelectionArgs};
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::Output;
use crate::output::numbers;
use crate::progress::console::Console;
use crate::progress::observer;
use crate::settings::Settings;

/// Runs an ingest and prints its report.
pub(crate) async fn run(
    args: &IngestArgs,
    settings: &Settings,
    console: &Console,
    output: &mut Output,
) -> Result<Exit> {
    threads(settings)?;
    let stop = Stop::default();
    interrupt::watch(stop.clone(), console.clone());
    let catalog = open(settings).await?;
    let mut request = request(&args.inventory, &args.selection, settings, stop);
    request.options.dry_run = args.dry_run;
    let report = {
        let observer = observer(settings.progress, console);
        catalog.ingest(&request, &*observer).await?
    };
    show(&report, output)
}

/// Prints the report of a run.
pub(crate) fn show(report: &Report, output: &mut Output) -> Result<Exit> {
    if output.is_json() {
        output.document(report)?
    } else {
        output.text(&text(report))?
    }
    Ok(if report.ledger.rejected > 0 { Exit::Rejections } else { Exit::Done })
}

/// What the library is asked for: an inventory and what of it is taken, with all settings.
pub(crate) fn request(inventory: &str, selection: &SelectionArgs, settings: &Settings, stop: Stop) -> Ingest {
    let resolved = &settings.ingest;
    let options = IngestOptions {
        mode: resolved.mode,
        suffixes: resolved.suffixes.clone(),
        prefix: resolved.prefix.clone(),
        since: selection.since.map(|since| since.0),
        until: selection.until.map(|until| until.0),
        glob: selection.glob.clone(),
        min_size: selection.min_size.map(|size| size.0),
        max_size: selection.max_size.map(|size| size.0),
        limit: selection.limit,
        memory: resolved.memory.0,
        concurrency: resolved.concurrency.get(),
        assets: resolved.assets,
        retry_rejected: selection.retry_rejected,
        max_delete: resolved.max_delete,
        update_hash_index: resolved.update_hash_index,
        no_lock: resolved.no_lock,
        stop,
        ..IngestOptions::default()
    };
    Ingest {
        inventory: inventory.to_owned(),
        bucket: resolved.bucket.clone(),
        columns: selection.columns.clone(),
        no_checksum: selection.no_checksum,
        grid: resolved.grid.clone(),
        options,
    }
}

/// `--threads` bounds rayon, where items are parsed, covered and encoded.
pub(crate) fn threads(settings: &Settings) -> Result<()> {
    let Some(threads) = settings.ingest.threads else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    built.map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot start {threads} threads")).caused_by(&error)
    })
}

fn text(report: &Report) -> String {
    let seconds = std::time::Duration::try_from_secs_f64(report.seconds).unwrap_or_default();
    let mut lines = vec![
        format!("run {}: {}, {}, {}", report.run_id, report.mode, report.grid, numbers::duration(seconds)),
        equation(report),
        outcome(report),
    ];
    lines.extend(changes(report));
    lines.extend(rejections(report));
    lines.join("\n") + "\n"
}

/// The ledger's sum.
fn equation(report: &Report) -> String {
    let ledger = &report.ledger;
    let terms = [
        (ledger.filtered, "filtered"),
        (ledger.known, "known"),
        (ledger.superseded, "superseded"),
        (ledger.rejected, "rejected"),
        (ledger.pending, "pending"),
        (ledger.ingested, "ingested"),
    ];
    let terms: Vec<String> = terms.iter().map(|(n, word)| format!("{} {word}", numbers::count(*n))).collect();
    format!("{} listed = {}", numbers::count(ledger.listed), terms.join(" + "))
}

fn outcome(report: &Report) -> String {
    let made = format!(
        "{} in {} of {}, {}",
        numbers::plural(report.rows, "row"),
        numbers::plural(report.files, "file"),
        numbers::plural(report.partitions, "partition"),
        numbers::bytes(report.bytes),
    );
    match report.snapshot_id {
        _ if report.dry_run => format!("{made}: a dry run, nothing was written"),
        Some(snapshot) => format!("{made}; snapshot {snapshot} of {}", report.catalog),
        None => format!("{made}; no snapshot was needed"),
    }
}

fn changes(report: &Report) -> Option<String> {
    let any = report.updated + report.deleted + report.rewritten_files > 0;
    let counts = [
        (report.updated, "updated"),
        (report.deleted, "deleted"),
        (report.rewritten_files, "files rewritten"),
    ];
    let shown = counts.iter().map(|(n, word)| format!("{} {word}", numbers::count(*n))).collect::<Vec<_>>();
    any.then(|| shown.join(", "))
}

/// The reasons, the most frequent first, and where the objects are listed.
fn rejections(report: &Report) -> Option<String> {
    let mut reasons: Vec<(&str, u64)> =
        report.rejected_by_reason.iter().map(|(word, n)| (word.as_str(), *n)).collect();
    reasons.sort_by_key(|&(word, n)| (std::cmp::Reverse(n), word));
    let reasons: Vec<String> =
        reasons.iter().map(|(word, n)| format!("{} {word}", numbers::count(*n))).collect();
    let listed = report.rejected_path.as_ref().map(|path| format!("; listed in {path}")).unwrap_or_default();
    (report.ledger.rejected > 0).then(|| format!("rejected: {}{listed}", reasons.join(", ")))
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
