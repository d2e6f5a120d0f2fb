//! Other programs, run from the workspace's folder.

use std::ffi::OsStr;
use std::process::{Command, Output};

use crate::Result;
use crate::root::root;

/// What cargo tells the program that it runs about its package. A build script of a dependency (ring's) runs again where
/// these have changed, and all that is built on it is built again: minutes, at every turn from cargo to us and back.
const OF_OUR_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// A command that starts in the workspace's folder, as if from a shell.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if OF_OUR_PACKAGE.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command
}

/// cargo, the one that started us where there is one.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs it with our own stdout and stderr.
///
/// # Errors
/// When it cannot be started or exits with anything but 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|e| format!("failed to start {}: {e}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command)).into()) }
}

/// Runs it and takes what it writes to stdout; stderr goes to ours. The exit code is the caller's to judge.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    command.stderr(std::process::Stdio::inherit());
    command.output().map_err(|e| format!("failed to start {}: {e}", shown(command)).into())
}

/// Runs it and takes its stdout as text.
///
/// # Errors
/// When it cannot be started, exits with anything but 0, or writes what is no UTF-8.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command line as a person would write it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
