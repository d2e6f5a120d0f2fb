//! One call from Python: run on the runtime's threads with the GIL released, its events handed over in the thread that
//! calls, and stopped by Ctrl-C.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use earthcatalog::{Error, Stop};
use pyo3::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::events::Events;
use crate::{failure, log, runtime};

/// How often a waiting call looks for signals.
const TICK: Duration = Duration::from_millis(50);

/// What a call may tell while it runs, and how it is stopped.
#[derive(Default)]
pub(crate) struct Call<'py> {
    stop: Option<Stop>,
    callback: Option<Bound<'py, PyAny>>,
}

impl<'py> Call<'py> {
    /// A call that ends cleanly when `stop` is set, and whose events are given to `callback` as JSON texts.
    pub(crate) fn stoppable(stop: &Stop, callback: Option<Bound<'py, PyAny>>) -> Self {
        Self { stop: Some(stop.clone()), callback }
    }

    /// Runs what `make` makes of an observer, on a thread of its own that the runtime's serve.
    ///
    /// # Errors
    /// The class of exception that fits the facade's error; what a signal handler or the callback raised.
    pub(crate) fn run<T, F>(
        self,
        py: Python<'py>,
        make: impl FnOnce(Events) -> F + Send + 'static,
    ) -> PyResult<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>>,
    {
        let runtime = runtime::get(py)?;
        let (sender, receiver) = channel();
        let drop_it = Arc::new(Notify::new());
        let events = Events::new(sender.clone(), self.callback.is_some());
        let worker = {
            let drop_it = Arc::clone(&drop_it);
            thread::Builder::new()
                .name("earthcatalog call".to_owned())
                .spawn(move || finish(&runtime, make, events, sender, &drop_it))
                .map_err(|error| failure::failed(py, &format!("cannot start a thread: {error}")))?
        };
        let raised = self.attend(py, &Mutex::new(receiver), &drop_it);
        let outcome = py.detach(|| joined(worker));
        log::hand_over(py)?;
        match (raised, outcome) {
            (Some(raised), Ok(Some(Ok(_)))) => {
                raised.value(py).call_method1("add_note", (TOO_LATE,))?;
                Err(raised)
            }
            (Some(raised), _) => Err(raised),
            (None, Ok(Some(outcome))) => outcome.map_err(|error| failure::of(py, &error)),
            (None, Ok(None)) => Err(failure::failed(py, "the call was dropped")),
            (None, Err(panic)) => Err(failure::failed(py, &format!("a defect in earthcatalog: {panic}"))),
        }
    }

    /// Waits for the end of the work; what was raised meanwhile.
    fn attend(&self, py: Python<'py>, events: &Mutex<Receiver<String>>, drop_it: &Notify) -> Option<PyErr> {
        let mut raised = None;
        loop {
            let next = py.detach(|| events.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(TICK));
            let looked = match &next {
                Ok(event) => self.tell(event),
                Err(_) => Ok(()),
            };
            let looked = looked.and_then(|()| py.check_signals()).and_then(|()| log::hand_over(py));
            if let Err(error) = looked {
                self.stop(drop_it, raised.is_some());
                raised.get_or_insert(error);
            }
            if matches!(next, Err(RecvTimeoutError::Disconnected)) {
                return raised;
            }
        }
    }

    fn tell(&self, event: &str) -> PyResult<()> {
        match &self.callback {
            Some(callback) => callback.call1((event,)).map(drop),
            None => Ok(()),
        }
    }

    /// Asks once, then drops the work.
    fn stop(&self, drop_it: &Notify, asked: bool) {
        match &self.stop {
            Some(stop) if !asked => stop.stop(),
            _ => drop_it.notify_one(),
        }
    }
}

const TOO_LATE: &str = "the call had done its work when it was asked to stop";

/// Does the work; None if it was dropped. The channel is open until then, which is how the caller knows.
fn finish<T, F: Future<Output = T>>(
    runtime: &Runtime,
    make: impl FnOnce(Events) -> F,
    events: Events,
    open: Sender<String>,
    drop_it: &Notify,
) -> Option<T> {
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = make(events) => Some(outcome),
            () = drop_it.notified() => None,
        }
    });
    drop(open);
    outcome
}

/// What a thread gave back, or the text of its panic.
fn joined<T>(worker: JoinHandle<T>) -> Result<T, String> {
    worker.join().map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_owned())
    })
}

/// Runs a call that tells nothing and is simply dropped by Ctrl-C.
///
/// # Errors
/// As [`Call::run`].
pub(crate) fn ask<T, F>(py: Python<'_>, make: impl FnOnce() -> F + Send + 'static) -> PyResult<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>>,
{
    Call::default().run(py, |_| make())
}
