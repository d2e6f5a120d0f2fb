//! A store that ignores conditional PUTs: the catalog refuses it at its first write and leaves nothing there.

use super::checks::{Checks, ensure};
use super::program::{INVENTORIES, Program};
use super::python::Python;
use super::server::Endpoint;
use crate::Result;

const BUCKET: &str = "catalog";
const CATALOG: &str = "s3://catalog/some/prefix";
const SAID: [&str; 2] = ["conditional", "--unsafe-no-cas"];

pub(super) fn check(python: &Python, endpoint: &Endpoint, checks: &mut Checks) {
    checks.check("an ingest is refused", refused(endpoint));
    checks.check("and leaves nothing behind", nothing(python, endpoint));
}

fn refused(endpoint: &Endpoint) -> Result<String> {
    let url = format!("{INVENTORIES}/inventory.parquet");
    let answer = Program::new(endpoint, CATALOG).run(&["ingest", &url, "--mode", "full"])?.ended(1)?;
    ensure(
        SAID.iter().all(|word| answer.stderr.contains(word)),
        format!("it does not say {SAID:?}: {answer}"),
    )?;
    Ok(answer.stderr.trim().replace('\n', " / "))
}

fn nothing(python: &Python, endpoint: &Endpoint) -> Result<String> {
    let keys = python.text(endpoint, &["objects.py", "keys", BUCKET])?;
    ensure(keys.is_empty(), keys.lines().collect::<Vec<_>>().join(", "))?;
    Ok(String::new())
}
