//! Rules for source files, line by line.

use super::{Complaint, File};

/// More than one idea fits into fewer lines.
const MOST_LINES: usize = 700;

/// Words that say of a line that it is not finished. In pieces, so that this file does not complain of itself.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

const ALLOW: [&str; 2] = [concat!("#[al", "low("), concat!("#![al", "low(")];

const PRINTING: [&str; 5] = ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("];

/// Where printing is the work.
const MAY_PRINT: [&str; 3] = ["crates/cli/", "xtask/", "benches/"];

pub(super) fn check(file: &File) -> Vec<Complaint> {
    let Some(text) = file.text.as_deref() else { return Vec::new() };
    let mut complaints = Vec::new();
    if is_source(&file.path) {
        complaints.extend(each_line(file, text, unfinished));
    }
    if file.path.ends_with(".rs") {
        complaints.extend(opening(file, text));
        complaints.extend(length(file, text));
        complaints.extend(each_line(file, text, allow));
        complaints.extend(printing(file, text));
    }
    complaints
}

fn is_source(path: &str) -> bool {
    [".rs", ".py", ".sh", ".toml", ".ci/run"].iter().any(|end| path.ends_with(end))
}

fn each_line(file: &File, text: &str, rule: fn(&str) -> Option<(String, &'static str)>) -> Vec<Complaint> {
    let found = text.lines().enumerate().filter_map(|(i, line)| rule(line).map(|found| (i + 1, found)));
    found.map(|(line, (what, fix))| Complaint::new(format!("{}:{line}", file.path), what, fix)).collect()
}

fn unfinished(line: &str) -> Option<(String, &'static str)> {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let word = words.find(|word| UNFINISHED.contains(word))?;
    Some((format!("unfinished by its own word: {word}"), "finish it, or open an issue and take the note out"))
}

fn allow(line: &str) -> Option<(String, &'static str)> {
    let found = ALLOW.iter().find(|a| line.contains(**a))?;
    Some((
        format!("a bare {found}…)]"),
        "write #[expect(lint, reason = \"…\")]: it goes when its reason goes",
    ))
}

fn opening(file: &File, text: &str) -> Option<Complaint> {
    let fix = "say in its first lines what the file owns and what it leaves to others";
    // A module of tests belongs to the file beside it, which says what both are about.
    (!text.starts_with("//!") && !is_test(&file.path))
        .then(|| Complaint::new(format!("{}:1", file.path), "opens without //!", fix))
}

fn length(file: &File, text: &str) -> Option<Complaint> {
    let lines = text.lines().count();
    let what = format!("{lines} lines, more than {MOST_LINES}");
    let fix = "there is more than one idea in it: give each a file";
    (lines > MOST_LINES).then(|| Complaint::new(&file.path, what, fix))
}

/// Libraries return facts and emit events; only the edges print. Tests and doc examples may.
fn printing(file: &File, text: &str) -> Vec<Complaint> {
    if MAY_PRINT.iter().any(|p| file.path.starts_with(p)) || is_test(&file.path) {
        return Vec::new();
    }
    let library = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    each_line(file, library, |line| {
        let code = line.trim_start();
        let found = PRINTING.iter().find(|p| !code.starts_with("//") && code.contains(**p))?;
        Some((format!("a library that prints: {found}…)"), "return the fact, emit an Event, or use tracing"))
    })
}

fn is_test(path: &str) -> bool {
    path.ends_with("_tests.rs") || ["/tests/", "/examples/"].iter().any(|folder| path.contains(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(path: &str, text: &str) -> Vec<String> {
        let file = File { path: path.into(), bytes: text.len() as u64, text: Some(text.into()) };
        check(&file).into_iter().map(|c| c.place).collect()
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let unfinished = format!("//! x\n// {}: later\n", UNFINISHED[0]);
        let allow = format!("//! x\n{}dead_code)]\n", ALLOW[0]);
        let in_test = "//! x\n#[cfg(test)]\nmod tests {\n    println!(\"x\");\n}\n";
        let none: [&str; 0] = [];
        for (path, text, expected) in [
            ("crates/a/src/lib.rs", "//! x\nfn a() {}\n", &none[..]),
            ("crates/a/src/lib.rs", "fn a() {}\n", &["crates/a/src/lib.rs:1"]),
            ("crates/a/src/lib.rs", &unfinished, &["crates/a/src/lib.rs:2"]),
            ("xtask/a.py", UNFINISHED[1], &["xtask/a.py:1"]),
            ("crates/a/src/lib.rs", &allow, &["crates/a/src/lib.rs:2"]),
            ("crates/a/src/lib.rs", "//! x\n\n  println!(\"x\");\n", &["crates/a/src/lib.rs:3"]),
            ("crates/a/src/lib.rs", "//! x\n/// println!(\"x\");\n", &none),
            ("crates/a/src/lib.rs", in_test, &none),
            ("crates/a/src/a_tests.rs", "//! x\nprintln!();\n", &none),
            ("crates/cli/src/main.rs", "//! x\nprintln!();\n", &none),
            ("crates/a/src/lib.rs", &"//!\n".repeat(MOST_LINES + 1), &["crates/a/src/lib.rs"]),
        ] {
            assert_eq!(places(path, text), expected, "{path} {text:.40}");
        }
    }
}
