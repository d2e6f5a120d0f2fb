//! Bytes of an object on their way to a thread that may block and batches on their way back, a few of each at a time.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;

use crate::batch::ObjectBatch;
use crate::checksum::{Digest, Expected};
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
    /// What its bytes must hash to, where that is known.
    pub(crate) md5: Option<Arc<Expected>>,
}

impl Source {
    /// Checks that what the store gives is the version that was opened.
    pub(crate) fn same(&self, now: &ObjectMeta) -> Result<()> {
        if self.meta.e_tag == now.e_tag && self.meta.size == now.size {
            return Ok(());
        }
        Err(self.changed("it is another version now than when it was opened".to_owned()))
    }

    /// The checksum that is still to be compared.
    pub(crate) fn to_meet(&self) -> Option<Arc<Expected>> {
        self.md5.clone().filter(|expected| !expected.is_met())
    }

    pub(crate) fn changed(&self, message: String) -> Error {
        Error::Changed { name: self.name.to_string(), message }
    }
}

type Chunk = Result<Bytes>;

/// Where a decoder puts its batches; false where no one wants more.
pub(crate) struct Sink(mpsc::Sender<Result<ObjectBatch>>);

impl Sink {
    pub(crate) fn send(&self, batch: Result<ObjectBatch>) -> bool {
        self.0.blocking_send(batch).is_ok()
    }
}

/// Runs `decode` on a thread of its own, fed with the object's bytes. Nothing is begun before the stream is polled;
/// dropping the stream ends it all.
pub(crate) fn batches<F>(source: Source, decode: F) -> BoxStream<'static, Result<ObjectBatch>>
where
    F: FnOnce(ByteReader, &Sink) + Send + 'static,
{
    let name = source.name.clone();
    work(name, move |send_batch| {
        let (send_chunk, chunks) = mpsc::channel(CHUNKS);
        tokio::spawn(feed(source, send_chunk, send_batch));
        let reader = ByteReader { chunks, current: Bytes::new(), error: None };
        move |sink: &Sink| decode(reader, sink)
    })
}

/// Runs what `prepare` gives on a thread of its own. `prepare` is called within the runtime, once the stream is polled.
///
/// The thread is none of the runtime's: those are few, local files are read on them, and a decoder waits for reads.
pub(crate) fn work<P, F>(name: Arc<str>, prepare: P) -> BoxStream<'static, Result<ObjectBatch>>
where
    P: FnOnce(mpsc::Sender<Result<ObjectBatch>>) -> F + Send + 'static,
    F: FnOnce(&Sink) + Send + 'static,
{
    stream::once(async move { start(name, prepare) }).flatten().boxed()
}

fn start<P, F>(name: Arc<str>, prepare: P) -> BoxStream<'static, Result<ObjectBatch>>
where
    P: FnOnce(mpsc::Sender<Result<ObjectBatch>>) -> F,
    F: FnOnce(&Sink) + Send + 'static,
{
    let (send, batches) = mpsc::channel(BATCHES);
    let decode = prepare(send.clone());
    let thread = Builder::new().name("earthcatalog-inventory".to_owned());
    match thread.spawn(move || decode(&Sink(send))) {
        Ok(worker) => stream::unfold(Some((batches, worker, name)), next).boxed(),
        Err(error) => stream::iter([Err(ended(&name, error.to_string()))]).boxed(),
    }
}

type Draining = (mpsc::Receiver<Result<ObjectBatch>>, JoinHandle<()>, Arc<str>);

/// The next batch. A decoder that ended by a panic is an error at the end, never a short listing.
async fn next(state: Option<Draining>) -> Option<(Result<ObjectBatch>, Option<Draining>)> {
    let (mut batches, worker, name) = state?;
    match batches.recv().await {
        Some(Ok(batch)) => Some((Ok(batch), Some((batches, worker, name)))),
        Some(Err(error)) => Some((Err(error), None)),
        // Its sender is gone: the thread ends now, and joining it does not wait.
        None => match worker.join() {
            Ok(()) => None,
            Err(_) => Some((Err(ended(&name, "it panicked".to_owned())), None)),
        },
    }
}

fn ended(name: &str, message: String) -> Error {
    Error::Worker { name: name.to_owned(), message }
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
    source.same(&answer.meta)?;
    let expected = answer.meta.size;
    let mut digest = source.to_meet().map(Digest::new);
    let mut body = answer.into_stream();
    let mut sent = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(read)?;
        sent += chunk.len() as u64;
        digest.iter_mut().for_each(|digest| digest.update(&chunk));
        if chunks.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
    if sent != expected {
        return Err(source.changed(format!("{sent} of {expected} bytes came")));
    }
    digest.map_or(Ok(()), |digest| digest.finish(&source.name))
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
