//! What goes to stdout: one JSON document or text, through one handle for which a closed pipe is no error.

pub(crate) mod numbers;
pub(crate) mod table;
pub(crate) mod wire;

use std::io::{self, BufWriter, ErrorKind, Write};

use serde::Serialize;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Standard output. After the reader has gone (`| head`) writes do nothing.
pub(crate) struct Output {
    sink: BufWriter<Box<dyn Write>>,
    json: bool,
    closed: bool,
}

impl Output {
    /// Output to `sink`; `json` says whether the user wants a JSON document.
    pub(crate) fn new(sink: Box<dyn Write>, json: bool) -> Self {
        Self { sink: BufWriter::new(sink), json, closed: false }
    }

    /// True if the user wants a JSON document.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// True once the reader has gone: nothing more needs to be made.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.sink.write_all(text.as_bytes());
        self.settle(written)
    }

    /// Writes text and a newline.
    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        self.text(text)?;
        self.text("\n")
    }

    /// Writes one JSON document, indented.
    pub(crate) fn document<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(|error| {
            Failure::of(Exit::Failed, &error).hint("this is a defect in earthcatalog: please report it")
        })?;
        self.line(&text)
    }

    /// Hands everything to the reader.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.sink.flush();
        self.settle(flushed)
    }

    fn settle(&mut self, result: io::Result<()>) -> Result<()> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => {
                Err(Failure::new(Exit::Failed, "cannot write to standard output").caused_by(&error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write_to(kind: ErrorKind) -> (Result<()>, bool) {
        let mut output = Output::new(Box::new(Broken(kind)), false);
        let result = output.line("x").and_then(|()| output.flush());
        (result, output.is_closed())
    }

    #[test]
    fn a_reader_that_left_is_no_error() {
        let (result, closed) = write_to(ErrorKind::BrokenPipe);
        assert!(result.is_ok() && closed);
    }

    #[test]
    fn a_full_disk_is_one() {
        let (result, _) = write_to(ErrorKind::StorageFull);
        assert_eq!(result.expect_err("an error").exit(), Exit::Failed);
    }
}
