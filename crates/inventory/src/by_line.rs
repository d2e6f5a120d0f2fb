//! Texts of one object a line, whatever a line is.

use std::io::BufRead;

use crate::build::BatchBuilder;
use crate::error::{Error, Result};
use crate::form::Form;
use crate::lines::Lines;
use crate::pump::Sink;
use crate::text::line_error;

/// Reads a text to its end, in batches; `push` adds a line's object, or says why it is none.
pub(crate) fn read(
    name: &str,
    text: impl BufRead,
    form: &Form,
    sink: &Sink,
    push: impl Fn(&str, &Form, &mut BatchBuilder) -> Result<(), String>,
) -> Result<()> {
    let mut lines = Lines::new(text);
    let mut builder = BatchBuilder::default();
    loop {
        match lines.next().map_err(|e| line_error(name, e))? {
            None => break,
            Some(line) => push(line, form, &mut builder),
        }
        .map_err(|message| Error::Line { name: name.to_owned(), line: lines.number(), message })?;
        if builder.rows() >= form.options.batch_rows && !sink.send(Ok(builder.finish())) {
            return Ok(());
        }
    }
    if builder.rows() > 0 {
        sink.send(Ok(builder.finish()));
    }
    Ok(())
}
