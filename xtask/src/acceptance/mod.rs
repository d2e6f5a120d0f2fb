//! `cargo xtask acceptance`: the main job against S3 servers that no one here wrote.
//!
//! Ceph's RGW and moto keep what they promise about conditional PUTs, s3rver does not; each is installed, started on a
//! port of the loopback interface, asked about itself by a script without our code, then given to the real program, and
//! stopped. Everything lies under `target/acceptance/`.

mod ceph;
mod checks;
mod job;
mod moto;
mod program;
mod python;
mod race;
mod refusal;
mod s3rver;
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::root::target;
use checks::Checks;
use program::Program;
use python::Python;
use server::Running;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run against this server alone; repeatable. All if not given.
    #[arg(long = "server")]
    servers: Vec<Server>,
    /// Pass over a server that cannot be installed here, instead of failing.
    #[arg(long)]
    skip_missing: bool,
    /// Check the servers themselves and stop: the program is not built.
    #[arg(long)]
    servers_only: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Server {
    Ceph,
    Moto,
    S3rver,
}

impl Server {
    const ALL: [Self; 3] = [Self::Ceph, Self::Moto, Self::S3rver];

    fn name(self) -> &'static str {
        match self {
            Self::Ceph => "ceph",
            Self::Moto => "moto",
            Self::S3rver => "s3rver",
        }
    }

    fn keeps_conditions(self) -> bool {
        self != Self::S3rver
    }

    fn install(self, folder: &Path) -> Result<()> {
        match self {
            Self::Ceph => ceph::install(folder),
            Self::Moto => Ok(()),
            Self::S3rver => s3rver::install(),
        }
    }

    fn start(self, python: &Python, folder: &Path) -> Result<Running> {
        match self {
            Self::Ceph => ceph::start(folder),
            Self::Moto => moto::start(python, folder),
            Self::S3rver => s3rver::start(folder),
        }
    }
}

/// What came of a server: its line in the summary.
enum Outcome {
    Held(String),
    Skipped(String),
    Failed(String),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let python = Python::ready()?;
    if !args.servers_only {
        Program::build()?;
    }
    let servers = if args.servers.is_empty() { &Server::ALL[..] } else { &args.servers };
    let outcomes: Vec<Outcome> = servers.iter().map(|server| outcome(*server, &python, args)).collect();
    println!();
    for outcome in &outcomes {
        let (word, line) = match outcome {
            Outcome::Held(line) => ("ok  ", line),
            Outcome::Skipped(line) => ("skip", line),
            Outcome::Failed(line) => ("FAIL", line),
        };
        println!("{word} {line}");
    }
    let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} servers failed", outcomes.len()).into()) }
}

fn outcome(server: Server, python: &Python, args: &Args) -> Outcome {
    let name = server.name();
    let folder = match folder(server) {
        Ok(folder) => folder,
        Err(error) => return Outcome::Failed(format!("{name}: {error}")),
    };
    println!("\n-- {name}");
    if let Err(error) = server.install(&folder) {
        // Stays if the installer's log is in it.
        let _ = fs::remove_dir(&folder);
        let line = format!("{name}: cannot be installed: {error}");
        return if args.skip_missing { Outcome::Skipped(line) } else { Outcome::Failed(line) };
    }
    let logs = format!("logs in {}", folder.display());
    match accept(server, python, args, &folder) {
        Err(error) => Outcome::Failed(format!("{name}: {error}\n     {logs}")),
        Ok(checks) if checks.all_held() => {
            // What is left of it says nothing more; if it cannot be deleted, it is in nobody's way.
            let _ = fs::remove_dir_all(&folder);
            Outcome::Held(checks.summary())
        }
        Ok(checks) => Outcome::Failed(format!("{}\n     {logs}", checks.summary())),
    }
}

/// Starts the server, checks, and stops it.
fn accept(server: Server, python: &Python, args: &Args, folder: &Path) -> Result<Checks> {
    let running = server.start(python, folder)?;
    let endpoint = &running.endpoint;
    println!("{} at 127.0.0.1:{}", running.version, endpoint.port);
    let mut checks = Checks::of(server.name());
    let (word, what) = match server.keeps_conditions() {
        true => ("holds", "its conditional PUT holds"),
        false => ("ignored", "its conditional PUT does not hold"),
    };
    checks.check(what, python.script(endpoint, &["conditional.py", word]).map(|()| String::new()));
    if args.servers_only {
        return Ok(checks);
    }
    let uploaded = python.text(endpoint, &["objects.py", "upload"]);
    checks.check("fixtures put there", uploaded.map(|text| text.trim().to_owned()));
    if server.keeps_conditions() {
        job::check(python, endpoint, &mut checks);
    } else {
        refusal::check(python, endpoint, &mut checks);
    }
    Ok(checks)
}

/// A new folder for what a server keeps and says; of this process alone.
fn folder(server: Server) -> Result<PathBuf> {
    let folder = target().join(format!("acceptance/{}-{}", server.name(), std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
