//! Bytes made on a thread of their own, some blocks ahead of who reads them: to decompress a listing takes as long as to
//! make objects of it.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Bytes of a block: they stay in a cache that the processor's cores share.
const BLOCK: usize = 256 << 10;

/// Blocks that wait to be read.
const WAITING: usize = 2;

/// What is made: some bytes, none at the end.
type Made = io::Result<Vec<u8>>;

/// Reads what a thread makes. Where this is dropped, the thread ends with the block that it is making.
pub(crate) struct Ahead {
    /// None once it has been waited for. Else it ends by itself, as soon as nobody takes what it makes.
    thread: Option<JoinHandle<()>>,
    made: Receiver<Made>,
    /// Blocks that were read, for the thread to use again.
    read: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Ahead {
    /// Has a thread read from `source`.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn of(source: impl Read + Send + 'static) -> io::Result<Self> {
        let (send, made) = sync_channel(WAITING);
        let (read, again) = channel();
        let thread = Builder::new().name("earthcatalog-bytes".to_owned());
        let thread = Some(thread.spawn(move || make(source, &send, &again))?);
        Ok(Self { thread, made, read, block: Vec::new(), at: 0, ended: false })
    }

    /// The next block; an empty one at the end.
    fn next(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            // Where the thread has ended, nobody wants it.
            let _ = self.read.send(std::mem::take(&mut self.block));
        }
        self.at = 0;
        self.block = match self.made.recv() {
            Ok(made) => made?,
            Err(_) => return self.gone(),
        };
        self.ended = self.block.is_empty();
        Ok(())
    }

    /// A thread that ends without a word has panicked, and what came of it is not all: whoever waits for it ends likewise.
    fn gone(&mut self) -> io::Result<()> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            // Behind an error, which has been told.
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() && !self.ended {
            self.next()?;
        }
        let mut rest = self.block.get(self.at..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

/// Reads to the end or the first error, or until nobody wants more.
fn make(mut source: impl Read, send: &SyncSender<Made>, again: &Receiver<Vec<u8>>) {
    loop {
        let block = again.try_recv().unwrap_or_default();
        let (block, error) = fill(&mut source, block);
        let is_last = block.is_empty() || error.is_some();
        // What was read before an error comes before it.
        let blocks = (!block.is_empty() || error.is_none()).then_some(Ok(block));
        for made in blocks.into_iter().chain(error.map(Err)) {
            if send.send(made).is_err() {
                return;
            }
        }
        if is_last {
            return;
        }
    }
}

/// Fills a block as far as the source goes.
fn fill(source: &mut impl Read, mut block: Vec<u8>) -> (Vec<u8>, Option<io::Error>) {
    block.resize(BLOCK, 0);
    let (mut filled, mut error) = (0, None);
    while let Some(room) = block.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(failed) if failed.kind() == io::ErrorKind::Interrupted => {}
            Err(failed) => {
                error = Some(failed);
                break;
            }
        }
    }
    block.truncate(filled);
    (block, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its parts one after another, then what it ends with.
    struct Parts(Vec<Vec<u8>>, Option<&'static str>);

    impl Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(part) = self.0.first_mut() else {
                return self.1.take().map_or(Ok(0), |message| Err(io::Error::other(message)));
            };
            let count = part.as_slice().read(buffer)?;
            part.drain(..count);
            self.0.retain(|part| !part.is_empty());
            Ok(count)
        }
    }

    fn parts() -> Vec<Vec<u8>> {
        (1..200_usize).map(|i| vec![i as u8; i * 97]).collect()
    }

    #[test]
    fn all_bytes_come_in_their_order() {
        let mut read = Vec::new();
        Ahead::of(Parts(parts(), None)).unwrap().read_to_end(&mut read).unwrap();
        assert!(read == parts().concat());
        assert_eq!(Ahead::of(io::empty()).unwrap().read_to_end(&mut read).unwrap(), 0);
    }

    #[test]
    fn an_error_comes_behind_what_came_before_it() {
        let mut read = Vec::new();
        let mut ahead = Ahead::of(Parts(parts(), Some("broken"))).unwrap();
        let error = ahead.read_to_end(&mut read).unwrap_err();
        assert!(read == parts().concat());
        assert_eq!(error.to_string(), "broken");
    }

    #[test]
    fn a_panic_is_no_end() {
        struct Panics;
        impl Read for Panics {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                resume_unwind(Box::new("it panicked"))
            }
        }
        let mut ahead = Ahead::of(Panics).unwrap();
        let reading = std::thread::spawn(move || ahead.read_to_end(&mut Vec::new()).is_ok());
        assert_eq!(reading.join().unwrap_err().downcast_ref::<&str>(), Some(&"it panicked"));
    }

    #[test]
    fn nobody_reads_on_where_nobody_listens() {
        struct Counts(Sender<()>);
        impl Read for Counts {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.send(()).map_err(io::Error::other)?;
                Ok(buffer.len())
            }
        }
        let (send, counted) = channel();
        let mut ahead = Ahead::of(Counts(send)).unwrap();
        ahead.read_exact(&mut [0; 8]).unwrap();
        drop(ahead);
        // The other end of the channel goes with the thread.
        assert!(counted.iter().count() <= WAITING + 3);
    }
}
