//! Superseded objects that come back: those of an id whose object is gone from the inventory.

use earthcatalog_model::IdHash;

use crate::error::Result;
use crate::extsort::Sorter;
use crate::listing::ListingOptions;

/// The part of a listing's memory that this takes.
const SHARE: u64 = 8;

/// What sorts first of an id: that it was lost. Then come the objects that wait for that.
const LOST: u8 = 0;
const WAITS: u8 = 1;

/// Takes ids that were lost and objects that wait, in any order.
pub(crate) struct Returning {
    sorter: Sorter,
}

impl Returning {
    pub(crate) fn new(options: &ListingOptions) -> Self {
        Self { sorter: Sorter::new(options.memory / SHARE, options.dir.clone()) }
    }

    /// Notes that the object which the id was ingested from is gone.
    pub(crate) fn lost(&mut self, id: &IdHash) -> Result<()> {
        self.sorter.push(&record(id, LOST, 0))
    }

    /// Notes that a listed object of that id was superseded.
    pub(crate) fn waits(&mut self, id: &IdHash, seq: u64) -> Result<()> {
        self.sorter.push(&record(id, WAITS, seq))
    }

    /// Tells the number of every object that waited for an id that was lost.
    pub(crate) fn finish(self, mut returns: impl FnMut(u64)) -> Result<()> {
        let mut sorted = self.sorter.finish()?;
        let mut lost = None;
        while let Some((id, kind, seq)) = sorted.next()?.and_then(parse) {
            if kind == LOST {
                lost = Some(id);
            } else if lost == Some(id) {
                returns(seq);
            }
        }
        Ok(())
    }
}

fn record(id: &IdHash, kind: u8, seq: u64) -> Vec<u8> {
    let mut record = Vec::with_capacity(25);
    record.extend_from_slice(&id.0);
    record.push(kind);
    record.extend_from_slice(&seq.to_be_bytes());
    record
}

fn parse(record: &[u8]) -> Option<([u8; 16], u8, u64)> {
    let (id, rest) = record.split_first_chunk()?;
    let (kind, seq) = rest.split_first()?;
    Some((*id, *kind, u64::from_be_bytes(seq.try_into().ok()?)))
}
