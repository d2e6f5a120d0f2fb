//! Files of a local disk: opened, measured and read with as few calls as can be.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use earthcatalog_model::{ObjectRef, Reason, Rejection, Timestamp};

use crate::body::{self, Defect};
use crate::fetch::{Failure, Fetched};
use crate::outset::Trouble;

/// Reads one file. Nothing is tried again: a disk gives the same bytes twice.
///
/// # Errors
/// The failure, and the trouble it may be a sign of.
pub(crate) fn fetch(
    mut object: ObjectRef,
    file: &Path,
    max_bytes: u64,
) -> Result<Fetched, (Option<Trouble>, Failure)> {
    let (raw, metadata) = match read(file, max_bytes) {
        Ok(Some(read)) => read,
        Ok(None) => return Err(reject(&object, &Defect::TooLarge(max_bytes))),
        Err(error) => return Err(failed(&object, file, &error)),
    };
    let size = raw.len() as u64;
    let body = body::text(raw, max_bytes).map_err(|defect| reject(&object, &defect))?;
    object.size = object.size.or(Some(size));
    object.last_modified = object.last_modified.or_else(|| modified(&metadata));
    Ok(Fetched { object, body })
}

/// The bytes; None where they are too many.
fn read(path: &Path, max_bytes: u64) -> io::Result<Option<(Bytes, Metadata)>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        // A folder has a length too, and no one means that.
        return Err(ErrorKind::IsADirectory.into());
    }
    if metadata.len() > max_bytes {
        return Ok(None);
    }
    // A read that comes back short has met the end: one call is enough for a file that keeps its size.
    let mut bytes = vec![0; metadata.len() as usize + 1];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let room = rest.len();
        let count = file.read(rest)?;
        filled += count;
        if count < room {
            break;
        }
    }
    if filled == bytes.len() {
        file.take(max_bytes.saturating_sub(filled as u64) + 1).read_to_end(&mut bytes)?;
        filled = bytes.len();
    }
    bytes.truncate(filled);
    Ok((filled as u64 <= max_bytes).then(|| (bytes.into(), metadata)))
}

fn modified(metadata: &Metadata) -> Option<Timestamp> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?)
}

fn reject(object: &ObjectRef, defect: &Defect) -> (Option<Trouble>, Failure) {
    let reason = match defect {
        Defect::TooLarge(_) => Reason::TooLarge,
        Defect::Incomplete(_) => Reason::NotJson,
    };
    (None, Failure::Rejected(Rejection::new(object.clone(), reason, defect.to_string())))
}

fn failed(object: &ObjectRef, file: &Path, error: &io::Error) -> (Option<Trouble>, Failure) {
    let message = format!("{}: {error}", file.display());
    let rejected = |reason, message| Failure::Rejected(Rejection::new(object.clone(), reason, message));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => (None, rejected(Reason::NotFound, message)),
        ErrorKind::IsADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename => {
            (None, rejected(Reason::Unreadable, message))
        }
        ErrorKind::PermissionDenied => (Some(Trouble::Permission), rejected(Reason::Forbidden, message)),
        _ => (Some(Trouble::Connection), Failure::Retryable { message }),
    }
}
