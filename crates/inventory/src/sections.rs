//! A text in sections of whole lines. Threads take them in turn: while one reads or decompresses a section, others make rows of those
//! before it, and what they make comes out in the order of the text.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use memchr::{memchr_iter, memrchr};

use crate::batch::ObjectBatch;
use crate::build::BatchBuilder;
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::lent::Lent;
use crate::pump::Sink;
use crate::text::unreadable;
use crate::texts::Text;

/// Bytes of a section: it stays in caches, and to hand it on costs little beside its rows.
pub(crate) const SECTION: usize = 512 << 10;

/// Batches that are handed on together: to wake whoever waits for one costs as much as to find its rows.
const TOGETHER: usize = 2;

/// The longest line or record. A key has at most 1,024 bytes.
pub(crate) const MAX_RECORD: usize = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Of a record that is longer.
pub(crate) const TOO_LONG: &str = "the line is longer than 1 MiB: this is no listing, or a quote is missing";

/// Some of a text: from the beginning of a record to the end of a line, which may be within quotes.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) text: Arc<Text>,
    /// Where the first record begins; what is before it has been read already.
    pub(crate) start: usize,
    /// Nothing comes behind it: its last line needs no end.
    pub(crate) is_last: bool,
}

/// What became of a section.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The rows, up to what is wrong.
    pub(crate) batches: Vec<ObjectBatch>,
    /// Where the record begins that goes on in the next section: the end of the text where there is none.
    pub(crate) rest: usize,
    /// Ends of lines before that.
    pub(crate) lines: u64,
    /// Why there begins no record.
    pub(crate) wrong: Option<String>,
}

impl Parsed {
    /// Nothing yet of a section.
    pub(crate) fn of(section: &Section) -> Self {
        let (rest, lines) = (section.start, section.line_ends(0..section.start));
        Self { batches: Vec::new(), rest, lines, wrong: None }
    }

    /// Goes on at `at`, behind so many records more, each of which is a line.
    pub(crate) fn pass(&mut self, at: usize, records: usize) {
        self.rest = at;
        self.lines += records as u64;
    }

    /// Ends with the rows in `builder`: what begins at `at` is not all there, or is wrong.
    pub(crate) fn end(
        mut self,
        section: &Section,
        builder: &mut BatchBuilder,
        at: usize,
        wrong: Option<String>,
    ) -> Self {
        if builder.rows() > 0 {
            self.batches.push(builder.finish());
        }
        let lines = self.lines + section.line_ends(self.rest..at);
        Self { rest: at, lines, wrong, ..self }
    }
}

/// What makes rows of a text.
pub(crate) trait Rows: Sync {
    /// Finds the rows of a section that begins with a record.
    fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed;
}

/// What a thread that makes rows keeps from section to section.
#[derive(Default)]
pub(crate) struct Worker {
    /// Empty between sections.
    pub(crate) builder: BatchBuilder,
    pub(crate) cells: Lent<Cells>,
}

/// What reads a text.
pub(crate) struct Reading<'a, R> {
    source: R,
    /// Bytes of a section.
    size: usize,
    /// What the store says where reading failed; none where it has nothing to say.
    why: &'a (dyn Fn() -> Option<Error> + Sync),
    /// What was read behind the last line of the section before.
    tail: Vec<u8>,
    /// Sections that were given away.
    lent: Lent<Text>,
    ended: bool,
    failed: Option<Failed>,
}

/// Why reading ended.
enum Failed {
    Store(Error),
    Text(io::Error),
}

impl<'a, R: Read> Reading<'a, R> {
    pub(crate) fn new(source: R, size: usize, why: &'a (dyn Fn() -> Option<Error> + Sync)) -> Self {
        Self { source, size, why, tail: Vec::new(), lent: Lent::default(), ended: false, failed: None }
    }

