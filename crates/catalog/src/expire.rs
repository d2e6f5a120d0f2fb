//! Snapshots out of the table's history: new metadata without them, and the pointer moved there.
//!
//! What is expired is decided anew at every attempt, on the state that the attempt is made on. So it needs no name by which
//! it would be known again: where an answer got lost, the next attempt finds what is left to do.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::files::Files;
use crate::history::{self, Expiry, SnapshotEntry};
use crate::iceberg_table::{ATTEMPTS, pause};
use crate::metadata::{self, State};
use crate::pointer::{Pointer, Seen, Swap};

/// Those of a state's snapshots that expire.
///
/// # Errors
/// [`Error::Corrupt`] where the names of snapshots cannot be read.
pub(crate) fn expired(state: &State, expiry: &Expiry) -> Result<Vec<SnapshotEntry>> {
    let named = history::named(&state.location, &state.metadata)?;
    let entries = history::entries(&state.metadata);
    Ok(expiry.expired(&entries, |id| named.contains(&id)).into_iter().cloned().collect())
}

/// An expiration at work.
pub(crate) struct Expiration<'a> {
    files: &'a Files,
    pointer: &'a Pointer,
    expiry: &'a Expiry,
    /// What was in an attempt of which it is not known whether it landed.
    unsure: BTreeMap<i64, SnapshotEntry>,
}

/// What became of an attempt.
enum Attempt {
    Done(Vec<SnapshotEntry>),
    Again,
}

impl<'a> Expiration<'a> {
    pub(crate) fn new(files: &'a Files, pointer: &'a Pointer, expiry: &'a Expiry) -> Self {
        Self { files, pointer, expiry, unsure: BTreeMap::new() }
    }

    /// Tries until all that expires is gone.
    pub(crate) async fn run(mut self) -> Result<Vec<SnapshotEntry>> {
        for attempt in 1..=ATTEMPTS {
            if let Attempt::Done(gone) = self.attempt().await? {
                return Ok(gone);
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(Error::Contended { table: self.pointer.location(), attempts: ATTEMPTS })
    }

    async fn attempt(&mut self) -> Result<Attempt> {
        let seen = self.pointer.read().await?;
        let Some(location) = &seen.metadata else { return Ok(Attempt::Done(Vec::new())) };
        let state = State::read(self.files, location).await?;
        let entries = expired(&state, self.expiry)?;
        let still = |id: &i64| state.metadata.snapshot_by_id(*id).is_some();
        let landed: Vec<SnapshotEntry> =
            self.unsure.iter().filter(|(id, _)| !still(id)).map(|(_, entry)| entry.clone()).collect();
        if entries.is_empty() {
            return Ok(Attempt::Done(landed));
        }
        let all = landed.into_iter().chain(entries.iter().cloned()).collect();
        self.remove(&seen, &state, entries, all).await
    }

    async fn remove(
        &mut self,
        seen: &Seen,
        state: &State,
        entries: Vec<SnapshotEntry>,
        all: Vec<SnapshotEntry>,
    ) -> Result<Attempt> {
        let corrupt = |reason: String| Error::Corrupt { location: state.location.clone(), reason };
        let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
        let next = metadata::without(&state.metadata, &state.location, &ids);
        let next = next.map_err(|e| corrupt(e.message().to_owned()))?;
        let location = metadata::next_location(state.metadata.location(), Some(&state.location));
        self.files.write(&location, metadata::encode(&next).map_err(corrupt)?).await?;
        match self.pointer.swap(seen, &location).await? {
            Swap::Done => return Ok(Attempt::Done(all)),
            Swap::Lost => self.files.remove(&[location]).await,
            Swap::Ambiguous(message) => {
                tracing::debug!(%message, "it is not known whether snapshots have expired");
                self.unsure.extend(entries.into_iter().map(|entry| (entry.id, entry)));
            }
        }
        Ok(Attempt::Again)
    }
}
