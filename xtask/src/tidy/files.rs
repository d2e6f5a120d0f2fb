//! Rules for files of any kind: size, paths of somebody's machine, manifests that take the workspace's lints.

use super::{Complaint, File};

const MOST_BYTES: u64 = 1024 * 1024;

/// Folders that are on one machine only. In pieces, so that this file does not complain of itself.
const MACHINE: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/"), concat!("/ho", "me/")];
const TEMPORARY: &str = concat!("/tm", "p/");

pub(super) fn check(file: &File) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    complaints.extend(size(file));
    let Some(text) = file.text.as_deref() else { return complaints };
    if !file.path.ends_with(".lock") {
        complaints.extend(text.lines().enumerate().filter_map(|(i, line)| machine(file, i + 1, line)));
    }
    complaints.extend(lints(file, text));
    complaints
}

fn size(file: &File) -> Option<Complaint> {
    let what = format!("{} KiB, more than {}", file.bytes / 1024, MOST_BYTES / 1024);
    (file.bytes > MOST_BYTES)
        .then(|| Complaint::new(&file.path, what, "generate it, or keep it out of the repository"))
}

fn machine(file: &File, number: usize, line: &str) -> Option<Complaint> {
    let found = MACHINE.iter().find(|p| starts_a_path(line, p)).copied().or_else(|| {
        let below = line.split(TEMPORARY).nth(1).unwrap_or("");
        let folder =
            below.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).next().unwrap_or("");
        let deeper =
            !folder.is_empty() && below.get(folder.len()..).is_some_and(|rest| rest.starts_with('/'));
        (starts_a_path(line, TEMPORARY) && deeper).then_some(TEMPORARY)
    })?;
    let what = format!("a path of one machine: {found}…");
    let fix = "write a path from the repository's root, or one that the test makes";
    Some(Complaint::new(format!("{}:{number}", file.path), what, fix))
}

/// True if the path is in the line and nothing that belongs to it stands before.
fn starts_a_path(line: &str, path: &str) -> bool {
    let before = |at: usize| line.get(..at).and_then(|b| b.chars().next_back());
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '>' | '~' | '*');
    line.match_indices(path).any(|(at, _)| !before(at).is_some_and(part))
}

fn lints(file: &File, text: &str) -> Option<Complaint> {
    let is_crate = file.path.ends_with("/Cargo.toml");
    let takes = || {
        let manifest: toml::Table = text.parse().ok()?;
        manifest.get("lints")?.get("workspace")?.as_bool()
    };
    let fix = "add [lints] workspace = true";
    (is_crate && takes() != Some(true))
        .then(|| Complaint::new(&file.path, "goes without the workspace's lints", fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&File { path: path.into(), bytes: text.len() as u64, text: Some(text.into()) }).len()
    }

    #[test]
    fn paths_of_a_machine_are_found_and_others_are_not() {
        for (line, expected) in [
            (format!("see {}main/x", MACHINE[0]), 1),
            (format!("\"{}x\"", MACHINE[3]), 1),
            (format!("s3://bucket{}x", MACHINE[0]), 0),
            (format!("open {}abc/x", TEMPORARY), 1),
            (format!("a file in {}", TEMPORARY), 0),
            (format!("{}Abc", TEMPORARY), 0),
            ("target/debug".to_owned(), 0),
        ] {
            assert_eq!(count("docs/x.md", &line), expected, "{line}");
        }
        assert_eq!(count("Cargo.lock", MACHINE[0]), 0);
    }

    #[test]
    fn crates_take_the_lints_of_the_workspace() {
        assert_eq!(count("crates/a/Cargo.toml", "[lints]\nworkspace = true\n"), 0);
        assert_eq!(count("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"), 1);
        assert_eq!(count("Cargo.toml", "[workspace]\n"), 0);
    }

    #[test]
    fn large_files_are_found_even_if_they_are_no_text() {
        assert_eq!(check(&File { path: "x.parquet".into(), bytes: MOST_BYTES + 1, text: None }).len(), 1);
    }
}
