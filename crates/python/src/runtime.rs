//! The threads that calls run on: made at the first call, never at import, and of one process only.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::failure;

/// Threads for local files, as the command line has.
const BLOCKING_THREADS: usize = 8;

/// The runtime, and the process that made it.
static RUNTIME: Mutex<Option<(u32, Arc<Runtime>)>> = Mutex::new(None);

/// The runtime of this process.
///
/// # Errors
/// `UsageError` in a process that was forked from one that has used it: its threads are not there, and a call would wait
/// for them for ever.
pub(crate) fn get(py: Python<'_>) -> PyResult<Arc<Runtime>> {
    let pid = std::process::id();
    let mut slot = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match &*slot {
        Some((owner, runtime)) if *owner == pid => return Ok(Arc::clone(runtime)),
        Some(_) => return Err(failure::usage(py, FORKED, Some(FORK_HINT))),
        None => {}
    }
    let made = Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("earthcatalog")
        .enable_all()
        .build()
        .map_err(|error| failure::failed(py, &format!("cannot start threads: {error}")))?;
    let made = Arc::new(made);
    *slot = Some((pid, Arc::clone(&made)));
    Ok(made)
}

const FORKED: &str =
    "this process was forked from one that has used earthcatalog, whose threads are not here";
const FORK_HINT: &str = "start processes with multiprocessing's \"spawn\" or \"forkserver\", as Dask does";
