//! What `--help` and `completions` print.

use crate::harness::Bench;

fn help(args: &[&str]) -> String {
    Bench::local().run(args).ended(0).stdout.clone()
}

#[test]
fn the_program() {
    insta::assert_snapshot!(help(&["-h"]));
}

#[test]
fn ingest() {
    insta::assert_snapshot!(help(&["ingest", "-h"]));
}

#[test]
fn inventory() {
    insta::assert_snapshot!("inventory_cat", help(&["inventory", "cat", "-h"]));
    insta::assert_snapshot!("inventory_diff", help(&["inventory", "diff", "-h"]));
}

#[test]
fn files() {
    insta::assert_snapshot!(help(&["files", "-h"]));
}

#[test]
fn cells() {
    insta::assert_snapshot!(help(&["cells", "-h"]));
}

#[test]
fn compact() {
    insta::assert_snapshot!(help(&["compact", "-h"]));
}

#[test]
fn regrid() {
    insta::assert_snapshot!(help(&["regrid", "-h"]));
}

#[test]
fn expire() {
    insta::assert_snapshot!(help(&["expire", "-h"]));
}

#[test]
fn gc() {
    insta::assert_snapshot!(help(&["gc", "-h"]));
}

#[test]
fn every_command_has_an_example() {
    let reading = ["info", "stats", "count", "files", "cells", "get", "verify", "history", "completions"];
    for command in reading.iter().chain(&["ingest", "compact", "regrid", "expire", "gc"]) {
        let text = help(&[command, "--help"]);
        assert!(text.contains(&format!("Example: earthcatalog {command} ")), "{text}");
    }
}

#[test]
fn versions_and_completions() {
    assert!(help(&["--version"]).starts_with("earthcatalog "));
    assert!(help(&["completions", "bash"]).contains("_earthcatalog()"));
    assert!(help(&["completions", "zsh"]).contains("#compdef earthcatalog"));
}

#[test]
fn bulk() {
    insta::assert_snapshot!("bulk", help(&["bulk", "-h"]));
    for command in ["run", "plan", "run-task", "resolve"] {
        insta::assert_snapshot!(format!("bulk_{command}"), help(&["bulk", command, "-h"]));
    }
    for command in ["run", "plan", "run-task", "retry", "resolve", "register", "status", "clean"] {
        let text = help(&["bulk", command, "--help"]);
        assert!(text.contains(&format!("Example: earthcatalog bulk {command} ")), "{text}");
    }
}
