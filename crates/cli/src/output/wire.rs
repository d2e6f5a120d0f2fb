//! Documents on stdout for the process that started this one, each a line and sent at once, from any thread.

use std::io::{self, Write};

use serde::Serialize;

/// Writes a document as a line; false where nobody reads it any more.
pub(crate) fn send<T: Serialize>(document: &T) -> bool {
    let Ok(mut line) = serde_json::to_vec(document) else { return false };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).is_ok()
}
