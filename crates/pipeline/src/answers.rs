//! The fetcher's answers, some at a time, made into items, rejections and what is still pending.

use earthcatalog_fetch::{Failure, Fetched};
use earthcatalog_model::ObjectRef;
use futures::{FutureExt, Stream, StreamExt, stream};

use crate::error::{Error, Result};
use crate::parts::Parts;
use crate::prepare::{Batch, Pending, prepare_all};
use crate::worker::on_rayon;

/// Objects prepared in one go, by number and by bytes.
const CHUNK_OBJECTS: usize = 64;
const CHUNK_BYTES: usize = 4 << 20;

/// Some answers of the fetcher.
pub(crate) type Chunk = Vec<(ObjectRef, std::result::Result<Fetched, Failure>)>;

/// Groups what is there already, so that a slow store does not hold back what has come, up to a number and a size.
pub(crate) fn chunks(
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

/// Prepares them on rayon's threads. Only a fatal failure is an error.
pub(crate) async fn prepare(chunk: Chunk, parts: &Parts) -> Result<Batch> {
    let mut bodies = Vec::with_capacity(chunk.len());
    let mut failed = Batch::default();
    for (object, answer) in chunk {
        match answer {
            Ok(fetched) => bodies.push(fetched),
            Err(failure) => note(object, failure, &mut failed)?,
        }
    }
    let (grid, href) = (parts.grid.clone(), parts.href.clone());
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