    /// The next section, and what reading it ended with; none behind the last.
    fn next(&mut self) -> Option<(Section, Option<Failed>)> {
        if self.ended {
            return None;
        }
        // With anything in it.
        let mut text = self.lent.back().map(Text::into_memory).unwrap_or_default();
        let mut filled = self.tail.len();
        text.splice(..filled.min(text.len()), self.tail.drain(..));
        let cut = loop {
            let before = filled;
            filled = self.fill(&mut text, filled);
            match memrchr(b'\n', text.get(before..filled).unwrap_or_default()) {
                Some(end) if !self.ended => break before + end + 1,
                // What is longer than a record may be is refused by whoever looks at it.
                None if !self.ended && filled <= MAX_RECORD => {}
                _ => break filled,
            }
        };
        self.tail.extend_from_slice(text.get(cut..filled).unwrap_or_default());
        text.truncate(cut);
        let failed = self.failed.take();
        let is_last = self.ended && failed.is_none();
        Some((Section { text: self.lent.lend(Text::of(text)), start: 0, is_last }, failed))
    }

    /// Reads a section's bytes behind those that are there; where they end then. What is behind that is of no meaning.
    fn fill(&mut self, text: &mut Vec<u8>, mut filled: usize) -> usize {
        let full = filled + self.size;
        if text.len() < full {
            text.resize(full, 0);
        }
        while let Some(room) = text.get_mut(filled..full).filter(|room| !room.is_empty()) {
            match self.source.read(room) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some((self.why)().map_or(Failed::Text(error), Failed::Store));
                    self.ended = true;
                }
            }
            if self.ended {
                break;
            }
        }
        filled
    }

    /// The first section, from which it can be told what the text is.
    pub(crate) fn first(&mut self) -> First {
        let (mut section, failed) = self.next().unwrap_or_else(|| (Section::nothing(), None));
        if section.text.bytes().starts_with(BOM) {
            section.start = BOM.len();
        }
        First { section, lines: 0, failed }
    }
}

/// The beginning of a text.
pub(crate) struct First {
    pub(crate) section: Section,
    /// Ends of lines before it.
    lines: u64,
    failed: Option<Failed>,
}

impl First {
    /// The bytes at hand.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.section.text.bytes().get(self.section.start..).unwrap_or_default()
    }

    /// Reads on, where the record that begins at `start` is not all there.
    ///
    /// # Errors
    /// Where there is no more, and where the record is too long.
    pub(crate) fn grow<R: Read>(
        &mut self,
        start: usize,
        name: &str,
        reading: &mut Reading<'_, R>,
    ) -> Result<()> {
        let text = self.section.text.bytes();
        if let Some(failed) = self.failed.take() {
            return Err(failed.at(name, self.line(text.len())));
        }
        if text.len() - start > MAX_RECORD {
            return Err(self.wrong(name, start, TOO_LONG));
        }
        let (rest, lines) = (text.get(start..).unwrap_or_default(), self.line(start) - 1);
        let (next, failed) = reading.next().unwrap_or_else(|| (Section::nothing(), None));
        *self = Self { section: next.behind(rest), lines, failed };
        Ok(())
    }

    /// The line of a place in it.
    pub(crate) fn line(&self, at: usize) -> u64 {
        self.lines + self.section.line_ends(0..at) + 1
    }

    /// What is wrong with the record that begins at `start`.
    pub(crate) fn wrong(&self, name: &str, start: usize, message: &str) -> Error {
        Error::Line { name: name.to_owned(), line: self.line(start), message: message.to_owned() }
    }
}

impl Section {
    fn nothing() -> Self {
        Self { text: Arc::default(), start: 0, is_last: true }
    }

    /// Ends of lines in a part of it.
    fn line_ends(&self, part: Range<usize>) -> u64 {
        memchr_iter(b'\n', self.text.bytes().get(part).unwrap_or_default()).count() as u64
    }

    /// With what was left of the section before.
    fn behind(&self, rest: &[u8]) -> Self {
        let text = Arc::new(Text::of([rest, self.text.bytes()].concat()));
        Self { text, start: 0, is_last: self.is_last }
    }
}

impl Failed {
    fn at(self, name: &str, line: u64) -> Error {
        match self {
            Self::Store(error) => error,
            Self::Text(error) => unreadable(name, line, &error),
        }
    }
}

/// What a section needs to know of all before it. Whoever has it is the one who may give rows.
struct Turn {
    /// What was left over.
    rest: Vec<u8>,
    /// Ends of lines before that.
    lines: u64,
    /// Batches that were not handed on yet.
    held: Vec<ObjectBatch>,
}

/// A section that is being read, in its place between two others.
struct Taken {
    section: Section,
    failed: Option<Failed>,
    before: Receiver<Turn>,
    after: Sender<Turn>,
}

