//! Where and of what a figure was measured: the machine and the commit.

use std::fs;

use serde::Serialize;

use crate::Result;
use crate::process;

/// The machine; empty or 0 where the system does not tell.
#[derive(Serialize)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) memory_bytes: u64,
    pub(super) kernel: String,
}

/// The state of the repository.
#[derive(Serialize)]
pub(super) struct Commit {
    pub(super) id: String,
    /// True if something was changed since.
    pub(super) dirty: bool,
}

/// The machine at hand, by Linux's `/proc`.
pub(super) fn machine() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let kib =
        field(&read("/proc/meminfo"), "MemTotal").and_then(|v| v.strip_suffix(" kB")?.parse::<u64>().ok());
    Machine {
        cpu: field(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, Into::into),
        memory_bytes: kib.unwrap_or(0) * 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    }
}

/// The value of the first line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    fields
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, v)| v.to_owned())
}

/// The load average of the last minute, by Linux's `/proc`; 0 where the system does not tell.
pub(super) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// The commit that is checked out.
///
/// # Errors
/// When git does not tell.
pub(super) fn commit() -> Result<Commit> {
    let git = |args: &[&str]| process::text(process::command("git").args(args));
    let id = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    Ok(Commit { id, dirty: !git(&["status", "--porcelain"])?.trim().is_empty() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: A CPU: 2 GHz\nMemTotal:       16 kB\n";
        assert_eq!(field(text, "model name").as_deref(), Some("A CPU: 2 GHz"));
        assert_eq!(field(text, "MemTotal").as_deref(), Some("16 kB"));
        assert_eq!(field(text, "cores"), None);
    }
}
