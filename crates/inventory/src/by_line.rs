//! Texts of one object a line, whatever a line is.

use memchr::memchr;

use crate::build::BatchBuilder;
use crate::form::Form;
use crate::sections::{MAX_RECORD, Parsed, Rows, Section};

/// Adds a line's object, or says why it is none.
type Push = fn(&str, &Form, &mut BatchBuilder) -> Result<(), String>;

/// A text of such lines.
pub(crate) struct ByLine<'a> {
    pub(crate) push: Push,
    pub(crate) form: &'a Form,
}

impl Rows for ByLine<'_> {
    fn parse(&self, section: &Section, builder: &mut BatchBuilder) -> Parsed {
        let mut parsed = Parsed::default();
        let mut lines = Lines::of(section);
        builder.begin(&section.text);
        let wrong = loop {
            let pushed = match lines.next() {
                None => break None,
                Some(line) => line.and_then(|line| (self.push)(line, self.form, builder)),
            };
            if let Err(message) = pushed {
                break Some(message);
            }
            if builder.rows() >= self.form.options.batch_rows {
                parsed.batches.push(builder.finish());
            }
        };
        parsed.end(builder, lines.start, wrong)
    }
}

/// The lines of a section.
struct Lines<'a> {
    text: &'a [u8],
    /// The same, where all of it is UTF-8.
    utf8: Option<&'a str>,
    is_last: bool,
    /// Where this line begins, and where the next one does.
    start: usize,
    at: usize,
}

impl<'a> Lines<'a> {
    fn of(section: &'a Section) -> Self {
        let text = section.text.as_slice();
        let utf8 = simdutf8::basic::from_utf8(text).ok();
        Self { text, utf8, is_last: section.is_last, start: section.start, at: section.start }
    }

    /// The next line that is not blank, without its end, or why it can't be read; None where none is all there.
    fn next(&mut self) -> Option<Result<&'a str, String>> {
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
                return Some(Err("the line is longer than 1 MiB: this is no listing".to_owned()));
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
