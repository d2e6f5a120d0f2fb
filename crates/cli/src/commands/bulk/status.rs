//! `bulk status`: how far runs are.

use std::time::Duration;

use earthcatalog::{BulkStatus, PhaseStatus};

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints one run, or all that are open, the oldest first.
pub(crate) async fn run(run: Option<&str>, settings: &Settings, output: &mut Output) -> Result<Exit> {
    let catalog = open(settings).await?;
    if let Some(run) = run {
        let status = catalog.bulk_status(run).await?;
        return match output.is_json() {
            true => output.document(&status),
            false => output.text(&text(&status)),
        }
        .map(|()| Exit::Done);
    }
    let mut all = Vec::new();
    for open in catalog.bulk_runs().await? {
        // It may end while others are looked at.
        if let Ok(status) = catalog.bulk_status(&open.plan.run).await {
            all.push(status);
        }
    }
    if output.is_json() {
        output.document(&all)?;
    } else if all.is_empty() {
        output.line("no bulk run is open")?;
    } else {
        output.text(&all.iter().map(text).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

fn text(status: &BulkStatus) -> String {
    let mut table = Table::pairs();
    table.pair("run", format!("{}: {}, planned {}", status.run, status.mode, status.started));
    table.pair("inventory", &*status.inventory);
    table.pair("stage", phase(&status.stage));
    table.pair("write", status.write.as_ref().map_or_else(|| "not resolved yet".to_owned(), phase));
    table.pair("objects", objects(status));
    table.pair("staged", numbers::bytes(status.staged_bytes));
    if let Some(rate) = status.objects_per_second {
        table.pair("rate", rate_of(rate, status.seconds_left));
    }
    table.pair("next", next(status));
    for (word, of) in [("stage", Some(&status.stage)), ("write", status.write.as_ref())] {
        for begun in of.into_iter().flat_map(|of| &of.begun) {
            let since = numbers::duration(seconds(begun.seconds));
            table.pair(
                "begun",
                format!("{word} {} by {}:{}, {since} ago", begun.number, begun.host, begun.pid),
            );
        }
    }
    table.render()
}

/// `12 of 43 tasks done, 2 begun`
fn phase(phase: &PhaseStatus) -> String {
    let begun = phase.begun.len() as u64;
    let begun = if begun > 0 { format!(", {} begun", numbers::count(begun)) } else { String::new() };
    format!("{} of {} done{begun}", numbers::count(phase.done), numbers::plural(phase.tasks, "task"))
}

fn objects(status: &BulkStatus) -> String {
    let mut parts =
        vec![format!("{} of {} staged", numbers::count(status.items), numbers::count(status.objects))];
    parts.push(format!("{} rejected", numbers::count(status.rejected)));
    parts.push(format!("{} pending", numbers::count(status.pending)));
    if status.retries > 0 {
        let rounds = if status.retries == 1 { "retry" } else { "retries" };
        parts.push(format!("after {} {rounds}", numbers::count(status.retries.into())));
    }
    parts.join(", ")
}

fn rate_of(rate: f64, left: Option<f64>) -> String {
    let rate = format!("{} objects/s", numbers::count(rate.round() as u64));
    match left.filter(|left| *left > 0.0) {
        Some(left) => format!("{rate}, {} left", numbers::duration(seconds(left))),
        None => rate,
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn next(status: &BulkStatus) -> String {
    let what = match status.next {
        "stage" => "run the tasks of stage that are left",
        "resolve" if status.pending > 0 => "retry what is pending, or resolve with --accept-rejected",
        "resolve" => "resolve: all is staged",
        "write" => "run the tasks of write that are left",
        _ => "register: all is written",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use earthcatalog::Begun;
    use earthcatalog::model::Timestamp;

    use super::*;

    fn status() -> BulkStatus {
        let begun = Begun { number: 7, host: "node3".into(), pid: 42, seconds: 12.3 };
        BulkStatus {
            run: "0123456789abcdef".into(),
            mode: "full".into(),
            inventory: "s3://b/i.parquet".into(),
            started: Timestamp::parse("2026-04-28T06:00:00Z").unwrap(),
            next: "stage",
            stage: PhaseStatus { tasks: 43, done: 12, begun: vec![begun] },
            write: None,
            objects: 430_000,
            items: 119_000,
            rejected: 900,
            pending: 100,
            retries: 1,
            staged_bytes: 12 << 20,
            objects_per_second: Some(1234.4),
            seconds_left: Some(245.0),
        }
    }

    #[test]
    fn a_run_while_it_is_staged() {
        insta::assert_snapshot!(text(&status()));
    }

    #[test]
    fn a_run_that_waits_for_its_commit() {
        let write = PhaseStatus { tasks: 3, done: 3, begun: Vec::new() };
        let stage = PhaseStatus { done: 43, begun: Vec::new(), ..status().stage };
        let (retries, seconds_left) = (0, Some(0.0));
        let status =
            BulkStatus { next: "register", stage, write: Some(write), retries, seconds_left, ..status() };
        insta::assert_snapshot!(text(&status));
    }
}
