//! The main job: an inventory and items in buckets of the server, a catalog in another, and every question asked of it.

use std::fs;

use earthcatalog_model::Json;
use serde_json::Value;

use super::checks::{Checks, ensure, equal};
use super::program::{Ingested, Program, number};
use super::python::Python;
use super::race;
use super::server::Endpoint;
use crate::Result;
use crate::root::root;

const BUCKET: &str = "catalog";
const PREFIX: &str = "some/prefix/";
const CATALOG: &str = "s3://catalog/some/prefix";
/// One of each collection, the newer of two, and odd ones.
const ITEMS: [&str; 8] = [
    "velocity_image_pair/landsatETM/v02/N30E080/LE07_L1TP_039001_20010925_20260701_02_T1_X_LE07_L1TP_039001_20011230_20260701_02_T1_G0120V02_P006.stac.json",
    "landsat/2013/051/114/LC08_L2SP_051114_20130804_02_T1_SR.stac.json",
    "sentinel-2/05/V/2016/S2_05VGM_20160612_7_L2A.stac.json",
    "duplicate/newer.stac.json",
    "odd/around-south-pole.stac.json",
    "odd/across-180-jumping.stac.json",
    "odd/hole.stac.json",
    "odd/three-dimensions.stac.json",
];

/// Runs it and the questions.
pub(super) fn check(python: &Python, endpoint: &Endpoint, checks: &mut Checks) {
    let program = Program::new(endpoint, CATALOG);
    let first = program.ingest("inventory", &[]);
    let Some(first) = told(checks, "a full run over s3://", first) else { return };
    questions(&program, &first, checks);
    checks.check("what lies at the base", layout(python, endpoint));
    checks.check("PyIceberg reads it", pyiceberg(python, endpoint, &first, 1));
    let second = program.ingest("inventory-all", &[]).and_then(|second| replaced(&first, second));
    if let Some(second) = told(checks, "a second full run, with bad objects, replaces it", second) {
        questions(&program, &second, checks);
        checks.check("PyIceberg reads it: two snapshots", pyiceberg(python, endpoint, &second, 2));
    }
    race::check(endpoint, checks);
}

/// Counts the run as a check and hands it on if it was one that held.
fn told(checks: &mut Checks, what: &str, run: Result<Ingested>) -> Option<Ingested> {
    match run {
        Ok(run) => {
            let Ingested { items, rows, report, .. } = &run;
            let detail = format!("{items} items in {rows} rows, {} s", report["seconds"]);
            checks.check(what, Ok(detail));
            Some(run)
        }
        Err(error) => {
            checks.check(what, Err(error));
            None
        }
    }
}

fn replaced(first: &Ingested, second: Ingested) -> Result<Ingested> {
    ensure(second.snapshot != first.snapshot, "the snapshot is still the first")?;
    Ok(second)
}

fn questions(program: &Program<'_>, run: &Ingested, checks: &mut Checks) {
    checks.check("count", count(program, run));
    checks.check("stats", stats(program, run));
    checks.check("info", info(program, run));
    checks.check("files", files(program, run));
    checks.check("get", get(program));
}

fn count(program: &Program<'_>, run: &Ingested) -> Result<String> {
    let count = program.json(&["count"])?;
    equal("unique_items", &number(&count, "unique_items")?, &run.items)?;
    equal("rows", &number(&count, "rows")?, &run.rows)?;
    Ok(format!("{} items, {} rows", run.items, run.rows))
}

fn stats(program: &Program<'_>, run: &Ingested) -> Result<String> {
    let stats = program.json(&["stats"])?;
    let partitions = list(&stats)?;
    let sum = |member| partitions.iter().map(|p| number(p, member)).sum::<Result<u64>>();
    equal("the sum of row_count", &sum("row_count")?, &run.rows)?;
    equal("the sum of file_count", &sum("file_count")?, &number(&run.report, "files")?)?;
    equal("the sum of total_bytes", &sum("total_bytes")?, &number(&run.report, "bytes")?)?;
    Ok(format!("{} partitions", partitions.len()))
}

fn info(program: &Program<'_>, run: &Ingested) -> Result<String> {
    let info = program.json(&["info"])?;
    equal("snapshot", &info["snapshot"]["snapshot_id"], &Value::from(run.snapshot))?;
    equal("rows", &info["table"]["rows"], &Value::from(run.rows))?;
    equal("items of the index", &info["hash_index"]["unique_items"], &Value::from(run.items))?;
    equal("grid", &info["grid"]["spec"], &run.report["grid"])?;
    Ok(format!("snapshot {}", run.snapshot))
}

fn files(program: &Program<'_>, run: &Ingested) -> Result<String> {
    let all = program.json(&["files"])?;
    let all = list(&all)?;
    equal("files", &(all.len() as u64), &number(&run.report, "files")?)?;
    let inside =
        |file: &Value| file["path"].as_str().is_some_and(|p| p.starts_with(&format!("{CATALOG}/warehouse/")));
    ensure(all.iter().all(inside), format!("a file is not under {CATALOG}/warehouse/"))?;
    let few = program.json(&["files", "--bbox", "-60,60,-20,85"])?;
    let few = list(&few)?.len();
    ensure(0 < few && few < all.len(), format!("a bbox keeps {few} of {} files", all.len()))?;
    Ok(format!("{} files, {few} for Greenland", all.len()))
}

fn get(program: &Program<'_>) -> Result<String> {
    for path in ITEMS {
        let text = fs::read(root().join("fixtures/items").join(path))?;
        let item = json(&text)?;
        let id = item.get("id").and_then(Json::as_str).ok_or_else(|| format!("{path} has no id"))?;
        let answer = program.run(&["get", id])?.ended(0)?;
        let same = item.same(&json(answer.stdout.trim().as_bytes())?);
        ensure(same, format!("{path} came out as {}", answer.stdout))?;
    }
    program.run(&["get", "no such id"])?.ended(1)?;
    Ok(format!("{} items as they went in", ITEMS.len()))
}

fn json(text: &[u8]) -> Result<Json<'_>> {
    Json::parse(text).map_err(|e| e.to_string().into())
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().ok_or_else(|| format!("no list: {value}").into())
}

/// The catalog and what it names; neither the lease nor the probe's file is left.
fn layout(python: &Python, endpoint: &Endpoint) -> Result<String> {
    let text = python.text(endpoint, &["objects.py", "keys", BUCKET])?;
    let keys: Vec<&str> = text.lines().collect();
    ensure(keys.contains(&"some/prefix/earthcatalog.db"), format!("no earthcatalog.db among {keys:?}"))?;
    let folders = ["earthcatalog.db", "warehouse/", "warehouse_index/", "runs/"];
    let known =
        |key: &str| key.strip_prefix(PREFIX).is_some_and(|rest| folders.iter().any(|f| rest.starts_with(f)));
    let strange: Vec<&&str> = keys.iter().filter(|key| !known(key)).collect();
    ensure(strange.is_empty(), format!("left behind: {strange:?}"))?;
    Ok(format!("{} objects", keys.len()))
}

fn pyiceberg(python: &Python, endpoint: &Endpoint, run: &Ingested, snapshots: usize) -> Result<String> {
    let numbers = [run.rows.to_string(), run.items.to_string(), snapshots.to_string()];
    let [rows, items, snapshots] = numbers.each_ref().map(String::as_str);
    python.script(endpoint, &["read_pyiceberg.py", CATALOG, rows, items, snapshots])?;
    Ok(String::new())
}
