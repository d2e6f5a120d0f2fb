//! Texts of one object a line, whatever a line is.

use memchr::memchr;

use crate::build::BatchBuilder;
use crate::form::Form;
use crate::sections::{MAX_RECORD, Parsed, Rows, Section, Worker};

const TOO_LONG: &str = "the line is longer than 1 MiB: this is no listing";

/// Adds a line's object, or says why it is none.
type Push = fn(&str, &Form, &mut BatchBuilder) -> Result<(), String>;

/// A text of such lines.
pub(crate) struct ByLine<'a> {
    pub(crate) push: Push,
    pub(crate) form: &'a Form,
}

impl Rows for ByLine<'_> {
    fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed {
        parse(section, Parsed::of(section), self.form, &mut worker.builder, |lines, builder| {
            Some(lines.next()?.and_then(|line| (self.push)(line, self.form, builder)))
        })
    }
}

/// Finds the rows of a section whose objects are lines, behind those of `parsed`: `take` adds that of the next one; None where none is
/// all there.
pub(crate) fn parse<'a>(
    section: &'a Section,
    mut parsed: Parsed,
    form: &Form,
    builder: &mut BatchBuilder,
    mut take: impl FnMut(&mut Lines<'a>, &mut BatchBuilder) -> Option<Result<(), String>>,
) -> Parsed {
    let mut lines = Lines::of(section, parsed.rest);
    builder.begin(&section.text);
    let wrong = loop {
        if lines.at == lines.text.len() {
            lines.start = lines.at;
            break None;
        }
        match take(&mut lines, builder) {
            None => break None,
            Some(Err(message)) => break Some(message),
            Some(Ok(())) => {}
        }
        if builder.rows() >= form.options.batch_rows {
            parsed.batches.push(builder.finish());
        }
    };
    parsed.end(section, builder, lines.start, wrong)
}

/// The lines of a section.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    /// The same, where all of it is UTF-8.
    utf8: Option<&'a str>,
    is_last: bool,
    /// Where this line begins, and where the next one does.
    start: usize,
    at: usize,
}

impl<'a> Lines<'a> {
    fn of(section: &'a Section, start: usize) -> Self {
        let (text, utf8) = (section.text.bytes(), section.text.utf8());
        Self { text, utf8, is_last: section.is_last, start, at: start }
    }

    /// Where the next line begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes on at `next`, behind a line that was read from here.
    pub(crate) fn pass(&mut self, next: usize) -> Result<(), String> {
        self.start = self.at;
        self.at = next;
        if next - self.start > MAX_RECORD { Err(TOO_LONG.to_owned()) } else { Ok(()) }
    }

    /// The next line that is not blank, without its end, or why it can't be read; None where none is all there.
    pub(crate) fn next(&mut self) -> Option<Result<&'a str, String>> {
        loop {
            self.start = self.at;
            let rest = self.text.get(self.at..)?;
            let end = match memchr(b'\n', rest) {
                Some(end) => end,
                None if self.is_last && !rest.is_empty() => rest.len(),
                None => return None,
            };
            self.at = self.text.len().min(self.start + end + 1);
            if end > MAX_RECORD {
                return Some(Err(TOO_LONG.to_owned()));
            }
            let Some(line) = self.line(self.start + end) else {
                return Some(Err("the line is no UTF-8".to_owned()));
            };
            if !line.as_bytes().trim_ascii().is_empty() {
                return Some(Ok(line.strip_suffix('\r').unwrap_or(line)));
            }
        }
    }

    fn line(&self, end: usize) -> Option<&'a str> {
        match self.utf8 {
            Some(text) => text.get(self.start..end),
            None => std::str::from_utf8(self.text.get(self.start..end)?).ok(),
        }
    }
}
