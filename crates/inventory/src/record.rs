//! Records of a CSV text out of a stream of bytes: RFC 4180, and strict about it, since a quote that never ends would
//! swallow the rest of a listing without a word.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::memchr_iter;

use crate::find;

/// Bytes read at once: they are still in the processor's cache when their records are found.
const CHUNK: usize = 256 << 10;

/// The longest record. A key has at most 1,024 bytes.
const MAX_RECORD: usize = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What went wrong, and at which line.
#[derive(Debug)]
pub(crate) struct RecordError {
    pub(crate) line: u64,
    pub(crate) message: Cow<'static, str>,
    /// Where the bytes could not be had.
    pub(crate) source: Option<io::Error>,
}

/// Where a field is: its first byte, and the one behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    start: usize,
    end: usize,
}

impl Field {
    /// One that is no UTF-8.
    const UNREADABLE: Self = Self { start: usize::MAX, end: usize::MAX };
}

/// A record. Its fields are without their quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    text: &'a str,
    fields: &'a [Field],
    /// What the text's first byte is in the fields' count.
    base: usize,
}

impl<'a> Record<'a> {
    /// The number of fields.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field; None where it is no UTF-8, or there is none.
    #[inline]
    pub(crate) fn field(&self, i: usize) -> Option<&'a str> {
        let field = self.fields.get(i)?;
        self.text.get(field.start.wrapping_sub(self.base)..field.end.wrapping_sub(self.base))
    }
}

/// Reads records one after another, in one buffer.
pub(crate) struct Records<R> {
    source: R,
    /// Bytes read at once.
    chunk: usize,
    buffer: Vec<u8>,
    /// Where this record begins in the buffer, and where the next one does.
    start: usize,
    at: usize,
    filled: usize,
    ended: bool,
    /// Ends of lines before the buffer. Those within are only counted when someone asks for a line's number.
    lines_before: u64,
    fields: Vec<Field>,
    /// A field of this record holds doubled quotes.
    escaped: bool,
    /// This record anew, where it cannot be given as it stands in the buffer.
    anew: String,
}

/// How far the bytes at hand go.
enum Scan {
    /// A record; the next begins here.
    Record(usize),
    /// The record is not all there.
    More,
    Wrong(&'static str),
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R) -> Self {
        Self::in_chunks(source, CHUNK)
    }

    /// As [`new`](Self::new), with so many bytes at once.
    fn in_chunks(source: R, chunk: usize) -> Self {
        Self {
            source,
            chunk,
            buffer: Vec::new(),
            start: 0,
            at: 0,
            filled: 0,
            ended: false,
            lines_before: 0,
            fields: Vec::new(),
            escaped: false,
            anew: String::new(),
        }
    }

    /// Goes to the next record that is not a blank line; None behind the last.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        if !self.advance()? {
            return Ok(None);
        }
        let written = self.buffer.get(self.start..self.at).unwrap_or_default();
        // All of it is looked at once, not field by field.
        match simdutf8::basic::from_utf8(written) {
            Ok(text) if !self.escaped => Ok(Some(Record { text, fields: &self.fields, base: self.start })),
            _ => {
                rewrite(&self.buffer, &mut self.fields, &mut self.anew);
                Ok(Some(Record { text: &self.anew, fields: &self.fields, base: 0 }))
            }
        }
    }

    fn advance(&mut self) -> Result<bool, RecordError> {
        if self.lines_before == 0 && self.filled == 0 {
            self.fill()?;
            self.at = if self.rest().starts_with(BOM) { BOM.len() } else { 0 };
        }
        loop {
            if self.at == self.filled && self.ended {
                return Ok(false);
            }
            let end = match self.scan() {
                Scan::Record(end) => end,
                Scan::More => {
                    self.fill()?;
                    continue;
                }
                Scan::Wrong(message) => return Err(self.wrong(message)),
            };
            self.start = self.at;
            self.at = end;
            let blank = matches!(self.fields.as_slice(), [field] if field.start == field.end);
            if !blank {
                return Ok(true);
            }
        }
    }

    /// The line at which this record begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line_at(self.start)
    }

    /// The line of a place in the buffer, from 1.
    fn line_at(&self, place: usize) -> u64 {
        self.lines_before + line_ends(self.buffer.get(..place).unwrap_or_default()) + 1
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    fn wrong(&self, message: &'static str) -> RecordError {
        RecordError { line: self.line_at(self.at), message: message.into(), source: None }
    }

    /// Moves what is left to the front and reads until a chunk is full or the source ends.
    fn fill(&mut self) -> Result<(), RecordError> {
        self.lines_before += line_ends(self.buffer.get(..self.at).unwrap_or_default());
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        (self.start, self.at) = (0, 0);
        if self.filled > MAX_RECORD {
            return Err(
                self.wrong("the line is longer than 1 MiB: this is no listing, or a quote is missing")
            );
        }
        self.buffer.resize(self.filled + self.chunk, 0);
        while let Some(room) = self.buffer.get_mut(self.filled..).filter(|room| !room.is_empty()) {
            match self.source.read(room) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error)),
            }
        }
        Ok(())
    }

    fn unreadable(&self, error: io::Error) -> RecordError {
        let line = self.line_at(self.filled);
        RecordError { line, message: error.to_string().into(), source: Some(error) }
    }

    /// Finds the fields of the record at `at`.
    fn scan(&mut self) -> Scan {
        let Some(text) = self.buffer.get(..self.filled) else { return Scan::More };
        self.fields.clear();
        self.escaped = false;
        let mut at = self.at;
        loop {
            let (field, stop) = match text.get(at) {
                Some(b'"') => match quoted(text, at + 1, self.ended, &mut self.escaped) {
                    Ok(found) => found,
                    Err(scan) => return scan,
                },
                _ => match plain(text, at, self.ended) {
                    Some(found) => found,
                    None => return Scan::More,
                },
            };
            self.fields.push(field);
            match stop {
                Stop::Comma(next) => at = next,
                Stop::End(next) => return Scan::Record(next),
            }
        }
    }
}

