//! Lines of a text, one after another in one buffer, none longer than a mebibyte.

use std::io::{BufRead, Read};

use crate::record::RecordError;

/// The longest line. A key has at most 1,024 bytes.
const MAX_LINE: u64 = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads lines.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), number: 0 }
    }

    /// The number of the last line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank, without its end; None behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<&str>, RecordError> {
        loop {
            self.buffer.clear();
            self.number += 1;
            let mut limited = (&mut self.source).take(MAX_LINE + 1);
            match limited.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) => {
                    let message = error.to_string().into();
                    return Err(RecordError { line: self.number, message, source: Some(error) });
                }
            }
            if self.buffer.len() as u64 > MAX_LINE {
                return Err(self.wrong("the line is longer than 1 MiB: this is no listing"));
            }
            // Before a line is told blank: behind the mark may be nothing.
            if self.number == 1 && self.buffer.starts_with(BOM) {
                self.buffer.drain(..BOM.len());
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        simdutf8::basic::from_utf8(line).map(Some).map_err(|_| self.wrong("the line is no UTF-8"))
    }

    fn wrong(&self, message: &'static str) -> RecordError {
        RecordError { line: self.number, message: message.into(), source: None }
    }
}
