//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! A rule is a function from what is there to complaints; each says where, what, and what to do about it.

mod features;
mod files;
mod fixtures;
mod layers;
mod lock;
mod source;

use std::fmt;
use std::fs;

use crate::Result;
use crate::process;
use crate::root::root;

/// One thing that is not as the house has it.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    /// `path` or `path:line`.
    place: String,
    what: String,
    fix: &'static str,
}

impl Complaint {
    fn new(place: impl Into<String>, what: impl Into<String>, fix: &'static str) -> Self {
        Self { place: place.into(), what: what.into(), fix }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.what, self.fix)
    }
}

/// A file of the repository; `text` is None where it is no UTF-8.
struct File {
    /// From the workspace's root, with slashes.
    path: String,
    bytes: u64,
    text: Option<String>,
}

pub(crate) fn run() -> Result<()> {
    let files = repository()?;
    let mut complaints = layers::check(&layers::metadata()?);
    for file in &files {
        complaints.extend(files::check(file));
        complaints.extend(source::check(file));
    }
    complaints.extend(lock::check(&fs::read_to_string(root().join("Cargo.lock"))?));
    complaints.extend(fixtures::check(&files));
    complaints.extend(features::check()?);
    for complaint in &complaints {
        println!("{complaint}");
    }
    match complaints.len() {
        0 => println!("tidy: {} files, nothing to complain of", files.len()),
        n => return Err(format!("tidy: {n} things to mend").into()),
    }
    Ok(())
}

/// What git tracks or would track.
fn repository() -> Result<Vec<File>> {
    let mut git = process::command("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = process::text(&mut git)?;
    names.split('\0').filter(|name| !name.is_empty()).filter_map(|name| read(name).transpose()).collect()
}

/// None for what is listed and was deleted since.
fn read(name: &str) -> Result<Option<File>> {
    let path = root().join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(&path).map_err(|e| format!("failed to read {name}: {e}"))?;
    let size = bytes.len() as u64;
    Ok(Some(File { path: name.to_owned(), bytes: size, text: String::from_utf8(bytes).ok() }))
}
