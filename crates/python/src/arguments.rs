//! What Python hands over as JSON, and what the facade makes of it.

use std::time::Duration;

use earthcatalog::model::{Geometry, Timestamp};
use earthcatalog::search::{Interval, bbox_geometry, parse_geometry};
use earthcatalog::{
    Assets, BucketMap, Config, DEFAULT_CONCURRENCY, DEFAULT_MEMORY, GridSpec, Ingest, IngestOptions, Mode,
    Query, Share, Stop, StoreOptions,
};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure;

/// Reads a document of Python's half; a document that does not fit is a defect there, a value in it the user's.
///
/// # Errors
/// `UsageError`.
pub(crate) fn read<T: DeserializeOwned>(py: Python<'_>, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| failure::usage(py, &error.to_string(), None))
}

/// Turns a text that is no value of its kind into `UsageError`.
///
/// # Errors
/// `UsageError` with what was wrong.
pub(crate) fn value<T, E: ToString>(py: Python<'_>, read: Result<T, E>) -> PyResult<T> {
    read.map_err(|error| failure::usage(py, &error.to_string(), None))
}

/// How a catalog is reached.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenArguments {
    anonymous: bool,
    map_buckets: Vec<(String, String)>,
    options: Vec<(String, String)>,
    timeout: Option<f64>,
    unsafe_no_cas: bool,
    lock_path: Option<String>,
}

impl OpenArguments {
    /// As the facade takes it.
    ///
    /// # Errors
    /// `UsageError` for a timeout that is none.
    pub(crate) fn config(self, py: Python<'_>) -> PyResult<Config> {
        let timeout =
            self.timeout.map(|seconds| value(py, Duration::try_from_secs_f64(seconds))).transpose()?;
        let maps = self.map_buckets.into_iter().map(|(bucket, url)| BucketMap { bucket, url }).collect();
        let store = StoreOptions { anonymous: self.anonymous, maps, timeout, extra: self.options };
        Ok(Config { store, unsafe_no_cas: self.unsafe_no_cas, lock_path: self.lock_path })
    }
}

/// A run's options. What is None is as the facade has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IngestArguments {
    inventory: String,
    mode: String,
    grid: Option<String>,
    suffixes: Vec<String>,
    prefix: Option<String>,
    glob: Option<String>,
    since: Option<String>,
    until: Option<String>,
    min_size: Option<u64>,
    max_size: Option<u64>,
    limit: Option<u64>,
    bucket: Option<String>,
    columns: Option<Vec<String>>,
    checksum: bool,
    memory: Option<u64>,
    concurrency: Option<usize>,
    assets: String,
    update_hash_index: bool,
    retry_rejected: bool,
    max_delete: String,
    dry_run: bool,
    lock: bool,
    owner: String,
}

impl IngestArguments {
    /// As the facade takes it.
    ///
    /// # Errors
    /// `UsageError` for a value that is none of its kind.
    pub(crate) fn run(self, py: Python<'_>, stop: &Stop) -> PyResult<Ingest> {
        let options = IngestOptions {
            mode: value(py, self.mode.parse::<Mode>())?,
            suffixes: self.suffixes,
            prefix: self.prefix,
            since: time(py, self.since.as_deref())?,
            until: time(py, self.until.as_deref())?,
            glob: self.glob.map(|glob| value(py, glob.parse())).transpose()?,
            min_size: self.min_size,
            max_size: self.max_size,
            limit: self.limit,
            memory: self.memory.unwrap_or(DEFAULT_MEMORY),
            concurrency: self.concurrency.unwrap_or(DEFAULT_CONCURRENCY).max(1),
            assets: assets(py, &self.assets)?,
            dry_run: self.dry_run,
            retry_rejected: self.retry_rejected,
            max_delete: value(py, self.max_delete.parse::<Share>())?,
            update_hash_index: self.update_hash_index,
            no_lock: !self.lock,
            owner: Some(self.owner),
            stop: stop.clone(),
        };
        Ok(Ingest {
            inventory: self.inventory,
            bucket: self.bucket,
            columns: self.columns,
            no_checksum: !self.checksum,
            grid: grid(py, self.grid.as_deref())?,
            options,
        })
    }
}

/// A time as the command line takes it, in UTC where it says nothing else.
///
/// # Errors
/// `UsageError`.
pub(crate) fn time(py: Python<'_>, text: Option<&str>) -> PyResult<Option<Timestamp>> {
    text.map(|text| value(py, Timestamp::parse(text))).transpose()
}

/// A grid by its name.
///
/// # Errors
/// `UsageError`.
pub(crate) fn grid(py: Python<'_>, name: Option<&str>) -> PyResult<Option<GridSpec>> {
    name.map(|name| value(py, name.parse())).transpose()
}

fn assets(py: Python<'_>, text: &str) -> PyResult<Assets> {
    match text {
        "auto" => Ok(Assets::Auto),
        "struct" => Ok(Assets::Struct),
        "json" => Ok(Assets::Json),
        _ => Err(failure::usage(
            py,
            &format!("unknown layout of assets {text:?}: use auto, struct or json"),
            None,
        )),
    }
}

/// A geometry in GeoJSON or WKT, or a box as `west,south,east,north`.
///
/// # Errors
/// `UsageError` for what is none, or is nowhere on Earth.
pub(crate) fn geometry(py: Python<'_>, text: &str, is_bbox: bool) -> PyResult<Geometry> {
    value(py, if is_bbox { bbox_geometry(text) } else { parse_geometry(text) })
}

/// A query: a geometry and an interval `A/B`, either of which may be absent.
///
/// # Errors
/// `UsageError` for what is none.
pub(crate) fn query(py: Python<'_>, area: Option<(String, bool)>, interval: Option<&str>) -> PyResult<Query> {
    let area = area.map(|(text, is_bbox)| geometry(py, &text, is_bbox)).transpose()?;
    let interval: Interval = interval.map(|text| value(py, text.parse())).transpose()?.unwrap_or_default();
    Ok(Query::new(area, interval.start, interval.end))
}

/// An answer as JSON.
///
/// # Errors
/// `FailedError`, which no answer of the facade gives reason for.
pub(crate) fn json(py: Python<'_>, answer: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(answer).map_err(|error| failure::failed(py, &error.to_string()))
}