/// What threads share.
struct Shared<'a, R> {
    name: &'a str,
    reading: Mutex<(Reading<'a, R>, Receiver<Turn>)>,
    sink: &'a Sink,
}

/// Gives the rows of `first` and of all that is read after it, on so many threads, this one included.
///
/// # Errors
/// What is wrong with a record, by its line; where the text can't be read any further. The rows before
/// that have been given.
pub(crate) fn read<R: Read + Send>(
    name: &str,
    first: First,
    reading: Reading<'_, R>,
    rows: &impl Rows,
    threads: usize,
    sink: &Sink,
) -> Result<()> {
    let (begin, before) = channel();
    let (after, next) = channel();
    // The receiver is here, and so this can't fail.
    let _ = begin.send(Turn { rest: Vec::new(), lines: first.lines, held: Vec::new() });
    let shared = Shared { name, reading: Mutex::new((reading, next)), sink };
    let taken = Taken { section: first.section, failed: first.failed, before, after };
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads)
            .map_while(|_| {
                let thread = thread::Builder::new().name("earthcatalog-rows".to_owned());
                // With fewer threads it only takes longer.
                thread.spawn_scoped(scope, || shared.work(None, rows)).ok()
            })
            .collect();
        let own = shared.work(Some(taken), rows);
        // A panic of one is a panic of all.
        helpers
            .into_iter()
            .map(|helper| helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .fold(own, Result::and)
    })
}

impl<R: Read> Shared<'_, R> {
    /// Takes sections until there are no more, or nobody wants more.
    fn work(&self, first: Option<Taken>, rows: &impl Rows) -> Result<()> {
        let mut worker = Worker::default();
        let mut taken = first.or_else(|| self.take());
        while let Some(section) = taken {
            if !self.give(section, rows, &mut worker)? {
                break;
            }
            taken = self.take();
        }
        Ok(())
    }

    fn take(&self) -> Option<Taken> {
        // Where another thread panicked in reading, this ends too, and the panic is told.
        let mut reading = self.reading.lock().ok()?;
        let (reading, next) = &mut *reading;
        let (section, failed) = reading.next()?;
        let (after, behind) = channel();
        Some(Taken { section, failed, before: std::mem::replace(next, behind), after })
    }

    /// Makes rows of a section and gives them when it is its turn; false where that does not come any more.
    fn give(&self, taken: Taken, rows: &impl Rows, worker: &mut Worker) -> Result<bool> {
        let Taken { mut section, failed, before, after } = taken;
        let mut parsed = rows.parse(&section, worker);
        let Ok(turn) = before.recv() else { return Ok(false) };
        if !turn.rest.is_empty() {
            // It was no record with which the section began.
            section = section.behind(&turn.rest);
            parsed = rows.parse(&section, worker);
        }
        let lines = turn.lines + parsed.lines;
        let error = self.error(&section, &mut parsed, failed, lines);
        let mut held = turn.held;
        held.append(&mut parsed.batches);
        let is_end = error.is_some() || section.is_last;
        if (is_end || held.len() >= TOGETHER) && !self.sink.send_all(Ok(std::mem::take(&mut held))) {
            return Ok(false);
        }
        if let Some(error) = error {
            return Err(error);
        }
        let rest = section.text.bytes().get(parsed.rest..).unwrap_or_default().to_vec();
        // Where nobody is next, there is nothing more.
        let _ = after.send(Turn { rest, lines, held });
        Ok(true)
    }

    /// Why nothing can come behind the rows of a section.
    fn error(
        &self,
        section: &Section,
        parsed: &mut Parsed,
        failed: Option<Failed>,
        lines: u64,
    ) -> Option<Error> {
        let length = section.text.bytes().len();
        let wrong = |message| Error::Line { name: self.name.to_owned(), line: lines + 1, message };
        match (parsed.wrong.take(), failed) {
            (Some(message), _) => Some(wrong(message)),
            (None, Some(failed)) => {
                Some(failed.at(self.name, lines + section.line_ends(parsed.rest..length) + 1))
            }
            (None, None) => (length - parsed.rest > MAX_RECORD).then(|| wrong(TOO_LONG.to_owned())),
        }
    }
}

#[cfg(test)]
#[path = "sections_tests.rs"]
mod tests;
