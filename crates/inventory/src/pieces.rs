//! An object read by pieces from a thread that may block, for formats that jump about in a file.
//!
//! A reader that takes whole column chunks holds a row group in memory, which in an inventory may be millions of rows.
//! Here a few pieces of a fixed size are kept, so that memory depends on neither.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use object_store::{GetOptions, GetRange, GetResultPayload};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Result};
use crate::pump::Source;

/// Bytes of a piece: enough that the latency of a request to an object store is small beside its transfer.
const PIECE: u64 = 2 << 20;

/// Bytes of a piece of a local file, which answers at once.
const LOCAL_PIECE: u64 = 128 << 10;

/// Pieces kept: one for each column that is read, and some more.
const KEPT: usize = 12;

type Request = (Range<u64>, oneshot::Sender<Result<Answer>>);

/// What a store gives.
enum Answer {
    Bytes(Bytes),
    /// A local file, which the thread then reads by itself: memory that one thread takes and another gives back costs
    /// some allocators dearly.
    File(File),
}

/// The object, for a thread that may block. Clones share the pieces.
#[derive(Clone)]
pub(crate) struct Pieces {
    shared: Arc<Shared>,
}

struct Shared {
    ask: mpsc::Sender<Request>,
    size: u64,
    /// Bytes of a piece, and how many are kept.
    piece: u64,
    most: usize,
    file: OnceLock<(File, Option<SystemTime>)>,
    /// The last one asked for is at the back.
    kept: Mutex<VecDeque<(u64, Bytes)>>,
    error: Mutex<Option<Error>>,
}

impl Pieces {
    /// Must be called within a Tokio runtime, which makes the requests.
    pub(crate) fn new(source: Source) -> Self {
        Self::sized(source, PIECE, KEPT)
    }

