//! Bytes of an object on their way to a thread that may block and batches on their way back, a few of each at a time.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;

use crate::batch::ObjectBatch;
use crate::checksum::{Digest, Expected};
use crate::error::{Error, Result};

/// Chunks of bytes under way.
const CHUNKS: usize = 8;

/// Times that batches were handed on and not taken yet.
const BATCHES: usize = 2;

/// Batches that are handed on together.
pub(crate) type Batches = Result<Vec<ObjectBatch>>;

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

/// What the store gives.
enum Chunk {
    Bytes(Bytes),
    /// A local file, which the decoder's thread reads by itself: handing it over in small chunks costs more than reading it.
    File(File, Box<Received>),
}

/// Where a decoder puts its batches; false where no one wants more.
pub(crate) struct Sink(mpsc::Sender<Batches>);

impl Sink {
    pub(crate) fn send(&self, batch: Result<ObjectBatch>) -> bool {
        self.send_all(batch.map(|batch| vec![batch]))
    }

    /// Whoever waits is woken once for all of them.
    pub(crate) fn send_all(&self, batches: Batches) -> bool {
        self.0.blocking_send(batches).is_ok()
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
        let reader = ByteReader { chunks, current: Bytes::new(), file: None, error: None };
        move |sink: &Sink| decode(reader, sink)
    })
}

/// Runs what `prepare` gives on a thread of its own. `prepare` is called within the runtime, once the stream is polled.
///
/// The thread is none of the runtime's: those are few, local files are read on them, and a decoder waits for reads.
pub(crate) fn work<P, F>(name: Arc<str>, prepare: P) -> BoxStream<'static, Result<ObjectBatch>>
where
    P: FnOnce(mpsc::Sender<Batches>) -> F + Send + 'static,
    F: FnOnce(&Sink) + Send + 'static,
{
    stream::once(async move { start(name, prepare) }).flatten().boxed()
}

fn start<P, F>(name: Arc<str>, prepare: P) -> BoxStream<'static, Result<ObjectBatch>>
where
    P: FnOnce(mpsc::Sender<Batches>) -> F,
    F: FnOnce(&Sink) + Send + 'static,
{
    let (send, batches) = mpsc::channel(BATCHES);
    let decode = prepare(send.clone());
    let thread = Builder::new().name("earthcatalog-inventory".to_owned());
    match thread.spawn(move || decode(&Sink(send))) {
        Ok(worker) => stream::unfold(Some((batches, worker, name)), next).map_ok(each).try_flatten().boxed(),
        Err(error) => stream::iter([Err(ended(&name, error.to_string()))]).boxed(),
    }
}

/// One by one.
fn each(batches: Vec<ObjectBatch>) -> impl Stream<Item = Result<ObjectBatch>> {
    stream::iter(batches.into_iter().map(Ok))
}

type Draining = (mpsc::Receiver<Batches>, JoinHandle<()>, Arc<str>);

/// The next batches. A decoder that ended by a panic is an error at the end, never a short listing.
async fn next(state: Option<Draining>) -> Option<(Batches, Option<Draining>)> {
    let (mut batches, worker, name) = state?;
    match batches.recv().await {
        Some(Ok(together)) => Some((Ok(together), Some((batches, worker, name)))),
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
async fn feed(source: Source, chunks: mpsc::Sender<Result<Chunk>>, batches: mpsc::Sender<Batches>) {
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

async fn send_all(source: &Source, chunks: &mpsc::Sender<Result<Chunk>>) -> Result<()> {
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let answer = source.store.get(&source.path).await.map_err(read)?;
    source.same(&answer.meta)?;
    let mut received = Received::none_of(source, answer.meta.size);
    let answer = match answer.payload {
        GetResultPayload::File(file, _) => {
            // Where no one waits any more, nothing is read.
            let _ = chunks.send(Ok(Chunk::File(file, Box::new(received)))).await;
            return Ok(());
        }
        GetResultPayload::Stream(_) => answer,
    };
    let mut body = answer.into_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(read)?;
        received.take(&chunk);
        if chunks.send(Ok(Chunk::Bytes(chunk))).await.is_err() {
            return Ok(());
        }
    }
    received.finish()
}

/// What has come of an object so far.
struct Received {
    source: Source,
    expected: u64,
    bytes: u64,
    digest: Option<Digest>,
}

impl Received {
    fn none_of(source: &Source, expected: u64) -> Self {
        let digest = source.to_meet().map(Digest::new);
        Self { source: source.clone(), expected, bytes: 0, digest }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.digest.iter_mut().for_each(|digest| digest.update(bytes));
    }

    /// At the end: it must be as long as was said, and have its checksum.
    fn finish(self) -> Result<()> {
        if self.bytes != self.expected {
            let message = format!("{} of {} bytes came", self.bytes, self.expected);
            return Err(self.source.changed(message));
        }
        self.digest.map_or(Ok(()), |digest| digest.finish(&self.source.name))
    }
}

/// The bytes, for a thread that may block.
pub(crate) struct ByteReader {
    chunks: mpsc::Receiver<Result<Chunk>>,
    current: Bytes,
    file: Option<(File, Received)>,
    error: Option<Error>,
}

impl ByteReader {
    /// What the store said, where a read failed because of it.
    pub(crate) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    fn failed(&mut self, error: Error) -> io::Error {
        let message = error.to_string();
        self.error = Some(error);
        io::Error::other(message)
    }

    /// Reads on in the file; None where there is none, or its end was reached.
    fn read_file(&mut self, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        let (file, received) = self.file.as_mut()?;
        match file.read(buffer) {
            Ok(0) if !buffer.is_empty() => {
                let (_, received) = self.file.take()?;
                received.finish().err().map(|error| Err(self.failed(error)))
            }
            Ok(count) => {
                received.take(buffer.get(..count).unwrap_or_default());
                Some(Ok(count))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Some(Err(error)),
            Err(error) => {
                let name = received.source.name.to_string();
                let source = object_store::Error::Generic { store: "LocalFileSystem", source: error.into() };
                self.file = None;
                Some(Err(self.failed(Error::Read { name, source })))
            }
        }
    }
}

impl Read for ByteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if let Some(read) = self.read_file(buffer) {
                return read;
            }
            match self.chunks.blocking_recv() {
                Some(Ok(Chunk::Bytes(chunk))) => self.current = chunk,
                Some(Ok(Chunk::File(file, received))) => self.file = Some((file, *received)),
                Some(Err(error)) => return Err(self.failed(error)),
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

#[cfg(test)]
#[path = "pump_tests.rs"]
mod tests;
