//! From the listing to the intake: fetch, prepare, take in, with an eye on memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use earthcatalog_fetch::{Concurrency, Failure, Fetched, fetch_all};
use earthcatalog_hash_index::SeqSet;
use earthcatalog_model::{ObjectRef, Reason, Rejection};
use futures::{FutureExt, Stream, StreamExt, stream};

use crate::error::{Error, Result};
use crate::event::Event;
use crate::ingest::Job;
use crate::intake::Intake;
use crate::listing::{self, Counts, Listed};
use crate::parts::Parts;
use crate::prepare::{Batch, prepare_all};
use crate::worker::on_rayon;

/// Objects prepared in one go, by number and by bytes.
const CHUNK_OBJECTS: usize = 64;
const CHUNK_BYTES: usize = 4 << 20;

/// How often progress is told.
pub(crate) const TELL_EVERY: Duration = Duration::from_millis(200);

/// Lists, fetches and prepares everything, and gives it to the intake.
pub(crate) async fn feed(job: &Job<'_>, seqs: Option<Arc<SeqSet>>, intake: &mut Intake) -> Result<Listed> {
    let (listing, objects) = listing::start(&*job.parts.inventory, job.filter(), seqs);
    let concurrency = Concurrency { requests: job.options.concurrency, memory: intake.fetch_budget() };
    let fetched = fetch_all(job.parts.fetch.clone(), objects, concurrency);
    let workers = rayon::current_num_threads() * 2;
    let prepared = chunks(fetched).map(|chunk| prepare(chunk, job.parts)).buffer_unordered(workers);
    let mut prepared = std::pin::pin!(prepared);
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

/// Some answers of the fetcher.
type Chunk = Vec<(ObjectRef, std::result::Result<Fetched, Failure>)>;

/// Groups what is there already, so that a slow store does not hold back what has come, up to a number and a size.
fn chunks(
    fetched: impl Stream<Item = (ObjectRef, std::result::Result<Fetched, Failure>)> + Unpin,
) -> impl Stream<Item = Chunk> {
    stream::unfold(fetched, |mut fetched| async move {
        let mut chunk = vec![fetched.next().await?];
        let mut bytes = 0;
        while chunk.len() < CHUNK_OBJECTS && bytes < CHUNK_BYTES {
            let Some(Some(next)) = fetched.next().now_or_never() else { break };
            bytes += next.1.as_ref().map_or(0, |f| f.body.len());
            chunk.push(next);
        }
        Some((chunk, fetched))
    })
}

async fn prepare(chunk: Chunk, parts: &Parts) -> Result<Batch> {
    let mut bodies = Vec::with_capacity(chunk.len());
    let mut rejected = Vec::new();
    for (object, answer) in chunk {
        match answer {
            Ok(fetched) => bodies.push(fetched),
            Err(failure) => rejected.push(rejection(object, failure)?),
        }
    }
    let (grid, href) = (parts.grid.clone(), parts.href.clone());
    let mut batch = on_rayon(move || prepare_all(bodies, &*grid, &*href)).await?;
    batch.rejected.append(&mut rejected);
    Ok(batch)
}

/// What could not be fetched though it was tried again is rejected, by name; only a fatal failure ends the run.
fn rejection(object: ObjectRef, failure: Failure) -> Result<Rejection> {
    match failure {
        Failure::Rejected(rejection) => Ok(rejection),
        Failure::Fatal { message, hint } => Err(Error::Fetch { message, hint }),
        retryable => Ok(Rejection::new(object, Reason::Unreadable, retryable.to_string())),
    }
}