    /// As [`new`](Self::new), with pieces of so many bytes, of which so many are kept.
    pub(crate) fn sized(source: Source, piece: u64, most: usize) -> Self {
        let (ask, requests) = mpsc::channel(1);
        let size = source.meta.size;
        tokio::spawn(serve(source, requests));
        let shared = Shared {
            ask,
            size,
            piece: piece.max(1),
            most,
            file: OnceLock::new(),
            kept: Mutex::default(),
            error: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What the store said, where a read failed because of it.
    pub(crate) fn take_error(&self) -> Option<Error> {
        self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn range(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let end = start.checked_add(length).filter(|end| *end <= self.shared.size);
        let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        if length > self.piece_size()
            && let Some((file, modified)) = self.shared.file.get()
        {
            return self.read(file, *modified, &(start..end));
        }
        let first = self.from(start, end)?;
        if first.len() as u64 == length {
            return Ok(first);
        }
        let mut joined = BytesMut::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
        joined.extend_from_slice(&first);
        while (joined.len() as u64) < length {
            let at = start + joined.len() as u64;
            joined.extend_from_slice(&self.from(at, end)?);
        }
        Ok(joined.freeze())
    }

    /// Known once the store has given the first piece.
    fn piece_size(&self) -> u64 {
        match self.shared.file.get() {
            Some(_) => self.shared.piece.min(LOCAL_PIECE),
            None => self.shared.piece,
        }
    }

    /// Bytes from `at` to `end`, or to the end of their piece.
    fn from(&self, at: u64, end: u64) -> io::Result<Bytes> {
        let begin = at / self.piece_size() * self.piece_size();
        let piece = self.piece(begin)?;
        let to = (end - begin).min(piece.len() as u64);
        let range = usize::try_from(at - begin).ok().zip(usize::try_from(to).ok());
        let (from, to) = range.filter(|(from, to)| from <= to).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(piece.slice(from..to))
    }

    fn piece(&self, begin: u64) -> io::Result<Bytes> {
        let mut kept = self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = kept.iter().position(|(start, _)| *start == begin)
            && let Some(found) = kept.remove(place)
        {
            let bytes = found.1.clone();
            kept.push_back(found);
            return Ok(bytes);
        }
        let bytes = self.fetch(begin..(begin + self.piece_size()).min(self.shared.size))?;
        if kept.len() >= self.shared.most {
            kept.pop_front();
        }
        kept.push_back((begin, bytes.clone()));
        Ok(bytes)
    }

    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        if let Some((file, modified)) = self.shared.file.get() {
            return self.read(file, *modified, &range);
        }
        match self.request(range.clone())? {
            Answer::Bytes(bytes) => Ok(bytes),
            Answer::File(file) => {
                let modified = file.metadata()?.modified().ok();
                let (file, modified) = self.shared.file.get_or_init(|| (file, modified));
                self.read(file, *modified, &range)
            }
        }
    }

    /// A piece of a local file, which must be as it was.
    fn read(&self, mut file: &File, modified: Option<SystemTime>, range: &Range<u64>) -> io::Result<Bytes> {
        let now = file.metadata()?;
        if now.len() != self.shared.size || now.modified().ok() != modified {
            return Err(io::Error::other("the file was written to while it was read"));
        }
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        // Not zeroed beforehand: where a column of a stripe is read at once, that costs as much as reading it.
        let mut bytes = Vec::with_capacity(length);
        file.seek(SeekFrom::Start(range.start))?;
        file.take(range.end - range.start).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes.into())
    }

    fn request(&self, range: Range<u64>) -> io::Result<Answer> {
        let (reply, answer) = oneshot::channel();
        let gone = |_| io::Error::other("the runtime has ended");
        self.shared.ask.blocking_send((range, reply)).map_err(|_| gone(()))?;
        answer.blocking_recv().map_err(|_| gone(()))?.map_err(|error| {
            let message = error.to_string();
            *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            io::Error::other(message)
        })
    }
}

async fn serve(source: Source, mut requests: mpsc::Receiver<Request>) {
    while let Some((range, reply)) = requests.recv().await {
        let answer = get(&source, range).await;
        // Who asked may have gone.
        let _ = reply.send(answer);
    }
}

async fn get(source: &Source, range: Range<u64>) -> Result<Answer> {
    let read = |error| Error::Read { name: source.name.to_string(), source: error };
    let length = range.end - range.start;
    let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
    let answer = source.store.get_opts(&source.path, options).await.map_err(read)?;
    source.same(&answer.meta)?;
    let answer = match answer.payload {
        GetResultPayload::File(file, _) => return Ok(Answer::File(file)),
        GetResultPayload::Stream(_) => answer,
    };
    let bytes = answer.bytes().await.map_err(read)?;
    if bytes.len() as u64 != length {
        return Err(source.changed(format!("{} of {length} bytes came", bytes.len())));
    }
    Ok(Answer::Bytes(bytes))
}

/// Reads on from a place.
pub(crate) struct PieceReader {
    pieces: Pieces,
    at: u64,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.pieces.shared.size.min(self.at.saturating_add(buffer.len() as u64));
        if self.at >= end {
            return Ok(0);
        }
        let bytes = self.pieces.from(self.at, end)?;
        if let Some(room) = buffer.get_mut(..bytes.len()) {
            room.copy_from_slice(&bytes);
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl parquet::file::reader::Length for Pieces {
    fn len(&self) -> u64 {
        self.shared.size
    }
}

impl parquet::file::reader::ChunkReader for Pieces {
    type T = PieceReader;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(PieceReader { pieces: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.range(start, length as u64)?)
    }
}

impl orc_rust::reader::ChunkReader for Pieces {
    type T = PieceReader;

    fn len(&self) -> u64 {
        self.shared.size
    }

    fn get_read(&self, start: u64) -> io::Result<Self::T> {
        Ok(PieceReader { pieces: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: u64) -> io::Result<Bytes> {
        self.range(start, length)
    }
}

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
