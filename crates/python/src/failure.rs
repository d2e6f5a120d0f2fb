//! Errors of the facade as Python's exceptions: one class a kind, with its message, its causes and a hint.

use std::error::Error as StdError;

use earthcatalog::{Error, ErrorKind, scrub};
use pyo3::prelude::*;

/// Where the classes are.
const CLASSES: &str = "earthcatalog._errors";

/// The exception for an error.
pub(crate) fn of(py: Python<'_>, error: &Error) -> PyErr {
    raise(py, class(error.kind()), &text(error), error.hint().as_deref())
}

/// An argument that does not fit.
pub(crate) fn usage(py: Python<'_>, message: &str, hint: Option<&str>) -> PyErr {
    raise(py, class(ErrorKind::Usage), message, hint)
}

/// Something that nobody can do anything about here.
pub(crate) fn failed(py: Python<'_>, message: &str) -> PyErr {
    raise(py, class(ErrorKind::Failed), message, None)
}

fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "UsageError",
        ErrorKind::NotFound => "NotFoundError",
        ErrorKind::Denied => "AccessDeniedError",
        ErrorKind::Unavailable => "UnavailableError",
        ErrorKind::Locked => "LockedError",
        ErrorKind::Conflict => "ConflictError",
        ErrorKind::Pending => "PendingError",
        ErrorKind::Interrupted => "StoppedError",
        _ => "FailedError",
    }
}

/// The message and those of its causes, each said once, without secrets.
fn text(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    scrub(&text)
}

/// An exception of that class; whatever prevents that instead.
fn raise(py: Python<'_>, class: &str, message: &str, hint: Option<&str>) -> PyErr {
    let made = || {
        let class = py.import(CLASSES)?.getattr(class)?;
        class.call1((message, hint.map(scrub)))
    };
    match made() {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}
