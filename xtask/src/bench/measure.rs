//! What a program costs, as the kernel accounts for it when the program ends.

use std::fmt;
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::process;

/// `os.wait4` gives what no safe call of Rust's gives: the resources of one child.
const SCRIPT: &str = include_str!("measure.py");

/// Time in seconds, memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) user: f64,
    pub(crate) system: f64,
    /// The most that was resident at once.
    pub(crate) peak_rss: u64,
}

impl Cost {
    /// User and system together.
    pub(crate) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = self.peak_rss as f64 / 1e6;
        write!(f, "{:.2} s, CPU {:.2} + {:.2} s, {mb:.0} MB", self.wall, self.user, self.system)
    }
}

/// The last line of the script.
#[derive(Deserialize)]
struct Ended {
    #[serde(flatten)]
    cost: Cost,
    code: i32,
}

/// Runs a command that prints one JSON document, and returns the document and what the command cost. Settings of
/// earthcatalog's in the environment are kept from it.
///
/// # Errors
/// When it cannot be started, ends with anything but 0, or prints no JSON document.
pub(crate) fn measured(command: &Command) -> Result<(Value, Cost)> {
    measure(command, process::command("python3"))
}

/// True where a program can be bound to cores.
pub(crate) const BINDS_CORES: bool = cfg!(target_os = "linux");

/// As [`measured`], with one of the machine's cores for the command and all that it starts.
///
/// # Errors
/// As [`measured`]; where a program [cannot](BINDS_CORES) be bound to a core.
pub(crate) fn measured_on_one_core(command: &Command) -> Result<(Value, Cost)> {
    let mut python = process::command("python3");
    python.env("MEASURED_ON_CORES", "1");
    measure(command, python)
}

fn measure(command: &Command, mut python: Command) -> Result<(Value, Cost)> {
    python.arg("-c").arg(SCRIPT).arg(command.get_program()).args(command.get_args());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EARTHCATALOG_") {
            python.env_remove(name);
        }
    }
    let text =
        process::text(&mut python).map_err(|e| format!("{} could not be measured: {e}", shown(command)))?;
    read(&text).map_err(|e| format!("{}: {e}", shown(command)).into())
}

fn shown(command: &Command) -> String {
    process::shown(command)
}

/// The document, and the line below it.
fn read(text: &str) -> Result<(Value, Cost)> {
    let (document, last) = text.trim_end().rsplit_once('\n').ok_or("it printed nothing")?;
    let ended: Ended = serde_json::from_str(last)?;
    if ended.code != 0 {
        return Err(format!("it ended with {}: {document}", ended.code).into());
    }
    let document = serde_json::from_str(document).map_err(|e| format!("it printed no JSON: {e}"))?;
    Ok((document, ended.cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_cost_and_a_failure_is_an_error() -> Result<()> {
        let cost = |code| {
            format!(r#"{{"wall": 2.0, "user": 0.5, "system": 0.25, "peak_rss": 1024, "code": {code}}}"#)
        };
        let (document, read_cost) = read(&format!("{{\n\"files\": 3}}\n\n{}\n", cost(0)))?;
        assert_eq!((document["files"].as_u64(), read_cost.cpu(), read_cost.peak_rss), (Some(3), 0.75, 1024));
        assert!(read(&format!("{{}}\n\n{}", cost(1))).is_err());
        assert!(read(&format!("no JSON\n\n{}", cost(0))).is_err());
        assert!(read("").is_err());
        Ok(())
    }

    #[test]
    fn a_program_is_measured() -> Result<()> {
        let mut command = Command::new("echo");
        let (document, cost) = measured(command.arg("[1]"))?;
        assert_eq!(document, serde_json::json!([1]));
        assert!(cost.wall > 0.0 && cost.peak_rss > 100_000);
        assert!(measured(&Command::new("false")).is_err());
        Ok(())
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_core_of_its_own_is_one() -> Result<()> {
        assert_eq!(measured_on_one_core(&Command::new("nproc"))?.0, serde_json::json!(1));
        Ok(())
    }
}
