//! `benches/results/<date>-<job>.json`: what was measured, where, and of which commit, with every run's raw figures.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::machine::{Commit, Machine};
use crate::Result;
use crate::root::{root, target};

const RESULTS: &str = "benches/results";

/// The document. Time is in seconds, memory and sizes in bytes.
#[derive(Serialize)]
pub(super) struct Record<'a, F: Serialize> {
    #[serde(serialize_with = "seconds")]
    pub(super) measured: DateTime<Utc>,
    pub(super) machine: &'a Machine,
    pub(super) commit: &'a Commit,
    /// What the job measured.
    #[serde(flatten)]
    pub(super) figures: F,
}

fn seconds<S: serde::Serializer>(at: &DateTime<Utc>, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(&time(at))
}

/// A time as records show it.
pub(super) fn time(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl<F: Serialize> Record<'_, F> {
    /// Writes it under a name that is not taken, and returns its path from the workspace's root.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, job: &str) -> Result<PathBuf> {
        write(job, &self.measured, self)
    }
}

/// Writes a record of a job under a name that is not taken, and returns its path from the workspace's root.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write<T: Serialize>(job: &str, measured: &DateTime<Utc>, record: &T) -> Result<PathBuf> {
    let date = measured.format("%Y-%m-%d").to_string();
    let path = free_name(&date, job, |path| root().join(path).exists());
    fs::create_dir_all(root().join(RESULTS))?;
    let text = without_machine(&serde_json::to_string_pretty(record)?, &target(), &root());
    fs::write(root().join(&path), text + "\n")?;
    Ok(path)
}

/// A record with the folders of this machine as another would name them: reports hold the paths that a run was given.
fn without_machine(text: &str, target: &Path, root: &Path) -> String {
    text.replace(&*target.to_string_lossy(), "target").replace(&*root.to_string_lossy(), ".")
}

/// The day's first name that is not taken: nothing recorded is lost by another run.
fn free_name(date: &str, job: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let mut path = Path::new(RESULTS).join(format!("{date}-{job}.json"));
    for number in 2.. {
        if !taken(&path) {
            break;
        }
        path.set_file_name(format!("{date}-{job}-{number}.json"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_no_folder_of_the_machine() {
        let text = r#"{"catalog": "/a/b/target/bench/0", "inventory": "/a/b/fixtures/inventory.csv"}"#;
        let expected = r#"{"catalog": "target/bench/0", "inventory": "./fixtures/inventory.csv"}"#;
        assert_eq!(without_machine(text, Path::new("/a/b/target"), Path::new("/a/b")), expected);
    }

    #[test]
    fn a_second_record_of_a_day_gets_a_name_of_its_own() {
        let first = Path::new("benches/results/2026-01-02-ingest.json");
        assert_eq!(free_name("2026-01-02", "ingest", |_| false), first);
        assert_eq!(
            free_name("2026-01-02", "ingest", |path| path == first),
            Path::new("benches/results/2026-01-02-ingest-2.json")
        );
    }
}
