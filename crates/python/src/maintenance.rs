//! What keeps a catalog tidy; answers are JSON.

use std::time::Duration;

use earthcatalog::{
    CompactOptions, DEFAULT_MEMORY, ExpireOptions, GcOptions, Regrid, RegridOptions, Stop, VerifyOptions,
};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::arguments::{self, grid, json, time, value};
use crate::calls::{Call, ask};
use crate::catalog::Catalog;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompactArguments {
    min_files: usize,
    target_size: u64,
    memory: Option<u64>,
    dry_run: bool,
    lock: bool,
    owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegridArguments {
    grid: Option<String>,
    memory: Option<u64>,
    dry_run: bool,
    lock: bool,
    owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GcArguments {
    /// Seconds.
    grace: f64,
    runs_older_than: Option<f64>,
    dry_run: bool,
    lock: bool,
    owner: String,
}

#[pymethods]
impl Catalog {
    /// Merges small files.
    #[pyo3(signature = (arguments, on_event=None))]
    fn compact(
        &self,
        py: Python<'_>,
        arguments: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let given: CompactArguments = arguments::read(py, arguments)?;
        let stop = Stop::default();
        let options = CompactOptions {
            min_files: given.min_files.max(2),
            target_size: given.target_size,
            memory: given.memory.unwrap_or(DEFAULT_MEMORY),
            dry_run: given.dry_run,
            no_lock: !given.lock,
            owner: Some(given.owner),
            stop: stop.clone(),
        };
        let catalog = self.inner.clone();
        let done = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.compact(&options, &events).await })?;
        json(py, &done)
    }

    /// Covers all rows anew.
    #[pyo3(signature = (arguments, on_event=None))]
    fn regrid(
        &self,
        py: Python<'_>,
        arguments: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let given: RegridArguments = arguments::read(py, arguments)?;
        let stop = Stop::default();
        let options = RegridOptions {
            memory: given.memory.unwrap_or(DEFAULT_MEMORY),
            dry_run: given.dry_run,
            no_lock: !given.lock,
            owner: Some(given.owner),
            stop: stop.clone(),
        };
        let run = Regrid { grid: grid(py, given.grid.as_deref())?, options };
        let catalog = self.inner.clone();
        let done = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.regrid(&run, &events).await })?;
        json(py, &done)
    }

    /// Lets old snapshots go.
    fn expire(
        &self,
        py: Python<'_>,
        keep_last: usize,
        older_than: Option<&str>,
        dry_run: bool,
        lock: bool,
    ) -> PyResult<String> {
        let older_than = time(py, older_than)?;
        let options = ExpireOptions { keep_last, older_than, dry_run, no_lock: !lock };
        let catalog = self.inner.clone();
        json(py, &ask(py, move || async move { catalog.expire(&options).await })?)
    }

    /// Deletes files that nothing refers to.
    #[pyo3(signature = (arguments, on_event=None))]
    fn gc(&self, py: Python<'_>, arguments: &str, on_event: Option<Bound<'_, PyAny>>) -> PyResult<String> {
        let given: GcArguments = arguments::read(py, arguments)?;
        let stop = Stop::default();
        let options = GcOptions {
            grace: seconds(py, given.grace)?,
            runs_older_than: given.runs_older_than.map(|age| seconds(py, age)).transpose()?,
            dry_run: given.dry_run,
            no_lock: !given.lock,
            owner: Some(given.owner),
            stop: stop.clone(),
        };
        let catalog = self.inner.clone();
        let done = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.gc(&options, &events).await })?;
        json(py, &done)
    }

    /// Holds the catalog against what is there: whether all is right, and what was found.
    fn verify(
        &self,
        py: Python<'_>,
        full: bool,
        fix_index: bool,
        memory: Option<u64>,
    ) -> PyResult<(bool, String)> {
        let mut options = VerifyOptions::default();
        (options.full, options.fix_index) = (full, fix_index);
        options.memory = memory.unwrap_or(DEFAULT_MEMORY);
        let catalog = self.inner.clone();
        let verified = ask(py, move || async move { catalog.verify(&options).await })?;
        Ok((verified.is_right(), json(py, &verified)?))
    }
}

fn seconds(py: Python<'_>, number: f64) -> PyResult<Duration> {
    value(py, Duration::try_from_secs_f64(number))
}
