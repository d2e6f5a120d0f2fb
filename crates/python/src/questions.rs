//! What a catalog is asked; answers of several parts are JSON.

use earthcatalog::Covering;
use pyo3::prelude::*;

use crate::arguments;
use crate::calls::ask;
use crate::catalog::Catalog;

#[pymethods]
impl Catalog {
    /// Rows, files and bytes by cell and year.
    fn stats(&self, py: Python<'_>) -> PyResult<String> {
        let catalog = self.inner.clone();
        arguments::json(py, &ask(py, move || async move { catalog.stats().await })?)
    }

    /// Items and rows.
    fn counts(&self, py: Python<'_>) -> PyResult<String> {
        let catalog = self.inner.clone();
        arguments::json(py, &ask(py, move || async move { catalog.counts().await })?)
    }

    /// Items, each once.
    fn unique_item_count(&self, py: Python<'_>) -> PyResult<u64> {
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.unique_item_count().await })
    }

    /// Grid, table, snapshot, index.
    fn info(&self, py: Python<'_>) -> PyResult<String> {
        let catalog = self.inner.clone();
        arguments::json(py, &ask(py, move || async move { catalog.info().await })?)
    }

    /// The snapshots, the oldest first.
    fn history(&self, py: Python<'_>) -> PyResult<String> {
        let catalog = self.inner.clone();
        arguments::json(py, &ask(py, move || async move { catalog.history().await })?)
    }

    /// Locations of files. `area` is a geometry and whether it is written as a box, `interval` is `A/B`.
    #[pyo3(signature = (area=None, interval=None))]
    fn search_files(
        &self,
        py: Python<'_>,
        area: Option<(String, bool)>,
        interval: Option<&str>,
    ) -> PyResult<Vec<String>> {
        let query = arguments::query(py, area, interval)?;
        let catalog = self.inner.clone();
        let files = ask(py, move || async move { catalog.files(&query).await })?;
        Ok(files.into_iter().map(|file| file.path).collect())
    }

    /// The item of an id, as it was written.
    fn get(&self, py: Python<'_>, id: String) -> PyResult<Option<String>> {
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.get(&id).await })
    }

    /// The cells that an area touches; None for all of a grid that is too fine to list them.
    fn cells(&self, py: Python<'_>, area: (String, bool)) -> PyResult<Option<Vec<String>>> {
        Ok(match self.covering(py, &area)? {
            Covering::All => None,
            Covering::Cells(cells) => Some(cells.iter().map(|cell| cell.as_str().to_owned()).collect()),
        })
    }

    /// The same as a condition in SQL.
    fn cells_sql(&self, py: Python<'_>, area: (String, bool)) -> PyResult<String> {
        Ok(self.covering(py, &area)?.sql())
    }
}

impl Catalog {
    fn covering(&self, py: Python<'_>, (text, is_bbox): &(String, bool)) -> PyResult<Covering> {
        let geometry = arguments::geometry(py, text, *is_bbox)?;
        let catalog = self.inner.clone();
        ask(py, move || async move { catalog.covering(&geometry).await })
    }
}
