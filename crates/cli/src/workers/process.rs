//! One worker process and its pipes.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use earthcatalog::BulkTask;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::message::{Answer, Orders};
use super::share::Share;
use crate::args::value::Value;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::Settings;
use crate::settings::environment::Environment;

/// How long a worker may take to end its work when it is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How workers are started: all alike.
#[derive(Debug)]
pub(crate) struct Outfit {
    program: PathBuf,
    variables: Vec<(String, String)>,
    orders: String,
}

impl Outfit {
    /// Workers with the driver's settings, and each its share of the machine.
    pub(crate) fn new(settings: &Settings, share: Share) -> Result<Self> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(Exit::Failed, "cannot find the program itself").caused_by(&error)
        })?;
        let orders = Orders::new(settings.catalog()?, &settings.store.maps);
        let orders = serde_json::to_string(&orders).map_err(|error| {
            Failure::new(Exit::Failed, "cannot tell workers what to do").caused_by(&error)
        })?;
        Ok(Self { program, variables: variables(settings, share), orders })
    }
}

/// Every setting that a worker reads, as the variable that goes before the configuration file.
fn variables(settings: &Settings, share: Share) -> Vec<(String, String)> {
    let mut given = vec![
        ("anonymous", settings.store.anonymous.show()),
        ("log", settings.log.clone()),
        ("log-format", settings.log_format.show()),
        ("memory", share.memory.to_string()),
        ("concurrency", share.concurrency.to_string()),
        ("threads", share.threads.to_string()),
        ("unsafe-no-cas", settings.ingest.unsafe_no_cas.show()),
    ];
    given.extend(settings.store.timeout.map(|timeout| ("timeout", timeout.show())));
    let mut variables: Vec<(String, String)> =
        given.into_iter().map(|(key, value)| (Environment::name_of(key), value)).collect();
    let file = settings.file.as_deref().and_then(Path::to_str);
    variables.extend(file.map(|file| ("EARTHCATALOG_CONFIG".to_owned(), file.to_owned())));
    variables
}

/// A running worker. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a worker.
    pub(crate) async fn start(outfit: &Outfit) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Failed, format!("cannot start a worker: {}", outfit.program.display()))
                .caused_by(&error)
        };
        let mut command = Command::new(&outfit.program);
        command.args(["bulk", "worker"]).envs(outfit.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(Exit::Failed, "a worker has no pipes"));
        };
        let mut process = Self { child, input, output: BufReader::new(output).lines() };
        // Where it is dead already, the first task finds that out.
        let _ = process.line(&outfit.orders).await;
        Ok(process)
    }

    /// Hands it a task; false where it is dead.
    pub(crate) async fn give(&mut self, task: &BulkTask) -> bool {
        let Ok(line) = serde_json::to_string(task) else { return false };
        self.line(&line).await.is_ok()
    }

    async fn line(&mut self, line: &str) -> std::io::Result<()> {
        self.input.write_all(format!("{line}\n").as_bytes()).await?;
        self.input.flush().await
    }

    /// What it says next; None where it is dead, or says what nobody understands.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let line = self.output.next_line().await.ok().flatten()?;
        serde_json::from_str(&line).ok()
    }

    /// How it died. One that only talks nonsense does so now.
    pub(crate) async fn died(mut self) -> String {
        let ended = tokio::time::timeout(Duration::from_secs(1), self.child.wait()).await;
        let status = match ended {
            Ok(status) => status,
            Err(_) => {
                let _ = self.child.start_kill();
                return "did not speak as a worker does".to_owned();
            }
        };
        status.map_or_else(|error| error.to_string(), |status| how(&status))
    }

    /// Asks it to end, and sees to it that it does.
    pub(crate) async fn end(mut self) {
        drop(self.input);
        // It may be in the middle of a line; what it still says is of no interest.
        drop(self.output);
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

#[cfg(unix)]
fn how(status: &ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(9) => "was killed by signal 9, as the system does where memory is short".to_owned(),
        Some(signal) => format!("was killed by signal {signal}"),
        None => code(status),
    }
}

#[cfg(not(unix))]
fn how(status: &ExitStatus) -> String {
    code(status)
}

fn code(status: &ExitStatus) -> String {
    status.code().map_or_else(|| "ended".to_owned(), |code| format!("ended with exit code {code}"))
}