/// Writes a record's fields anew: with their doubled quotes made single, and without those that are no UTF-8.
#[cold]
fn rewrite(buffer: &[u8], fields: &mut [Field], anew: &mut String) {
    anew.clear();
    for field in fields {
        let written = buffer.get(field.start..field.end).unwrap_or_default();
        let is_quoted = field.start.checked_sub(1).and_then(|i| buffer.get(i)) == Some(&b'"');
        *field = match std::str::from_utf8(written) {
            Ok(text) => {
                let start = anew.len();
                if is_quoted {
                    unescape(text, anew);
                } else {
                    anew.push_str(text);
                }
                Field { start, end: anew.len() }
            }
            Err(_) => Field::UNREADABLE,
        };
    }
}

fn line_ends(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Two quotes within quotes are one.
fn unescape(mut text: &str, into: &mut String) {
    while let Some((before, after)) = text.split_once("\"\"") {
        into.push_str(before);
        into.push('"');
        text = after;
    }
    into.push_str(text);
}

/// What a field ends at, and where it goes on after that.
enum Stop {
    Comma(usize),
    End(usize),
}

#[inline]
fn plain(text: &[u8], start: usize, ended: bool) -> Option<(Field, Stop)> {
    let rest = text.get(start..)?;
    // Many fields are empty: they are not worth a search.
    let empty = Field { start, end: start };
    match rest.first() {
        Some(b',') => return Some((empty, Stop::Comma(start + 1))),
        Some(b'\n') => return Some((empty, Stop::End(start + 1))),
        _ => {}
    }
    let (end, stop) = match find::stop(rest) {
        Some(i) if rest.get(i) == Some(&b',') => {
            return Some((Field { start, end: start + i }, Stop::Comma(start + i + 1)));
        }
        Some(i) => (start + i, Stop::End(start + i + 1)),
        None if ended => (text.len(), Stop::End(text.len())),
        None => return None,
    };
    let end = if end > start && text.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
    Some((Field { start, end }, stop))
}

#[inline]
fn quoted(text: &[u8], start: usize, ended: bool, escaped: &mut bool) -> Result<(Field, Stop), Scan> {
    let mut from = start;
    loop {
        let Some(i) = find::quote(text.get(from..).unwrap_or_default()) else {
            return Err(if ended { Scan::Wrong("a quoted field has no end") } else { Scan::More });
        };
        let end = from + i;
        let after = text.get(end + 1..).unwrap_or_default();
        let stop = match after {
            [b',', ..] => Stop::Comma(end + 2),
            [b'"', ..] => {
                *escaped = true;
                from = end + 2;
                continue;
            }
            [b'\n', ..] => Stop::End(end + 2),
            [b'\r', b'\n', ..] => Stop::End(end + 3),
            [] | [b'\r'] if ended => Stop::End(text.len()),
            [] | [b'\r'] => return Err(Scan::More),
            _ => return Err(Scan::Wrong("there is text between a closing quote and the next comma")),
        };
        return Ok((Field { start, end }, stop));
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
