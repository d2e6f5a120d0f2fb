//! One Arrow, one Parquet, one object_store: two of them do not share a type, and the build says so in a hundred errors.

use super::Complaint;

/// What the lock file may hold one version of.
const ONE_VERSION: [&str; 4] = ["arrow-array", "arrow-schema", "parquet", "object_store"];

const FIX: &str = "the ring moves together or not at all: `cargo tree -d` shows who asks for the other";

/// Reads a Cargo.lock line by line; its format has a `name` line and a `version` line in each entry.
pub(super) fn check(lock: &str) -> Vec<Complaint> {
    ONE_VERSION.iter().filter_map(|library| count(lock, library)).collect()
}

fn count(lock: &str, library: &str) -> Option<Complaint> {
    let wanted = format!("name = \"{library}\"");
    let entries = lock.lines().enumerate().filter(|(_, line)| *line == wanted);
    let lines: Vec<usize> = entries.map(|(i, _)| i + 1).collect();
    match lines.as_slice() {
        [_] => None,
        [] => Some(Complaint::new("Cargo.lock", format!("{library} is not there"), FIX)),
        [_, second, ..] => {
            let what = format!("{} versions of {library}", lines.len());
            Some(Complaint::new(format!("Cargo.lock:{second}"), what, FIX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_library_are_one_too_many() {
        let one =
            ONE_VERSION.map(|l| format!("[[package]]\nname = \"{l}\"\nversion = \"58.4.0\"\n")).concat();
        assert_eq!(check(&one), []);
        let two = format!("{one}[[package]]\nname = \"parquet\"\nversion = \"60.0.0\"\n");
        assert_eq!(
            check(&two).iter().map(|c| c.what.as_str()).collect::<Vec<_>>(),
            ["2 versions of parquet"]
        );
        assert_eq!(check("").len(), 4);
    }
}
