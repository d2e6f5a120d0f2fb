//! The environment of pinned Python packages (boto3, moto, PyIceberg) and the scripts of `xtask/acceptance/`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::server::Endpoint;
use crate::Result;
use crate::process;
use crate::root::{root, target};

const SCRIPTS: &str = "xtask/acceptance";
const CANDIDATES: [&str; 5] = ["python3.12", "python3.13", "python3.14", "python3", "python3.11"];

/// An environment that is ready.
pub(super) struct Python {
    folder: PathBuf,
}

impl Python {
    /// Made anew when the pinned versions or the interpreter have changed.
    pub(super) fn ready() -> Result<Self> {
        let found = CANDIDATES.into_iter().find(|program| is_recent(program));
        let program = found.ok_or("acceptance needs Python 3.11 or later on PATH")?;
        let python = Self { folder: target().join("acceptance/venv") };
        let pinned = root().join(SCRIPTS).join("requirements.txt");
        let wanted = format!("{program}\n{}", fs::read_to_string(&pinned)?);
        let mark = python.folder.join("made-from");
        if !fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
            println!("making {}", python.folder.display());
            process::run(process::command(program).args(["-m", "venv", "--clear"]).arg(&python.folder))?;
            let mut pip = process::command(python.program("python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&pinned);
            process::run(&mut pip)?;
            fs::write(mark, wanted)?;
        }
        Ok(python)
    }

    /// A program of the environment.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Runs a script against a server; it prints its own lines.
    ///
    /// # Errors
    /// When it ends with anything but 0.
    pub(super) fn script(&self, endpoint: &Endpoint, args: &[&str]) -> Result<()> {
        process::run(&mut self.command(endpoint, args))
    }

    /// Runs a script against a server and takes what it prints.
    ///
    /// # Errors
    /// As [`Python::script`].
    pub(super) fn text(&self, endpoint: &Endpoint, args: &[&str]) -> Result<String> {
        process::text(&mut self.command(endpoint, args))
    }

    fn command(&self, endpoint: &Endpoint, args: &[&str]) -> Command {
        let mut command = process::command(self.program("python"));
        if let Some((script, rest)) = args.split_first() {
            command.arg(root().join(SCRIPTS).join(script)).args(rest);
        }
        endpoint.give_to(&mut command).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

fn is_recent(program: &str) -> bool {
    let ask = "import sys, venv; sys.exit(sys.version_info < (3, 11))";
    let status = Command::new(program).args(["-c", ask]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
