//! Ctrl-C and SIGTERM: the first asks a run to end cleanly, the second ends the process.

use std::process;

use earthcatalog::Stop;

use crate::exit::Exit;
use crate::progress::console::Console;

/// From now on signals are ours: `stop` is set at the first one.
pub(crate) fn watch(stop: Stop, console: Console) {
    watch_for(stop, console, "nothing will be committed");
}

/// As [`watch`], of work that leaves something when it is stopped; `left` says what.
pub(crate) fn watch_for(stop: Stop, console: Console, left: &'static str) {
    tokio::spawn(async move {
        signal().await;
        stop.stop();
        console.line(&format!("stopping: {left} (once more to stop at once)"));
        signal().await;
        process::exit(Exit::Interrupted.code().into());
    });
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => ctrl_c().await,
    }
}

#[cfg(not(unix))]
async fn signal() {
    ctrl_c().await;
}

/// Without a handler the system's own stays: the process then ends at the first Ctrl-C.
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
