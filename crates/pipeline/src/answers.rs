//! The fetcher's answers, some at a time, made into items, rejections and what is still pending.

use std::sync::Arc;

use earthcatalog_fetch::{Failure, Fetched};
use earthcatalog_grid::Grid;
use earthcatalog_model::ObjectRef;
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt, stream};

use crate::error::{Error, Result};
use crate::parts::{Href, Parts};
use crate::prepare::{Batch, Pending, prepare_all};
use crate::worker::on_rayon;

/// Objects prepared in one go, by number and by bytes.
const CHUNK_OBJECTS: usize = 64;
const CHUNK_BYTES: usize = 4 << 20;

/// An answer of the fetcher.
type Answer = (ObjectRef, std::result::Result<Fetched, Failure>);

/// Prepares the answers of the fetcher, as they come.
pub(crate) fn prepared(
    fetched: BoxStream<'static, Answer>,
    parts: &Parts,
) -> BoxStream<'static, Result<Batch>> {
    let (grid, href) = (parts.grid.clone(), parts.href.clone());
    let workers = rayon::current_num_threads() * 2;
    chunks(fetched)
        .map(move |chunk| prepare(chunk, grid.clone(), href.clone()))
        .buffer_unordered(workers)
        .boxed()
}

/// Groups what is there already, so that a slow store does not hold back what has come, up to a number and a size.
fn chunks(fetched: BoxStream<'static, Answer>) -> impl Stream<Item = Vec<Answer>> {
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

/// Prepares them on rayon's threads. Only a fatal failure is an error.
async fn prepare(chunk: Vec<Answer>, grid: Arc<dyn Grid>, href: Arc<dyn Href>) -> Result<Batch> {
    let mut bodies = Vec::with_capacity(chunk.len());
    let mut failed = Batch::default();
    for (object, answer) in chunk {
        match answer {
            Ok(fetched) => bodies.push(fetched),
            Err(failure) => note(object, failure, &mut failed)?,
        }
    }
    let mut batch = on_rayon(move || prepare_all(bodies, &*grid, &*href)).await?;
    batch.rejected.append(&mut failed.rejected);
    batch.pending = failed.pending;
    Ok(batch)
}

fn note(object: ObjectRef, failure: Failure, batch: &mut Batch) -> Result<()> {
    match failure {
        Failure::Rejected(rejection) => batch.rejected.push(rejection),
        Failure::Fatal { message, hint } => return Err(Error::Fetch { message, hint }),
        retryable => batch.pending.push(Pending { object, message: retryable.to_string() }),
    }
    Ok(())
}
