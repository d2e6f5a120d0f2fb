//! Which objects of an inventory a run has to fetch: all, or those that the index does not know as they are now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use earthcatalog_hash_index::{
    CompareOptions, Difference, Fate, Listed as Line, Listing, ListingOptions, ObjectRow, SeqSet,
};
use earthcatalog_model::{IdHash, KeyHash};
use futures::StreamExt;

use crate::error::{Error, Result};
use crate::ingest::Job;
use crate::known::Known;
use crate::listing::Listed;
use crate::options::Mode;

/// See the module.
#[derive(Default)]
pub(crate) struct Selection {
    /// The numbers of the objects to fetch, among those that pass the filters; None: all.
    pub(crate) seqs: Option<Arc<SeqSet>>,
    /// How the listing ended; None if it is yet to be read.
    pub(crate) listed: Option<Listed>,
    /// Objects that the index knows, as they are or newer.
    pub(crate) known: u64,
    /// Lines that list an object again.
    pub(crate) duplicates: u64,
    /// The ids of objects that have changed since.
    pub(crate) before: HashMap<KeyHash, IdHash>,
    /// Objects that are no longer listed.
    pub(crate) gone: Vec<KeyHash>,
    /// Ids whose object is among them.
    pub(crate) lost: HashSet<IdHash>,
}

impl Selection {
    /// True if nothing is to be fetched.
    pub(crate) fn is_empty(&self) -> bool {
        self.seqs.as_ref().is_some_and(|seqs| seqs.is_empty())
    }

    fn note(&mut self, difference: Difference) {
        match difference {
            Difference::Changed { old, .. } | Difference::Retry { old, .. } => {
                self.before.extend(owner(&old).map(|id| (old.key, id)));
            }
            Difference::Gone { old } => {
                self.lost.extend(owner(&old));
                self.gone.push(old.key);
            }
            Difference::New { .. } | Difference::Older { .. } => {}
        }
    }
}

/// The id whose rows are of this object.
fn owner(row: &ObjectRow) -> Option<IdHash> {
    row.id.filter(|_| matches!(row.fate, Fate::Ingested | Fate::Rejected))
}

/// Reads the listing and compares it with the index.
pub(crate) async fn select(job: &Job<'_>, known: &Known) -> Result<Selection> {
    let (listing, listed) = read(job).await?;
    let options =
        CompareOptions { retry_rejected: job.options.retry_rejected, gone: job.run.mode == Mode::Sync };
    let mut selection = Selection { listed: Some(listed), ..Selection::default() };
    let mut comparison = listing.compare(&known.objects, options);
    while let Some(differences) = comparison.next().await? {
        differences.into_iter().for_each(|difference| selection.note(difference));
    }
    let outcome = comparison.finish().await?;
    selection.known = outcome.tally.known() + outcome.tally.older;
    selection.duplicates = outcome.tally.duplicates;
    selection.seqs = Some(Arc::new(outcome.selected));
    Ok(selection)
}

async fn read(job: &Job<'_>) -> Result<(Listing, Listed)> {
    let mut listing =
        Listing::new(ListingOptions { memory: job.options.memory / 4, ..ListingOptions::default() });
    let filter = job.filter();
    let mut selector = filter.start();
    let mut batches = job.parts.inventory.batches_for(&filter);
    while let Some(batch) = batches.next().await {
        if job.options.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let batch = batch?;
        selector.left_out(&batch);
        for object in batch.iter() {
            match selector.take(&object) {
                earthcatalog_inventory::Verdict::Take => {
                    let key = KeyHash::of(object.bucket(), object.key());
                    let line = Line { key, last_modified: object.last_modified(), etag: object.etag() };
                    listing.push(&line)?;
                }
                earthcatalog_inventory::Verdict::Skip(_) => {}
                earthcatalog_inventory::Verdict::End => break,
            }
        }
        if selector.is_done() {
            break;
        }
    }
    Ok((listing, Listed::of(&selector)))
}
