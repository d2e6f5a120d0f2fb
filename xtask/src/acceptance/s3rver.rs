//! s3rver (npm): a store that takes no notice of `If-Match` and `If-None-Match`, the negative case.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::server::{self, Endpoint, Process, Running, free_port};
use crate::Result;
use crate::process;
use crate::root::target;

const PINNED: &str = "s3rver@3.7.1";
const INSTALL: Duration = Duration::from_secs(300);
const START: Duration = Duration::from_secs(60);
/// The only account that it knows; the secret is the same word.
const KEY: &str = "S3RVER";

/// Installs it from npm where it is not yet.
pub(super) fn install() -> Result<()> {
    let folder = npm();
    let mark = folder.join("made-from");
    if fs::read_to_string(&mark).is_ok_and(|made| made == PINNED) {
        return Ok(());
    }
    if !server::runs("node", "--version") || !server::runs("npm", "--version") {
        return Err("s3rver needs node and npm on PATH".into());
    }
    println!("installing {PINNED} into {}", folder.display());
    fs::create_dir_all(&folder)?;
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--prefix", ".", PINNED]);
    server::run(&mut npm, &folder.join("npm.log"), INSTALL)?;
    Ok(fs::write(mark, PINNED)?)
}

/// Starts it on an empty folder.
pub(super) fn start(folder: &Path) -> Result<Running> {
    let port = free_port()?;
    let objects = folder.join("objects");
    fs::create_dir_all(&objects)?;
    let mut command = process::command("node");
    command.arg(npm().join("node_modules/s3rver/bin/s3rver.js")).arg("-d").arg(&objects);
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
    let mut server = Process::start(&mut command, &folder.join("s3rver.log"))?;
    server.answers_at(port, START)?;
    Ok(Running {
        endpoint: Endpoint { port, access_key: KEY, secret_key: KEY },
        version: PINNED.replace('@', " "),
        _processes: vec![server],
    })
}

fn npm() -> PathBuf {
    target().join("acceptance/npm")
}
