//! The inventory, read in a task of its own: lines are filtered there, what is left flows into the fetcher.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use earthcatalog_hash_index::SeqSet;
use earthcatalog_inventory::{Filter, Inventory, ObjectBatch, Selector, Verdict};
use earthcatalog_model::ObjectRef;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};

/// Batches of objects between the reader of the inventory and the fetcher.
const BATCHES_AHEAD: usize = 2;

/// The lines so far.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) listed: AtomicU64,
    pub(crate) selected: AtomicU64,
    pub(crate) done: AtomicBool,
}

/// How the listing ended.
pub(crate) struct Listed {
    pub(crate) listed: u64,
    pub(crate) filtered: u64,
    /// What the filters wanted and what the inventory has, for the error that nothing passed.
    pub(crate) summary: String,
}

impl Listed {
    pub(crate) fn of(selector: &Selector) -> Self {
        Self { listed: selector.listed(), filtered: selector.filtered(), summary: selector.summary() }
    }
}

/// A listing being read.
pub(crate) struct Listing {
    pub(crate) counts: Arc<Counts>,
    task: JoinHandle<Result<Listed>>,
}

/// Starts to read. The stream ends early where reading fails; [`Listing::finish`] then says why.
pub(crate) fn start(
    inventory: &dyn Inventory,
    filter: Filter,
    seqs: Option<Arc<SeqSet>>,
) -> (Listing, impl Stream<Item = ObjectRef> + Send + 'static) {
    let (send, receive) = mpsc::channel(BATCHES_AHEAD);
    let counts = Arc::new(Counts::default());
    let task = tokio::spawn(read(inventory.batches_for(&filter), filter, seqs, counts.clone(), send));
    let batches =
        stream::unfold(receive, |mut receive| async { receive.recv().await.map(|batch| (batch, receive)) });
    (Listing { counts, task }, batches.flat_map(|batch: Vec<ObjectRef>| stream::iter(batch)))
}

impl Listing {
    /// Waits for the end.
    ///
    /// # Errors
    /// Where the inventory could not be read to its end (or to the limit).
    pub(crate) async fn finish(self) -> Result<Listed> {
        self.task.await.map_err(|e| Error::Worker(e.to_string()))?
    }
}

async fn read(
    mut batches: BoxStream<'static, earthcatalog_inventory::Result<ObjectBatch>>,
    filter: Filter,
    seqs: Option<Arc<SeqSet>>,
    counts: Arc<Counts>,
    send: mpsc::Sender<Vec<ObjectRef>>,
) -> Result<Listed> {
    let mut selector = filter.start();
    let mut ended = false;
    while let Some(batch) = batches.next().await {
        if ended {
            break;
        }
        let batch = batch?;
        selector.left_out(&batch);
        let mut selected = Vec::new();
        ended = select(&batch, &mut selector, seqs.as_deref(), &mut selected);
        counts.listed.store(selector.listed(), Ordering::Relaxed);
        counts.selected.fetch_add(selected.len() as u64, Ordering::Relaxed);
        if !selected.is_empty() && send.send(selected).await.is_err() {
            // The run has ended without us.
            break;
        }
    }
    counts.done.store(true, Ordering::Relaxed);
    Ok(Listed::of(&selector))
}

/// Takes what passes; true where the limit is reached.
fn select(
    batch: &ObjectBatch,
    selector: &mut Selector,
    seqs: Option<&SeqSet>,
    selected: &mut Vec<ObjectRef>,
) -> bool {
    for i in 0..batch.len() {
        let object = batch.get(i);
        match selector.take(&object) {
            Verdict::Take => {
                // Counted as when they were compared with the index.
                let seq = selector.taken() - 1;
                if seqs.is_none_or(|seqs| seqs.contains(seq)) {
                    selected.push(object.to_ref());
                }
            }
            Verdict::Skip(_) => {}
            Verdict::End => return true,
        }
    }
    false
}
