//! Listings in text, gzipped or not, on threads of their own: CSV, NDJSON, or a plain list, told by the first line.

use std::io::{self, BufReader, Read};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread;

use flate2::bufread::MultiGzDecoder;
use futures::stream::BoxStream;

use crate::batch::ObjectBatch;
use crate::by_line::ByLine;
use crate::columns::{Column, assign};
use crate::csv::Csv;
use crate::error::{Error, Result};
use crate::form::Form;
use crate::list;
use crate::ndjson::Ndjson;
use crate::open::Inventory;
use crate::pump::{self, ByteReader, Sink, Source};
use crate::sections::{self, Reading, SECTION};

/// Bytes of a buffer before a decoder.
const BUFFER: usize = 256 << 10;

/// Bytes that are worth more than one thread.
const LARGE: u64 = 1 << 20;

/// Threads that make rows of one text: of more there is no use, since its bytes are read by one at a time.
const THREADS: usize = 4;

/// Threads for a text that takes longer to decompress than to make rows of.
const GZIP_THREADS: usize = 2;

/// A listing in text.
#[derive(Debug)]
pub(crate) struct TextInventory {
    source: Source,
    identity: String,
    gzip: bool,
    form: Form,
}

impl TextInventory {
    pub(crate) fn new(source: Source, identity: String, gzip: bool, form: &Form) -> Self {
        Self { source, identity, gzip, form: form.clone() }
    }
}

impl Inventory for TextInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        let (name, form) = (self.source.name.clone(), self.form.clone());
        let gzip = self.gzip;
        let threads = threads(self.source.meta.size, gzip);
        pump::batches(self.source.clone(), move |bytes, sink| {
            let (shared, why) = shared(bytes);
            let read = match gzip {
                true => {
                    let text = Reading::new(MultiGzDecoder::new(shared), SECTION, &why);
                    read(&name, text, &form, threads, sink)
                }
                false => read(&name, Reading::new(shared.into_inner(), SECTION, &why), &form, threads, sink),
            };
            if let Err(error) = read {
                sink.send(Err(error));
            }
        })
    }

    fn name(&self) -> &str {
        &self.source.name
    }

    fn identity(&self) -> &str {
        &self.identity
    }
}

/// How many threads a text of so many bytes is worth.
fn threads(bytes: u64, gzip: bool) -> usize {
    if bytes < LARGE {
        return 1;
    }
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(if gzip { GZIP_THREADS } else { THREADS })
}

/// Gives bytes to a decoder, which owns its reader; what the store said is asked for when reading fails. Whoever is reading at that
/// moment has not been told anything yet.
pub(crate) fn with_bytes(
    bytes: ByteReader,
    read: impl FnOnce(BufReader<Shared>) -> Result<()>,
) -> Result<()> {
    let (shared, why) = shared(bytes);
    read(shared).map_err(|error| why().unwrap_or(error))
}

/// Bytes for a decoder, and what the store said of them.
fn shared(bytes: ByteReader) -> (BufReader<Shared>, impl Fn() -> Option<Error>) {
    let bytes = Arc::new(Mutex::new(bytes));
    let shared = BufReader::with_capacity(BUFFER, Shared(bytes.clone()));
    (shared, move || bytes.try_lock().ok().and_then(|mut bytes| bytes.take_error()))
}

/// Bytes that others look at too.
pub(crate) struct Shared(Arc<Mutex<ByteReader>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::Error::other("the reader is gone"))?.read(buffer)
    }
}

fn read(
    name: &str,
    mut reading: Reading<'_, impl Read + Send>,
    form: &Form,
    threads: usize,
    sink: &Sink,
) -> Result<()> {
    let mut first = reading.first();
    match kind(first.bytes(), form) {
        Kind::Csv => {
            let rows = Csv::of(name, &mut first, &mut reading, form)?;
            sections::read(name, first, reading, &rows, threads, sink)
        }
        Kind::Ndjson => sections::read(name, first, reading, &Ndjson(form), threads, sink),
        Kind::List => sections::read(name, first, reading, &ByLine { push: list::push, form }, threads, sink),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Csv,
    Ndjson,
    List,
}

/// A header makes CSV; a URL, or text without a comma where the bucket is given, makes a list.
fn kind(start: &[u8], form: &Form) -> Kind {
    if form.options.columns.is_some() {
        return Kind::Csv;
    }
    let start = start.trim_ascii_start();
    if start.first() == Some(&b'{') {
        return Kind::Ndjson;
    }
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let names = line.split(',').map(|name| name.trim().trim_matches('"'));
    let header = assign(names, form.dialect).contains(&Some(Column::Key));
    let bare = !line.contains(',') && form.options.default_bucket.is_some() && !line.trim().is_empty();
    if !header && (is_url(&line) || bare) { Kind::List } else { Kind::Csv }
}

/// True for `scheme://…`.
pub(crate) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    })
}

/// Bytes that could not be had: of gzip, since of all else the store says why.
pub(crate) fn unreadable(name: &str, line: u64, error: &io::Error) -> Error {
    let message = format!("the gzip data are damaged or cut off here: {error}");
    Error::Line { name: name.to_owned(), line, message }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
