//! Readers that go away: no error, and no noise.

use std::process::Stdio;

use crate::fixtures::ingest;
use crate::harness::{Answer, Bench};

#[test]
fn a_closed_pipe_is_no_error() {
    let bench = Bench::local();
    ingest(&bench, "inventory", "csv", &[]);
    for args in [&["stats"][..], &["files"], &["files", "--json"], &["completions", "bash"]] {
        let mut child = bench.start(args);
        drop(child.stdout.take());
        let output = Answer::await_(child);
        output.ended(0);
        assert_eq!(output.stderr, "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_one() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let bench = Bench::local();
    let mut command = bench.command(&["completions", "bash"]);
    let answer = Answer::of(command.stdout(Stdio::from(full)).output().unwrap());
    answer.ended(1).says(&["error: cannot write to standard output"]);
}
