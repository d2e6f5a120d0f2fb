//! Standard error, shared by bars, messages and the log so that none writes across another.

use std::io::{self, IsTerminal, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use earthcatalog::scrub;

/// Standard error. Cheap to clone; what cannot be written is lost, as there is nobody else to tell.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    bars: MultiProgress,
    terminal: bool,
}

impl Console {
    /// The process's standard error.
    pub(crate) fn new() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { bars, terminal: io::stderr().is_terminal() }
    }

    /// True if a person looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Writes a line, above the bars.
    pub(crate) fn line(&self, text: &str) {
        self.raw(format!("{text}\n").as_bytes());
    }

    /// Writes something that the user should know.
    pub(crate) fn warning(&self, text: &str) {
        self.line(&format!("warning: {}", scrub(text)));
    }

    /// Adds a bar below the others.
    pub(crate) fn add(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.add(bar)
    }

    /// A writer for the log.
    pub(crate) fn writer(&self) -> Writer {
        Writer(self.clone())
    }

    fn raw(&self, bytes: &[u8]) {
        self.bars.suspend(|| {
            // Nobody is left to be told of a closed stderr.
            let _ = io::stderr().lock().write_all(bytes);
        });
    }
}

/// The console as a writer of whole lines.
pub(crate) struct Writer(Console);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.raw(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
