//! Sections side by side against a text that is read at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use proptest::prelude::*;

use super::*;
use crate::build::Row;
use crate::pump;

/// Records that a full stop ends, wherever lines end: an object of each, whose key it is. One that begins with `!` is none.
struct Stops;

impl Rows for Stops {
    fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed {
        let builder = &mut worker.builder;
        let mut at = section.start;
        builder.begin(&section.text);
        loop {
            let rest = &section.text.bytes()[at..];
            let end = match rest.iter().position(|byte| *byte == b'.') {
                Some(end) => end + 1,
                None if section.is_last && !rest.is_empty() => rest.len(),
                None => return Parsed::of(section).end(section, builder, at, None),
            };
            if rest[0] == b'!' {
                return Parsed::of(section).end(section, builder, at, Some("it is none".to_owned()));
            }
            let key = std::str::from_utf8(&rest[..end]).unwrap();
            builder.push(&Row { bucket: "b", key, ..Row::default() });
            at += end;
        }
    }
}

/// Gives so many bytes at a time, and then what it ends with.
#[derive(Clone)]
struct Parts<'a>(&'a [u8], usize, Option<&'static str>);

impl Read for Parts<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return self.2.map_or(Ok(0), |message| Err(io::Error::other(message)));
        }
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// The keys of a text, and what it ends with.
fn keys(
    text: &[u8],
    size: usize,
    threads: usize,
    end: Option<&'static str>,
) -> (Vec<String>, Option<String>) {
    let text = text.to_vec();
    let batches = pump::work("text".into(), move |_| {
        move |sink: &Sink| {
            let why = || None;
            let mut reading = Reading::new(Parts(&text, 5, end), size, &why);
            let first = reading.first();
            if let Err(error) = read("text", first, reading, &Stops, threads, sink) {
                sink.send(Err(error));
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut keys, mut ended) = (Vec::new(), None);
    for batch in runtime.block_on(batches.collect::<Vec<_>>()) {
        assert_eq!(ended, None, "nothing comes behind an error");
        match batch {
            Ok(batch) => keys.extend(batch.iter().map(|object| object.key().to_owned())),
            Err(error) => ended = Some(error.to_string()),
        }
    }
    (keys, ended)
}

proptest! {
    #[test]
    fn it_is_as_if_read_at_once(
        text in "[a.!\n]{0,200}", size in 1..40_usize, threads in 1..5_usize, fails in any::<bool>(),
    ) {
        let end = fails.then_some("broken");
        let expected = keys(text.as_bytes(), SECTION, 1, end);
        prop_assert_eq!(keys(text.as_bytes(), size, threads, end), expected);
    }
}

#[test]
fn a_record_may_be_longer_than_many_sections() {
    let long = "a\n".repeat(100_000);
    let (found, ended) = keys(format!("x.{long}.y").as_bytes(), 1000, 3, None);
    assert_eq!((found, ended), (vec!["x.".to_owned(), format!("{long}."), "y".to_owned()], None));
    for text in ["a\n".repeat(MAX_RECORD), "a".repeat(2 * MAX_RECORD)] {
        let (found, ended) = keys(format!("x.\n{text}.").as_bytes(), 50_000, 3, None);
        assert_eq!(found, ["x."]);
        assert!(ended.as_ref().is_some_and(|e| e.contains("text line 1: the line is longer")), "{ended:?}");
    }
}

#[test]
fn a_panic_is_no_end() {
    struct Panics(AtomicUsize);
    impl Rows for Panics {
        fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed {
            if self.0.fetch_add(1, Ordering::Relaxed) == 7 {
                std::panic::resume_unwind(Box::new("it panicked"));
            }
            Stops.parse(section, worker)
        }
    }
    for threads in 1..4 {
        let batches = pump::work("text".into(), move |_| {
            move |sink: &Sink| {
                let (why, text) = (|| None, "x.\n".repeat(1000));
                let mut reading = Reading::new(text.as_bytes(), 10, &why);
                let first = reading.first();
                let _ = read("text", first, reading, &Panics(AtomicUsize::new(0)), threads, sink);
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let batches = runtime.block_on(batches.collect::<Vec<_>>());
        assert!(batches.last().is_some_and(|last| matches!(last, Err(Error::Worker { .. }))), "{threads}");
    }
}

#[test]
fn a_panic_of_what_is_read_is_none_either() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).unwrap_or_else(|| std::panic::resume_unwind(Box::new("it broke")));
            buffer.fill(b'\n');
            Ok(buffer.len())
        }
    }
    for threads in 1..4 {
        let batches = pump::work("text".into(), move |_| {
            move |sink: &Sink| {
                let why = || None;
                let mut reading = Reading::new(Breaks(9), 10, &why);
                let first = reading.first();
                let _ = read("text", first, reading, &Stops, threads, sink);
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let batches = runtime.block_on(batches.collect::<Vec<_>>());
        assert!(batches.last().is_some_and(|last| matches!(last, Err(Error::Worker { .. }))), "{threads}");
    }
}

#[test]
fn nobody_reads_on_where_nobody_listens() {
    struct Counts {
        reads: Arc<AtomicUsize>,
        _ends: Sender<()>,
    }
    impl Read for Counts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            buffer.fill(b'.');
            buffer[buffer.len() - 1] = b'\n';
            Ok(buffer.len())
        }
    }
    let reads = Arc::new(AtomicUsize::new(0));
    let (ends, ended) = channel();
    let source = Counts { reads: reads.clone(), _ends: ends };
    let mut batches = pump::work("text".into(), move |_| {
        move |sink: &Sink| {
            let why = || None;
            let mut reading = Reading::new(source, 100, &why);
            let first = reading.first();
            let _ = read("text", first, reading, &Stops, 3, sink);
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(batches.next()).is_some_and(|batch| batch.is_ok()));
    drop(batches);
    // The other end of the channel goes with the last thread.
    assert!(ended.recv().is_err());
    assert!(reads.load(Ordering::Relaxed) < 20);
}
