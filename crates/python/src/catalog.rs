//! An open catalog, and an inventory put into it. Questions and maintenance are modules beside this one.

use earthcatalog::Stores;
use pyo3::prelude::*;
use pyo3_object_store::PyObjectStore;

use crate::arguments::{self, IngestArguments, OpenArguments};
use crate::calls::{Call, ask};

/// The facade's catalog.
#[pyclass(frozen, module = "earthcatalog._native")]
pub(crate) struct Catalog {
    pub(crate) inner: earthcatalog::Catalog,
}

/// Opens the catalog at `base`. `stores` serve all URLs below their prefixes, whatever the environment says. A grid that is
/// given must be the catalog's where there is one.
#[pyfunction]
pub(crate) fn open(
    py: Python<'_>,
    base: String,
    stores: Vec<(String, PyObjectStore)>,
    options: &str,
    grid: Option<&str>,
) -> PyResult<Catalog> {
    let config = arguments::read::<OpenArguments>(py, options)?.config(py)?;
    let grid = arguments::grid(py, grid)?;
    let reached = Stores::new(config.store.clone());
    for (prefix, store) in stores {
        reached.insert(&prefix, store.into_dyn());
    }
    let inner = ask(py, move || async move {
        let catalog = earthcatalog::open_with(reached, &base, &config).await?;
        if let Some(grid) = &grid {
            catalog.expect_grid(grid).await?;
        }
        Ok(catalog)
    })?;
    Ok(Catalog { inner })
}

#[pymethods]
impl Catalog {
    /// Where it is, without secrets.
    #[getter]
    fn base(&self) -> String {
        self.inner.base().url().to_owned()
    }

    /// True if there is a catalog at the base.
    fn exists(&self, py: Python<'_>) -> PyResult<bool> {
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.exists().await })
    }

    /// The same catalog as it was at a snapshot or a time.
    fn at(&self, py: Python<'_>, state: &str) -> PyResult<Self> {
        let at = arguments::value(py, state.parse())?;
        Ok(Self { inner: self.inner.clone().at(at) })
    }

    /// Runs an ingest; its report as JSON.
    #[pyo3(signature = (arguments, on_event=None))]
    fn ingest(
        &self,
        py: Python<'_>,
        arguments: &str,
        on_event: Option<Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let stop = earthcatalog::Stop::default();
        let run = arguments::read::<IngestArguments>(py, arguments)?.run(py, &stop)?;
        let catalog = self.inner.clone();
        let report = Call::stoppable(&stop, on_event)
            .run(py, move |events| async move { catalog.ingest(&run, &events).await })?;
        arguments::json(py, &report)
    }
}
