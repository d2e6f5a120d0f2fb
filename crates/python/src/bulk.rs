//! Bulk runs: what a driver and its workers call; answers are JSON.

use earthcatalog::{
    Bulk, BulkOptions, BulkTask, DEFAULT_CONCURRENCY, DEFAULT_MEMORY, Phase, ResolveOptions, Stop,
    TaskOptions,
};
use pyo3::prelude::*;
use serde::Deserialize;

use crate::arguments::{self, IngestArguments, json};
use crate::calls::{Call, ask};
use crate::catalog::Catalog;

/// How a run is cut into tasks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkArguments {
    chunk_size: u64,
    compact_rows: u64,
    staging: Option<String>,
}

/// How a process works on tasks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskArguments {
    memory: Option<u64>,
    concurrency: Option<usize>,
    lock: bool,
    owner: String,
}

impl TaskArguments {
    fn options(self, stop: &Stop) -> TaskOptions {
        TaskOptions {
            memory: self.memory.unwrap_or(DEFAULT_MEMORY),
            concurrency: self.concurrency.unwrap_or(DEFAULT_CONCURRENCY).max(1),
            no_lock: !self.lock,
            owner: Some(self.owner),
            stop: stop.clone(),
        }
    }
}

#[pymethods]
impl Catalog {
    /// Plans a run; the plan.
    #[pyo3(signature = (ingest, bulk, on_event=None))]
    fn bulk_plan(
        &self,
        py: Python<'_>,
        ingest: &str,
        bulk: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let stop = Stop::default();
        let ingest = arguments::read::<IngestArguments>(py, ingest)?.run(py, &stop)?;
        let given: BulkArguments = arguments::read(py, bulk)?;
        let options = BulkOptions {
            chunk_size: given.chunk_size,
            compact_rows: given.compact_rows,
            staging: given.staging,
        };
        let run = Bulk { ingest, options };
        let catalog = self.inner.clone();
        let plan = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.bulk_plan(&run, &events).await })?;
        json(py, &plan)
    }

    /// Runs a task; its report.
    #[pyo3(signature = (task, options, on_event=None))]
    fn bulk_task(
        &self,
        py: Python<'_>,
        task: &str,
        options: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let stop = Stop::default();
        let task: BulkTask = arguments::read(py, task)?;
        let options = arguments::read::<TaskArguments>(py, options)?.options(&stop);
        let catalog = self.inner.clone();
        let report = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.bulk_task(&task, &options, &events).await })?;
        json(py, &report)
    }

    /// The numbers of the tasks of a phase (`stage`, `write`) that are not done.
    fn bulk_undone(&self, py: Python<'_>, run: String, phase: &str) -> PyResult<Vec<u32>> {
        let phase: Phase = arguments::value(py, phase.parse())?;
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.bulk_undone(&run, phase).await })
    }

    /// Gives pending objects out again, as so many tasks.
    fn bulk_retry(&self, py: Python<'_>, run: String) -> PyResult<u32> {
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.bulk_retry(&run).await })
    }

    /// Decides what is to be written; the decision.
    #[pyo3(signature = (run, accept_rejected, options, on_event=None))]
    fn bulk_resolve(
        &self,
        py: Python<'_>,
        run: String,
        accept_rejected: bool,
        options: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let stop = Stop::default();
        let options = arguments::read::<TaskArguments>(py, options)?.options(&stop);
        let resolving = ResolveOptions { accept_rejected };
        let catalog = self.inner.clone();
        let decision = Call::stoppable(&stop, on_event).run(py, move |events| async move {
            catalog.bulk_resolve(&run, resolving, &options, &events).await
        })?;
        json(py, &decision)
    }

    /// Commits a run; its report.
    #[pyo3(signature = (run, options, on_event=None))]
    fn bulk_register(
        &self,
        py: Python<'_>,
        run: String,
        options: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let stop = Stop::default();
        let options = arguments::read::<TaskArguments>(py, options)?.options(&stop);
        let catalog = self.inner.clone();
        let report = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.bulk_register(&run, &options, &events).await })?;
        json(py, &report)
    }

    /// The report of a run that has ended.
    fn bulk_ended(&self, py: Python<'_>, run: String) -> PyResult<Option<String>> {
        let catalog = self.inner.clone();
        let report = ask(py, move || async move { catalog.bulk_ended(&run).await })?;
        report.map(|report| json(py, &report)).transpose()
    }

    /// How far a run is.
    fn bulk_status(&self, py: Python<'_>, run: String) -> PyResult<String> {
        let catalog = self.inner.clone();
        json(py, &ask(py, move || async move { catalog.bulk_status(&run).await })?)
    }

    /// The runs that are open.
    fn bulk_runs(&self, py: Python<'_>) -> PyResult<String> {
        let catalog = self.inner.clone();
        json(py, &ask(py, move || async move { catalog.bulk_runs().await })?)
    }

    /// Gives a run up.
    fn bulk_clean(&self, py: Python<'_>, run: String) -> PyResult<String> {
        let catalog = self.inner.clone();
        json(py, &ask(py, move || async move { catalog.bulk_clean(&run).await })?)
    }
}
