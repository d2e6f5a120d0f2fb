//! `history`: the snapshots, and what each added and took away.

use earthcatalog::HistoryEntry;

use crate::commands::open;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Output;
use crate::output::numbers;
use crate::output::table::Table;
use crate::settings::Settings;

/// Prints the snapshots, the oldest first.
pub(crate) async fn run(settings: &Settings, output: &mut Output) -> Result<Exit> {
    let history = open(settings).await?.history().await?;
    if output.is_json() {
        output.document(&history)?
    } else {
        output.text(&text(&history))?
    }
    Ok(Exit::Done)
}

/// The snapshots as a table.
pub(super) fn text(history: &[HistoryEntry]) -> String {
    let mut table = Table::new(&[
        "snapshot",
        "committed",
        "operation",
        ">files added",
        ">removed",
        ">rows added",
        ">removed",
        ">rows",
        "by",
    ]);
    history.iter().for_each(|entry| table.row(row(entry)));
    table.render()
}

fn row(entry: &HistoryEntry) -> [String; 9] {
    let count = |n: Option<u64>| n.map_or("-".to_owned(), numbers::count);
    let run = entry.run_id.as_ref().map(|run| format!("run {run}"));
    let by = entry.maintenance.clone().or(run).unwrap_or_else(|| "-".to_owned());
    [
        entry.snapshot_id.to_string(),
        entry.committed.clone().unwrap_or_else(|| "-".to_owned()),
        entry.operation.clone(),
        count(entry.added_files),
        count(entry.removed_files),
        count(entry.added_rows),
        count(entry.removed_rows),
        count(entry.rows),
        if entry.current { format!("{by}, current") } else { by },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_snapshots() {
        let entry = HistoryEntry {
            snapshot_id: 41,
            parent_id: None,
            committed: Some("2026-04-28T00:00:00Z".to_owned()),
            operation: "append".to_owned(),
            current: false,
            added_files: Some(2),
            added_rows: Some(1200),
            removed_files: Some(0),
            removed_rows: Some(0),
            files: Some(2),
            rows: Some(1200),
            run_id: Some("4f1c".to_owned()),
            maintenance: None,
            commit_id: None,
        };
        let of_others = HistoryEntry {
            snapshot_id: 7,
            committed: None,
            current: true,
            added_rows: None,
            rows: None,
            run_id: None,
            ..entry.clone()
        };
        let expected = "\
snapshot  committed             operation  files added  removed  rows added  removed   rows  by
41        2026-04-28T00:00:00Z  append               2        0       1,200        0  1,200  run 4f1c
7         -                     append               2        0           -        0      -  -, current
";
        assert_eq!(text(&[entry, of_others]), expected);
    }
}
