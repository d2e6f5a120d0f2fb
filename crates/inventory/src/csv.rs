//! Listings in CSV, gzipped or not: decoded on a thread of their own, in bounded memory.

use std::borrow::Cow;
use std::io::{BufReader, Read};
use std::sync::{Arc, Mutex};

use earthcatalog_model::Timestamp;
use flate2::bufread::MultiGzDecoder;
use futures::stream::BoxStream;

use crate::batch::ObjectBatch;
use crate::build::{BatchBuilder, Row};
use crate::columns::{Column, assign, require};
use crate::error::{Error, Result};
use crate::open::{Inventory, OpenOptions};
use crate::pump::{self, ByteReader, Sink, Source};
use crate::record::{RecordError, Records};
use crate::urlcode;

const NO_HEADER: &str = "; where its first line is no header, give the names of its columns";

/// A listing in CSV.
#[derive(Debug)]
pub(crate) struct CsvInventory {
    source: Source,
    identity: String,
    gzip: bool,
    options: Arc<OpenOptions>,
}

impl CsvInventory {
    pub(crate) fn new(source: Source, identity: String, gzip: bool, options: &OpenOptions) -> Self {
        Self { source, identity, gzip, options: Arc::new(options.clone()) }
    }
}

impl Inventory for CsvInventory {
    fn batches(&self) -> BoxStream<'static, Result<ObjectBatch>> {
        let (name, options, gzip) = (self.source.name.clone(), self.options.clone(), self.gzip);
        pump::batches(self.source.clone(), move |bytes, sink| {
            if let Err(error) = decode(&name, bytes, gzip, &options, sink) {
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

fn decode(name: &str, bytes: ByteReader, gzip: bool, options: &OpenOptions, sink: &Sink) -> Result<()> {
    // The decoder owns the reader; what the store said is asked for when reading fails.
    let bytes = Arc::new(Mutex::new(bytes));
    let shared = Shared(bytes.clone());
    let result = if gzip {
        let gunzip = MultiGzDecoder::new(BufReader::with_capacity(256 << 10, shared));
        read(name, gunzip, options, sink)
    } else {
        read(name, shared, options, sink)
    };
    result.map_err(|error| bytes.lock().ok().and_then(|mut bytes| bytes.take_error()).unwrap_or(error))
}

struct Shared(Arc<Mutex<ByteReader>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::Error::other("the reader is gone"))?.read(buffer)
    }
}

fn read(name: &str, text: impl Read, options: &OpenOptions, sink: &Sink) -> Result<()> {
    let mut records = Records::new(text);
    let layout = Layout::of(name, &mut records, options)?;
    let mut builder = BatchBuilder::default();
    while records.next().map_err(|e| line_error(name, e))? {
        layout.push(&records, &mut builder).map_err(|message| Error::Line {
            name: name.to_owned(),
            line: records.line(),
            message,
        })?;
        if builder.rows() >= options.batch_rows && !sink.send(Ok(builder.finish())) {
            return Ok(());
        }
    }
    if builder.rows() > 0 {
        sink.send(Ok(builder.finish()));
    }
    Ok(())
}

fn line_error(name: &str, error: RecordError) -> Error {
    let message = match error.source {
        None => error.message.into_owned(),
        Some(_) => format!("the gzip data are damaged or cut off here: {}", error.message),
    };
    Error::Line { name: name.to_owned(), line: error.line, message }
}

/// Which field is what.
struct Layout {
    fields: usize,
    bucket: Option<usize>,
    key: usize,
    size: Option<usize>,
    last_modified: Option<usize>,
    etag: Option<usize>,
    version_id: Option<usize>,
    is_latest: Option<usize>,
    is_delete_marker: Option<usize>,
    default_bucket: Option<String>,
    url_encoded: bool,
}

impl Layout {
    /// From the options, or else from the header line.
    fn of<R: Read>(name: &str, records: &mut Records<R>, options: &OpenOptions) -> Result<Self> {
        if let Some(names) = &options.columns {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            return Self::new(name, &names, options, options.url_encoded.unwrap_or(true));
        }
        if !records.next().map_err(|e| line_error(name, e))? {
            return Err(Error::Empty { name: name.to_owned() });
        }
        let header: Vec<_> = (0..records.len()).map(|i| records.field(i).unwrap_or_default()).collect();
        let names: Vec<_> = header.iter().map(Cow::as_ref).map(str::trim).collect();
        Self::new(name, &names, options, options.url_encoded.unwrap_or(false))
    }

    fn new(name: &str, names: &[&str], options: &OpenOptions, url_encoded: bool) -> Result<Self> {
        let columns = assign(names.iter().copied());
        require(name, &columns, names, options.default_bucket.as_deref(), NO_HEADER)?;
        let place = |column| columns.iter().position(|c| *c == Some(column));
        Ok(Self {
            fields: names.len(),
            bucket: place(Column::Bucket),
            key: place(Column::Key).unwrap_or_default(),
            size: place(Column::Size),
            last_modified: place(Column::LastModified),
            etag: place(Column::Etag),
            version_id: place(Column::VersionId),
            is_latest: place(Column::IsLatest),
            is_delete_marker: place(Column::IsDeleteMarker),
            default_bucket: options.default_bucket.clone(),
            url_encoded,
        })
    }

    fn push<R: Read>(&self, records: &Records<R>, builder: &mut BatchBuilder) -> Result<(), String> {
        if records.len() != self.fields {
            return Err(format!("{} fields instead of {}", records.len(), self.fields));
        }
        let key = text(records, Some(self.key), "key")?;
        let key = if self.url_encoded { urlcode::decode(&key)? } else { key };
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let bucket = text(records, self.bucket, "bucket")?;
        let etag = text(records, self.etag, "etag")?;
        let version_id = text(records, self.version_id, "version_id")?;
        builder.push(&Row {
            bucket: self.bucket(&bucket)?,
            key: &key,
            size: parse(records, self.size, "size", size)?,
            last_modified: parse(records, self.last_modified, "last_modified", instant)?,
            etag: Some(&*etag).filter(|etag| !etag.is_empty()),
            version_id: Some(&*version_id).filter(|version| !version.is_empty()),
            is_latest: parse(records, self.is_latest, "is_latest", flag)?,
            is_delete_marker: parse(records, self.is_delete_marker, "is_delete_marker", flag)?,
        });
        Ok(())
    }

    fn bucket<'a>(&'a self, named: &'a str) -> Result<&'a str, String> {
        match &self.default_bucket {
            _ if !named.is_empty() => Ok(named),
            Some(default) => Ok(default),
            None => Err("the bucket is empty".to_owned()),
        }
    }
}

fn text<'a, R: Read>(
    records: &'a Records<R>,
    place: Option<usize>,
    what: &str,
) -> Result<Cow<'a, str>, String> {
    let Some(place) = place else { return Ok(Cow::Borrowed("")) };
    records.field(place).ok_or_else(|| format!("{what} is no UTF-8"))
}

/// A value; the empty text is none.
fn parse<T, R: Read>(
    records: &Records<R>,
    place: Option<usize>,
    what: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let text = text(records, place, what)?;
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).map_err(|message| format!("{what} {message}"))
}

pub(crate) fn size(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{:?} is no number of bytes", short(text)))
}

pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn flag(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" | "1" => Ok(true),
        "false" | "False" | "FALSE" | "0" => Ok(false),
        _ => Err(format!("{:?} is neither true nor false", short(text))),
    }
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
