//! The lock of a catalog: who holds it, taking it, and away with it.

use std::sync::{Arc, Mutex, PoisonError};

use earthcatalog::Error;
use earthcatalog::lease::{self, Holder, LeaseOptions, Leases, LockFile};
use pyo3::prelude::*;
use serde::Serialize;

use crate::arguments::json;
use crate::calls::ask;
use crate::catalog::Catalog;
use crate::failure;

#[derive(Serialize)]
struct Holding<'a> {
    owner: &'a str,
    pid: u32,
    hostname: &'a str,
    since: String,
    ttl_hours: f64,
    stale: bool,
}

fn shown(py: Python<'_>, holder: Option<&Holder>) -> PyResult<Option<String>> {
    let holding = |holder: &Holder| {
        json(
            py,
            &Holding {
                owner: &holder.owner,
                pid: holder.pid,
                hostname: &holder.hostname,
                since: holder.since(),
                ttl_hours: holder.ttl_hours,
                stale: holder.is_over(),
            },
        )
    };
    holder.map(holding).transpose()
}

/// A lock that is held until it is given back.
#[pyclass(frozen, module = "earthcatalog._native")]
pub(crate) struct Lease {
    held: Arc<Mutex<Option<Leases>>>,
}

#[pymethods]
impl Catalog {
    /// Who holds the lock, if anyone does.
    fn lock_status(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let file = LockFile::of(self.inner.base());
        let holder = ask(py, move || async move { lease::read(&file).await.map_err(Error::from) })?;
        shown(py, holder.as_ref())
    }

    /// Takes the lock from whoever holds it; who did.
    fn lock_break(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let file = LockFile::of(self.inner.base());
        let holder = ask(py, move || async move { lease::break_lock(&file).await.map_err(Error::from) })?;
        shown(py, holder.as_ref())
    }

    /// Takes the lock.
    fn lock_acquire(&self, py: Python<'_>, owner: String, ttl_hours: f64) -> PyResult<Lease> {
        let base = self.inner.base().clone();
        let options = LeaseOptions { owner, ttl_hours };
        let held =
            ask(py, move || async move { lease::acquire_all(&base, &options).await.map_err(Error::from) })?;
        Ok(Lease { held: Arc::new(Mutex::new(Some(held))) })
    }
}

#[pymethods]
impl Lease {
    /// Starts its time anew.
    fn renew(&self, py: Python<'_>) -> PyResult<()> {
        let slot = Arc::clone(&self.held);
        let mut held = self.take(py)?;
        ask(py, move || async move {
            let renewed = held.renew().await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
            renewed.map_err(Error::from)
        })
    }

    /// Gives it back.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        let held = self.take(py)?;
        ask(py, move || async move { held.release().await.map_err(Error::from) })
    }
}

impl Lease {
    fn take(&self, py: Python<'_>) -> PyResult<Leases> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.ok_or_else(|| failure::usage(py, "this lock was given back, or is being renewed", None))
    }
}
