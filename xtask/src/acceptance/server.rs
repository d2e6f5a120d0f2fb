//! Servers as child processes: started with a log, waited for, stopped by their own id when dropped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::shown;

const PAUSE: Duration = Duration::from_millis(100);
/// Lines of a log that an error shows.
const SHOWN: usize = 12;

/// A server that runs; it stops when this is dropped.
pub(super) struct Running {
    pub(super) endpoint: Endpoint,
    /// What it is, with its version.
    pub(super) version: String,
    /// Held for their end: each is stopped when dropped.
    pub(super) _processes: Vec<Process>,
}

/// Where a server answers, and the keys it knows: made up here, good for nothing else.
pub(super) struct Endpoint {
    pub(super) port: u16,
    pub(super) access_key: &'static str,
    pub(super) secret_key: &'static str,
}

impl Endpoint {
    /// Lets a program find this server, and no other by what the environment says.
    pub(super) fn give_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port))
            .env("AWS_ACCESS_KEY_ID", self.access_key)
            .env("AWS_SECRET_ACCESS_KEY", self.secret_key)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ALLOW_HTTP", "true")
            .env("NO_PROXY", Ipv4Addr::LOCALHOST.to_string())
    }
}

/// A child process and its log; killed and waited for when dropped.
pub(super) struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts it; stdout and stderr go to the log.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let child = to_log(command, log)?.spawn();
        let child = child.map_err(|e| format!("failed to start {}: {e}", shown(command)))?;
        Ok(Self { child, name: shown(command), log: log.to_path_buf() })
    }

    /// Waits until something answers in HTTP at the port.
    ///
    /// # Errors
    /// When the process ends before, or the time is over.
    pub(super) fn answers_at(&mut self, port: u16, limit: Duration) -> Result<()> {
        let begun = Instant::now();
        while !speaks_http(port) {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.error(&format!("ended with {status}")));
            }
            if begun.elapsed() > limit {
                return Err(self.error(&format!("did not answer within {} s", limit.as_secs())));
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    /// Waits for its end.
    fn ends_within(&mut self, limit: Duration) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.error(&format!("ended with {status}"))),
                None if begun.elapsed() > limit => {
                    return Err(self.error(&format!("did not end within {} s", limit.as_secs())));
                }
                None => sleep(PAUSE),
            }
        }
    }

    fn error(&self, what: &str) -> Box<dyn std::error::Error + Send + Sync> {
        format!("{} {what}\n{}", self.name, tail(&self.log)).into()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end; stdout and stderr go to the log, its last lines into the error.
///
/// # Errors
/// When it cannot be started, ends with anything but 0, or does not end in time (it is then stopped).
pub(super) fn run(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    Process::start(command, log)?.ends_within(limit)
}

fn to_log<'a>(command: &'a mut Command, log: &Path) -> Result<&'a mut Command> {
    let file = File::options().create(true).append(true).open(log)?;
    Ok(command.stdin(Stdio::null()).stderr(file.try_clone()?).stdout(file))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

/// True if there is such a program and it starts.
pub(super) fn runs(program: &str, arg: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(arg).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A port of the loopback interface that nobody has at this moment.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn speaks_http(port: u16) -> bool {
    let ask = || -> std::io::Result<[u8; 5]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer == *b"HTTP/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_log_and_a_process_that_hangs_is_stopped() -> Result<()> {
        let log = std::env::temp_dir().join(format!("acceptance-{}.log", std::process::id()));
        let failed =
            run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), &log, Duration::from_secs(20));
        let text = failed.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text.contains("exit status: 3") && text.ends_with("why"), "{text}");
        let begun = Instant::now();
        assert!(run(Command::new("sleep").arg("60"), &log, Duration::from_millis(200)).is_err());
        assert!(begun.elapsed() < Duration::from_secs(30));
        Ok(fs::remove_file(log)?)
    }
}
