//! The summary of a run as people read it.

use earthcatalog::Ledger;
use earthcatalog::model::Timestamp;

use super::*;

fn report() -> Report {
    Report {
        run_id: "r1".into(),
        mode: "full".into(),
        dry_run: false,
        inventory: "i.csv".into(),
        catalog: "/c".into(),
        grid: "s2:4".into(),
        ledger: Ledger {
            listed: 1210,
            filtered: 1200,
            superseded: 1,
            rejected: 4,
            ingested: 5,
            ..Ledger::default()
        },
        updated: 0,
        deleted: 0,
        rows: 7,
        files: 3,
        rewritten_files: 0,
        bytes: 4096,
        partitions: 2,
        snapshot_id: Some(42),
        rejected_by_reason: [("not_json".to_owned(), 1), ("not_found".to_owned(), 3)].into(),
        rejected_path: Some("/c/runs/r1/rejected.parquet".into()),
        extra: Default::default(),
        started: Timestamp::now(),
        seconds: 1.5,
    }
}

#[test]
fn a_summary_shows_the_sum_and_the_reasons() {
    let expected = "\
run r1: full, s2:4, 1.50 s
1,210 listed = 1,200 filtered + 0 known + 1 superseded + 4 rejected + 0 pending + 5 ingested
7 rows in 3 files of 2 partitions, 4.0 KiB; snapshot 42 of /c
rejected: 3 not_found, 1 not_json; listed in /c/runs/r1/rejected.parquet
";
    assert_eq!(text(&report()), expected);
}

#[test]
fn a_dry_run_says_so() {
    let dry = Report { dry_run: true, snapshot_id: None, updated: 2, ..report() };
    let shown = text(&dry);
    assert!(
        shown.contains("a dry run, nothing was written\n2 updated, 0 deleted, 0 files rewritten\n"),
        "{shown}"
    );
}
