//! The native half of the Python package: the facade's calls as methods, and how a call waits, stops and fails.
//!
//! What crosses the border is plain: texts, numbers and JSON documents. The classes that people see, their docs and their
//! types are in `python/earthcatalog`.

mod arguments;
mod bulk;
mod calls;
mod catalog;
mod events;
mod failure;
mod lease;
mod log;
mod maintenance;
mod questions;
mod runtime;

use pyo3::prelude::*;

/// Where Python finds this module.
const MODULE: &str = "earthcatalog._native";

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    log::start();
    pyo3_object_store::register_store_module(module.py(), module, MODULE, "store")?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<catalog::Catalog>()?;
    module.add_class::<lease::Lease>()?;
    module.add_function(wrap_pyfunction!(catalog::open, module)?)?;
    Ok(())
}
