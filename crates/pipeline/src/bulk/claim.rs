//! A note that somebody has begun a task, for the eyes of `bulk status` alone: nothing waits for it.

use earthcatalog_model::Timestamp;
use earthcatalog_store::Base;
use serde::{Deserialize, Serialize};

use super::markers::{self, VERSION};
use super::paths::Paths;
use super::task::Phase;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    version: u32,
    pub(super) host: String,
    pub(super) pid: u32,
    pub(super) begun: Timestamp,
}

/// Leaves the note. That it could not be left is no reason not to work.
pub(super) async fn leave(base: &Base, paths: &Paths, phase: Phase, number: u32) {
    let claim = Claim {
        version: VERSION,
        host: earthcatalog_store::lease::hostname(),
        pid: std::process::id(),
        begun: Timestamp::now(),
    };
    if let Err(error) = markers::put(base, &paths.claim(phase.as_str(), number), &claim).await {
        tracing::debug!(%error, "the note that a task has begun could not be left");
    }
}
