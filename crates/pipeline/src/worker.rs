//! CPU work off the async threads.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// Runs `work` on rayon's threads and waits for it without blocking. A panic there becomes an error here.
///
/// What reads and writes temporary files (sorting, merging) runs here too: it computes more than it waits, and finds the memory
/// that the rows before it have left to these threads. On others it would be so much more.
pub(crate) async fn on_rayon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (send, receive) = oneshot::channel();
    rayon::spawn(move || {
        // The receiver is gone where the run was dropped: nobody wants the answer then.
        let _ = send.send(catch_unwind(AssertUnwindSafe(work)));
    });
    match receive.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(panic)) => Err(Error::Worker(message_of(&*panic))),
        Err(_) => Err(Error::Worker("it gave no answer".to_owned())),
    }
}

/// The text of a panic.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
