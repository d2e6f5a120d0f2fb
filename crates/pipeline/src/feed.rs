//! From the listing to the intake: fetch, prepare, take in, with an eye on memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use earthcatalog_fetch::{Concurrency, fetch_all};
use earthcatalog_hash_index::SeqSet;
use futures::StreamExt;

use crate::answers::prepared;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::ingest::Job;
use crate::intake::Intake;
use crate::listing::{self, Counts, Listed};
use crate::prepare::{Batch, Pending};

/// How often progress is told.
pub(crate) const TELL_EVERY: Duration = Duration::from_millis(200);

/// Lists, fetches and prepares everything, and gives it to the intake.
pub(crate) async fn feed(job: &Job<'_>, seqs: Option<Arc<SeqSet>>, intake: &mut Intake) -> Result<Listed> {
    let (listing, objects) = listing::start(&*job.parts.inventory, job.filter(), seqs);
    let concurrency = Concurrency { requests: job.options.concurrency, memory: intake.fetch_budget() };
    let fetched = fetch_all(job.parts.fetch.clone(), objects, concurrency);
    let mut prepared = prepared(fetched, job.parts);
    let mut told = Instant::now();
    loop {
        if job.options.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        tokio::select! {
            biased;
            written = intake.written(), if intake.is_writing() => written?,
            batch = prepared.next(), if !intake.is_full() => match batch {
                Some(batch) => take_in(job, intake, batch?)?,
                None => break,
            },
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            tell(job, intake, &listing.counts);
        }
    }
    tell(job, intake, &listing.counts);
    listing.finish().await
}

fn take_in(job: &Job<'_>, intake: &mut Intake, mut batch: Batch) -> Result<()> {
    // A run that asks only once gives up what it could not have.
    let given_up = std::mem::take(&mut batch.pending).into_iter().map(Pending::given_up);
    batch.rejected.extend(given_up);
    intake.progress.rejected += batch.rejected.len() as u64;
    for rejection in &batch.rejected {
        job.observer.on_event(&Event::Rejected(rejection));
    }
    let rejected = std::mem::take(&mut batch.rejected);
    intake.progress.fetched += rejected.len() as u64;
    for rejection in rejected {
        intake.reject(rejection)?;
    }
    intake.take_in(batch)
}

fn tell(job: &Job<'_>, intake: &mut Intake, counts: &Counts) {
    intake.progress.listed = counts.listed.load(Ordering::Relaxed);
    intake.progress.selected = counts.selected.load(Ordering::Relaxed);
    intake.progress.listing_done = counts.done.load(Ordering::Relaxed);
    job.observer.on_event(&Event::Progress(intake.progress));
}
