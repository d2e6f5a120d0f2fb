//! moto's server (PyPI): for semantics. It answers some 250 requests a second.

use std::path::Path;
use std::time::Duration;

use super::python::Python;
use super::server::{Endpoint, Process, Running, free_port};
use crate::Result;
use crate::process;

const START: Duration = Duration::from_secs(60);

/// Starts it; it is in the environment that the scripts need anyway.
pub(super) fn start(python: &Python, folder: &Path) -> Result<Running> {
    let port = free_port()?;
    let mut command = process::command(python.program("moto_server"));
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let mut server = Process::start(&mut command, &folder.join("moto.log"))?;
    server.answers_at(port, START)?;
    let version = "import importlib.metadata as m; print('moto', m.version('moto'))";
    let version = process::text(process::command(python.program("python")).args(["-c", version]))?;
    Ok(Running {
        endpoint: Endpoint { port, access_key: "acceptance", secret_key: "acceptance-secret" },
        version: version.trim().to_owned(),
        _processes: vec![server],
    })
}
