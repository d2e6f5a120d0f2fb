//! Listings in text, gzipped or not, on a thread of their own: CSV, NDJSON, or a plain list, told by the first line.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::{Arc, Mutex};

use flate2::bufread::MultiGzDecoder;
use futures::stream::BoxStream;

use crate::ahead::Ahead;
use crate::batch::ObjectBatch;
use crate::columns::{Column, assign};
use crate::csv;
use crate::error::{Error, Result};
use crate::form::Form;
use crate::list;
use crate::ndjson;
use crate::open::Inventory;
use crate::pump::{self, ByteReader, Sink, Source};
use crate::record::RecordError;

/// Bytes of the buffer that the first line must fit into to be recognised.
const LOOK: usize = 256 << 10;

/// Bytes of gzip that are worth a thread.
const LARGE: u64 = 1 << 20;

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
        let packing = match self.gzip {
            false => Packing::None,
            true if self.source.meta.size < LARGE => Packing::Gzip,
            true => Packing::LargeGzip,
        };
        pump::batches(self.source.clone(), move |bytes, sink| {
            if let Err(error) = decode(&name, bytes, packing, &form, sink) {
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

/// How a text comes.
#[derive(Clone, Copy)]
enum Packing {
    None,
    Gzip,
    /// To be decompressed on a thread of its own.
    LargeGzip,
}

fn decode(name: &str, bytes: ByteReader, packing: Packing, form: &Form, sink: &Sink) -> Result<()> {
    with_bytes(bytes, |shared| match packing {
        Packing::None => read(name, shared, form, sink),
        Packing::Gzip => read(name, MultiGzDecoder::new(shared), form, sink),
        Packing::LargeGzip => {
            let text = Ahead::of(MultiGzDecoder::new(shared)).map_err(|error| no_thread(name, &error))?;
            read(name, text, form, sink)
        }
    })
}

fn no_thread(name: &str, error: &io::Error) -> Error {
    Error::Worker { name: name.to_owned(), message: error.to_string() }
}

/// Gives bytes to a decoder, which owns its reader; what the store said is asked for when reading fails. Whoever is reading at that
/// moment has not been told anything yet.
pub(crate) fn with_bytes(
    bytes: ByteReader,
    read: impl FnOnce(BufReader<Shared>) -> Result<()>,
) -> Result<()> {
    let bytes = Arc::new(Mutex::new(bytes));
    let shared = BufReader::with_capacity(LOOK, Shared(bytes.clone()));
    let result = read(shared);
    result.map_err(|error| bytes.try_lock().ok().and_then(|mut bytes| bytes.take_error()).unwrap_or(error))
}

/// Bytes that others look at too.
pub(crate) struct Shared(Arc<Mutex<ByteReader>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::Error::other("the reader is gone"))?.read(buffer)
    }
}

fn read(name: &str, mut text: impl Read, form: &Form, sink: &Sink) -> Result<()> {
    let head = first(&mut text).map_err(|error| unreadable(name, 1, &error))?;
    let kind = kind(&head, form);
    let text = Cursor::new(head).chain(text);
    match kind {
        // Its reader has a buffer of its own.
        Kind::Csv => csv::read(name, text, form, sink),
        Kind::Ndjson => ndjson::read(name, BufReader::with_capacity(LOOK, text), form, sink),
        Kind::List => list::read(name, BufReader::with_capacity(LOOK, text), form, sink),
    }
}

/// What one read gives.
fn first(text: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; LOOK];
    let count = loop {
        match text.read(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    head.truncate(count);
    Ok(head)
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
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
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

/// Bytes that could not be had, in words: for gzip that they are damaged.
pub(crate) fn line_error(name: &str, error: RecordError) -> Error {
    match error.source {
        None => Error::Line { name: name.to_owned(), line: error.line, message: error.message.into_owned() },
        Some(source) => unreadable(name, error.line, &source),
    }
}

pub(crate) fn unreadable(name: &str, line: u64, error: &std::io::Error) -> Error {
    let message = format!("the gzip data are damaged or cut off here: {error}");
    Error::Line { name: name.to_owned(), line, message }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
