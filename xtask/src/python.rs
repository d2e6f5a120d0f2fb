//! Python: which one there is, and environments of pinned packages made with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::process;
use crate::root::{root, target};

/// An interpreter.
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) version: (u32, u32),
}

/// What every script needs.
pub(crate) const OLDEST: (u32, u32) = (3, 11);

/// The one that was named; else the first that is as new as wanted; else the first that is new enough.
///
/// # Errors
/// When there is none.
pub(crate) fn find(named: Option<&Path>, wanted: (u32, u32)) -> Result<Python> {
    let candidates = named.map_or_else(candidates, |path| vec![path.to_path_buf()]);
    let found: Vec<Python> = candidates.into_iter().filter_map(version_of).collect();
    let best = found.iter().position(|p| p.version >= wanted);
    let best = best.or_else(|| found.iter().position(|p| p.version >= OLDEST));
    best.and_then(|i| found.into_iter().nth(i))
        .ok_or_else(|| "there is no Python 3.11 or later on PATH".into())
}

fn candidates() -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from("python3.12")];
    all.extend(pyenv("3.12"));
    all.extend(["python3.13", "python3", "python3.11"].map(PathBuf::from));
    all.extend(pyenv("3.11"));
    all
}

/// pyenv's interpreters of a version; its shims on PATH refuse to run what is not switched on.
fn pyenv(version: &str) -> Vec<PathBuf> {
    let Some(home) = std::env::home_dir() else { return Vec::new() };
    let Ok(folders) = fs::read_dir(home.join(".pyenv/versions")) else { return Vec::new() };
    let of_version =
        |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(version));
    folders.flatten().map(|f| f.path()).filter(of_version).map(|path| path.join("bin/python")).collect()
}

/// None if it does not run.
fn version_of(program: PathBuf) -> Option<Python> {
    let ask = "import sys; print(*sys.version_info[:2])";
    let output = Command::new(&program).args(["-c", ask]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some(Python { version: (major.parse().ok()?, minor.parse().ok()?), program })
}

impl Python {
    /// The interpreter of `target/<task>/venv`, where the pinned packages are; made anew when these or the interpreter have
    /// changed.
    ///
    /// # Errors
    /// When the packages cannot be installed.
    pub(crate) fn environment(&self, task: &str, pinned: &[&str]) -> Result<PathBuf> {
        let folder = target().join(task).join("venv");
        let program = folder.join("bin/python");
        let texts =
            pinned.iter().map(|p| fs::read_to_string(root().join(p))).collect::<std::io::Result<String>>()?;
        let wanted = format!("{} {:?}\n{texts}", self.program.display(), self.version);
        let mark = folder.join("made-from");
        if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
            return Ok(program);
        }
        println!("making {}", folder.display());
        process::run(process::command(&self.program).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = process::command(&program);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(pinned.iter().flat_map(|p| ["-r", *p]));
        process::run(&mut pip)?;
        fs::write(mark, wanted)?;
        Ok(program)
    }
}
