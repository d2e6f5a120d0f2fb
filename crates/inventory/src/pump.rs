//! Bytes of an object on their way to a thread that may block and batches on their way back, a few of each at a time.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::batch::ObjectBatch;
use crate::error::{Error, Result};

/// Chunks of bytes under way.
const CHUNKS: usize = 8;

/// Batches under way.
const BATCHES: usize = 2;

/// An object to be read whole, as it was when it was opened.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    pub(crate) meta: ObjectMeta,
    pub(crate) name: Arc<str>,
}

type Chunk = Result<Bytes>;

/// Where a decoder puts its batches; false where no one wants more.
pub(crate) struct Sink(mpsc::Sender<Result<ObjectBatch>>);

impl Sink {
    pub(crate) fn send(&self, batch: Result<ObjectBatch>) -> bool {
        self.0.blocking_send(batch).is_ok()
    }
}

/// Runs `decode` on a thread that may block, fed with the object's bytes. Nothing is begun before the stream is
/// polled; dropping the stream ends it all.
pub(crate) fn batches<F>(source: Source, decode: F) -> BoxStream<'static, Result<ObjectBatch>>
where
    F: FnOnce(ByteReader, &Sink) + Send + 'static,
{
    stream::once(async move { start(source, decode) }).flatten().boxed()
}

fn start<F>(source: Source, decode: F) -> BoxStream<'static, Result<ObjectBatch>>
where
    F: FnOnce(ByteReader, &Sink) + Send + 'static,
{
    let (send_chunk, chunks) = mpsc::channel(CHUNKS);
    let (send_batch, batches) = mpsc::channel(BATCHES);
    let name = source.name.clone();
    tokio::spawn(feed(source, send_chunk, send_batch.clone()));
    let reader = ByteReader { chunks, current: Bytes::new(), error: None };
    let worker = tokio::task::spawn_blocking(move || decode(reader, &Sink(send_batch)));
    stream::unfold(Some((batches, worker, name)), next).boxed()
}

type Draining = (mpsc::Receiver<Result<ObjectBatch>>, JoinHandle<()>, Arc<str>);

/// The next batch. A decoder that ended by a panic is an error at the end, never a short listing.
async fn next(state: Option<Draining>) -> Option<(Result<ObjectBatch>, Option<Draining>)> {
    let (mut batches, worker, name) = state?;
    match batches.recv().await {
        Some(Ok(batch)) => Some((Ok(batch), Some((batches, worker, name)))),
        Some(Err(error)) => Some((Err(error), None)),
        None => match worker.await {
            Ok(()) => None,
            Err(error) => {
                Some((Err(Error::Worker { name: name.to_string(), message: error.to_string() }), None))
            }
        },
    }
}

/// Sends the object's bytes until all are sent or no one waits for batches any more.
async fn feed(source: Source, chunks: mpsc::Sender<Chunk>, batches: mpsc::Sender<Result<ObjectBatch>>) {
    let sending = async {
        if let Err(error) = send_all(&source, &chunks).await {
            // Where the decoder has ended first, its own word counts.
            let _ = chunks.send(Err(error)).await;
        }
    };
    tokio::select! {
        () = sending => {}
        () = batches.closed() => {}
    }
}

async fn send_all(source: &Source, chunks: &mpsc::Sender<Chunk>) -> Result<()> {
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let answer = source.store.get(&source.path).await.map_err(read)?;
    let (before, now) = (&source.meta, &answer.meta);
    if before.e_tag != now.e_tag || before.size != now.size {
        return Err(changed(source, "it is another version now than when it was opened".to_owned()));
    }
    let expected = now.size;
    let mut body = answer.into_stream();
    let mut sent = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(read)?;
        sent += chunk.len() as u64;
        if chunks.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
    if sent != expected {
        return Err(changed(source, format!("{sent} of {expected} bytes came")));
    }
    Ok(())
}

fn changed(source: &Source, message: String) -> Error {
    Error::Changed { name: source.name.to_string(), message }
}

/// The bytes, for a thread that may block.
pub(crate) struct ByteReader {
    chunks: mpsc::Receiver<Chunk>,
    current: Bytes,
    error: Option<Error>,
}

impl ByteReader {
    /// What the store said, where a read failed because of it.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }
}

impl Read for ByteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => self.current = chunk,
                Some(Err(error)) => {
                    let message = error.to_string();
                    self.error = Some(error);
                    return Err(io::Error::other(message));
                }
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        let chunk = self.current.split_to(count);
        if let Some(room) = buffer.get_mut(..count) {
            room.copy_from_slice(&chunk);
        }
        Ok(count)
    }
}
