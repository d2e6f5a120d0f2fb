//! The real program against a server: its answers, its JSON, and what the fixtures say about them.

use std::fs;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::checks::{ensure, equal};
use super::server::Endpoint;
use crate::Result;
use crate::earthcatalog;
use crate::process::shown;
use crate::root::root;

/// The bucket of the inventories; `objects.py` puts them there.
pub(super) const INVENTORIES: &str = "s3://inventories";
/// The ledger, without what a run finds out by itself.
const LEDGER: [&str; 8] =
    ["listed", "filtered", "known", "superseded", "rejected", "pending", "ingested", "rejected_by_reason"];

/// The program with a catalog of the server.
pub(super) struct Program<'a> {
    endpoint: &'a Endpoint,
    pub(super) catalog: &'a str,
}

/// What a run printed, and how it ended.
pub(super) struct Answer {
    command: String,
    pub(super) code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// A full run over an inventory of the fixtures that was as expected.
pub(super) struct Ingested {
    pub(super) items: u64,
    pub(super) rows: u64,
    pub(super) snapshot: i64,
    pub(super) report: Value,
}

impl<'a> Program<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, catalog: &'a str) -> Self {
        Self { endpoint, catalog }
    }

    /// Builds the program, so that a compiler's time is nobody's time limit.
    pub(super) fn build() -> Result<()> {
        crate::process::text(&mut earthcatalog::command(&["--version"])).map(|_| ())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = earthcatalog::command(args);
        command.args(["--catalog", self.catalog, "--quiet"]);
        self.endpoint.give_to(&mut command);
        command
    }

    /// Starts it; several may run at once.
    pub(super) fn start(&self, args: &[&str]) -> Result<Started> {
        let mut command = self.command(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.map_err(|e| format!("failed to start {}: {e}", shown(&command)))?;
        Ok(Started { command: shown(&command), child })
    }

    pub(super) fn run(&self, args: &[&str]) -> Result<Answer> {
        self.start(args)?.answer()
    }

    /// The document that `args` print with `--json`.
    pub(super) fn json(&self, args: &[&str]) -> Result<Value> {
        self.run(&[args, &["--json"]].concat())?.ended(0)?.json()
    }

    /// A full run over an inventory of the fixtures, its exit code and ledger compared with fixtures/expected.json.
    pub(super) fn ingest(&self, inventory: &str, more: &[&str]) -> Result<Ingested> {
        let expected = expected(inventory)?;
        let url = format!("{INVENTORIES}/{inventory}.parquet");
        let args = [&["ingest", &url, "--mode", "full", "--json"], more].concat();
        let code = i32::try_from(number(&expected, "exit_code")?)?;
        let report = self.run(&args)?.ended(code)?.json()?;
        for member in LEDGER {
            equal(&format!("{inventory}: {member}"), &report[member], &expected[member])?;
        }
        let snapshot = report["snapshot_id"].as_i64().ok_or("the report names no snapshot")?;
        ensure(number(&report, "rows")? >= number(&report, "ingested")?, "fewer rows than items")?;
        Ok(Ingested { items: number(&report, "ingested")?, rows: number(&report, "rows")?, snapshot, report })
    }
}

/// A run that is under way.
pub(super) struct Started {
    command: String,
    child: Child,
}

impl Started {
    /// Waits for its end.
    pub(super) fn answer(self) -> Result<Answer> {
        let output = self.child.wait_with_output()?;
        Ok(Answer {
            command: self.command,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

impl Answer {
    /// An error that shows what it said, if it ended otherwise.
    pub(super) fn ended(self, code: i32) -> Result<Self> {
        ensure(self.code == code, format!("expected exit code {code}: {self}"))?;
        Ok(self)
    }

    fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout).map_err(|e| format!("no JSON ({e}): {self}").into())
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "{command} ended with {code}\n{}\n{}", stdout.trim(), stderr.trim())
    }
}

/// What the fixtures say about a full run over an inventory.
fn expected(inventory: &str) -> Result<Value> {
    let all: Value = serde_json::from_str(&fs::read_to_string(root().join("fixtures/expected.json"))?)?;
    let one =
        all.get(inventory).ok_or_else(|| format!("fixtures/expected.json says nothing of {inventory}"))?;
    Ok(one.clone())
}

/// A member that is a whole number.
pub(super) fn number(object: &Value, member: &str) -> Result<u64> {
    object[member].as_u64().ok_or_else(|| format!("{member} is no number in {object}").into())
}
