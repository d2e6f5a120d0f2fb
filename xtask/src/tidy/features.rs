//! A build of the workspace and one of its tests take every dependency with the same features, so that it is built once.
//!
//! Dependencies for tests alone can turn on a feature deep down, and everything above it is then built a second time: on a
//! cold machine that is a quarter of an hour.

use std::collections::BTreeMap;

use super::Complaint;
use crate::Result;
use crate::process;

const FIX: &str =
    "turn the features on in the normal [dependencies] of an edge (xtask/Cargo.toml), for their own sake";

/// Packages with their features, as `cargo tree` prints them for these kinds of dependencies.
fn tree(kinds: &str) -> Result<String> {
    let mut cargo = process::cargo();
    cargo.args(["tree", "--workspace", "--locked", "--prefix", "none", "-f", "{p} [{f}]", "-e", kinds]);
    process::text(&mut cargo)
}

pub(super) fn check() -> Result<Vec<Complaint>> {
    Ok(compare(&tree("normal,build")?, &tree("normal,build,dev")?))
}

fn compare(build: &str, tests: &str) -> Vec<Complaint> {
    let (build, tests) = (packages(build), packages(tests));
    let differ = build.iter().filter_map(|(package, features)| {
        let others = tests.get(package).filter(|others| *others != features)?;
        let what = format!("{package} is built twice: with [{features}], and for tests with [{others}]");
        Some(Complaint::new("Cargo.toml", what, FIX))
    });
    differ.collect()
}

/// Name and version, and the features of each.
fn packages(tree: &str) -> BTreeMap<&str, &str> {
    let lines = tree.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.filter_map(|line| line.strip_suffix(']')?.split_once(" [")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_differences_count() {
        let build = "a v1.0.0 [std]\nb v2.0.0 []\nb v2.0.0 [] (*)\n";
        assert_eq!(compare(build, "a v1.0.0 [std]\nb v2.0.0 []\nc v1.0.0 [x]\n"), []);
        assert_eq!(compare(build, "a v1.0.0 [default,std]\nb v2.0.0 []\n").len(), 1);
    }
}
