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
    path: String,
    owner: &'a str,
    pid: u32,
    hostname: &'a str,
    since: String,
    ttl_hours: f64,
    stale: bool,
}

fn shown(py: Python<'_>, found: Option<(LockFile, Holder)>) -> PyResult<Option<String>> {
    let holding = |(file, holder): (LockFile, Holder)| {
        json(
            py,
            &Holding {
                path: file.url(),
                owner: &holder.owner,
                pid: holder.pid,
                hostname: &holder.hostname,
                since: holder.since(),
                ttl_hours: holder.ttl_hours,
                stale: holder.is_over(),
            },
        )
    };
    found.map(holding).transpose()
}

/// A lock that is held until it is given back.
#[pyclass(frozen, module = "earthcatalog._native")]
pub(crate) struct Lease {
    held: Arc<Mutex<Option<Leases>>>,
}

#[pymethods]
impl Catalog {
    /// Who holds a lock of the catalog, if anyone does: its own first, then another program's.
    fn lock_status(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let locks = self.inner.base().locks();
        let found = ask(py, move || async move {
            for file in locks {
                if let Some(holder) = lease::read(&file).await? {
                    return Ok(Some((file, holder)));
                }
            }
            Ok(None)
        })?;
        shown(py, found)
    }

    /// Takes the locks from whoever holds them; who did, of the first.
    fn lock_break(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let locks = self.inner.base().locks();
        let found = ask(py, move || async move {
            let mut first = None;
            for file in locks {
                let holder = lease::break_lock(&file).await?;
                first = first.or(holder.map(|holder| (file, holder)));
            }
            Ok(first)
        })?;
        shown(py, found)
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
