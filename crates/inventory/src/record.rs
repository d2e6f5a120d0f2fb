//! Records of a section of a CSV text: RFC 4180, and strict about it, since a quote that never ends would
//! swallow the rest of a listing without a word.

use crate::find::{self, Byte, Or, Places};
use crate::level::Any;
use crate::sections::{MAX_RECORD, Section, TOO_LONG};

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
        self.text.get(field.start..field.end)
    }

    /// All fields; one that is no UTF-8 is empty.
    pub(crate) fn fields(self) -> Vec<String> {
        (0..self.len()).map(|i| self.field(i).unwrap_or_default().to_owned()).collect()
    }
}

/// Reads the records of a section one after another.
pub(crate) struct Records<'a> {
    text: &'a [u8],
    /// The same, where all of it is UTF-8.
    utf8: Option<&'a str>,
    is_last: bool,
    stops: Places<'a, Or<Byte<b','>, Byte<b'\n'>>, Any>,
    /// Where this record begins, and where the next one does.
    start: usize,
    at: usize,
    fields: Vec<Field>,
    /// A field of this record holds doubled quotes.
    escaped: bool,
    /// This record anew, where it cannot be given as it stands.
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

impl<'a> Records<'a> {
    /// Those of a section from `start` on.
    pub(crate) fn of(section: &'a Section, start: usize) -> Self {
        let text = section.text.bytes();
        Self {
            text,
            utf8: section.text.utf8(),
            is_last: section.is_last,
            stops: Places::of(text, Any),
            start,
            at: start,
            fields: Vec::new(),
            escaped: false,
            anew: String::new(),
        }
    }

    /// Goes to the next record that is not a blank line; None where none is all there.
    ///
    /// # Errors
    /// What is wrong with the record that begins at [`start`](Self::start).
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, &'static str> {
        if !self.advance()? {
            return Ok(None);
        }
        match self.utf8 {
            Some(text) if !self.escaped => Ok(Some(Record { text, fields: &self.fields })),
            _ => {
                rewrite(self.text, &mut self.fields, &mut self.anew);
                Ok(Some(Record { text: &self.anew, fields: &self.fields }))
            }
        }
    }

    fn advance(&mut self) -> Result<bool, &'static str> {
        loop {
            self.start = self.at;
            if self.at == self.text.len() {
                return Ok(false);
            }
            match self.scan() {
                Scan::Record(end) if end - self.at > MAX_RECORD => return Err(TOO_LONG),
                Scan::Record(end) => self.at = end,
                Scan::More => return Ok(false),
                Scan::Wrong(message) => return Err(message),
            }
            let blank = matches!(self.fields.as_slice(), [field] if field.start == field.end);
            if !blank {
                return Ok(true);
            }
        }
    }

    /// Where this record begins: behind the last, the one that is not all there.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the next record begins.
    pub(crate) fn end(&self) -> usize {
        self.at
    }

    /// Finds the fields of the record at `at`.
    fn scan(&mut self) -> Scan {
        let text = self.text;
        self.fields.clear();
        self.escaped = false;
        let mut at = self.at;
        loop {
            let (field, stop) = match text.get(at) {
                Some(b'"') => match quoted(text, at + 1, self.is_last, &mut self.escaped) {
                    Ok(found) => found,
                    Err(scan) => return scan,
                },
                _ => match self.plain(at) {
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

    #[inline]
    fn plain(&mut self, start: usize) -> Option<(Field, Stop)> {
        let text = self.text;
        let (end, stop) = match self.stops.next(start) {
            Some(i) if text.get(i) == Some(&b',') => {
                return Some((Field { start, end: i }, Stop::Comma(i + 1)));
            }
            Some(i) => (i, Stop::End(i + 1)),
            None if self.is_last => (text.len(), Stop::End(text.len())),
            None => return None,
        };
        let end = if end > start && text.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        Some((Field { start, end }, stop))
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
