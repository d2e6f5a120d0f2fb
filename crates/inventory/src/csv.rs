//! Listings in CSV: records to rows, by a header or by the names that the caller gives.

use std::borrow::Cow;
use std::io::Read;

use earthcatalog_model::Timestamp;

use crate::build::{BatchBuilder, Row};
use crate::columns::{Column, assign, require};
use crate::error::{Error, Result};
use crate::form::{Dialect, Form};
use crate::record::{Record, Records};
use crate::sections::{First, Parsed, Reading, Rows, Section};
use crate::urlcode;

const NO_HEADER: &str = "; where its first line is no header, give the names of its columns with --columns";

/// Records of a text whose columns are known.
pub(crate) struct Csv(Layout);

impl Csv {
    /// From the options, or else from the header, which is then taken off the text.
    ///
    /// # Errors
    /// Where the header is no record, or is not all there; where there is no column of keys, or none of buckets and no bucket given.
    pub(crate) fn of<R: Read>(
        name: &str,
        text: &mut First,
        reading: &mut Reading<'_, R>,
        form: &Form,
    ) -> Result<Self> {
        Layout::of(name, text, reading, form).map(Self)
    }
}

impl Rows for Csv {
    fn parse(&self, section: &Section, builder: &mut BatchBuilder) -> Parsed {
        let Self(layout) = self;
        let mut parsed = Parsed::default();
        let mut records = Records::of(section);
        builder.begin(&section.text);
        let wrong = loop {
            match records.next() {
                Err(message) => break Some(message.to_owned()),
                Ok(None) => break None,
                Ok(Some(record)) => {
                    if let Err(message) = layout.push(record, builder) {
                        break Some(message);
                    }
                }
            }
            if builder.rows() >= layout.form.options.batch_rows {
                parsed.batches.push(builder.finish());
            }
        };
        parsed.end(builder, records.start(), wrong)
    }
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
    snapshot: Option<usize>,
    form: Form,
    url_encoded: bool,
}

impl Layout {
    fn of<R: Read>(name: &str, text: &mut First, reading: &mut Reading<'_, R>, form: &Form) -> Result<Self> {
        let options = &form.options;
        if let Some(names) = &options.columns {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            return Self::new(name, &names, form, options.url_encoded.unwrap_or(true));
        }
        let names = header(name, text, reading)?;
        let names: Vec<_> = names.iter().map(|name| name.trim()).collect();
        Self::new(name, &names, form, options.url_encoded.unwrap_or(false))
    }

    fn new(name: &str, names: &[&str], form: &Form, url_encoded: bool) -> Result<Self> {
        let columns = assign(names.iter().copied(), form.dialect);
        require(name, &columns, names, form, NO_HEADER)?;
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
            snapshot: place(Column::Snapshot),
            form: form.clone(),
            url_encoded,
        })
    }

    #[inline]
    fn push(&self, record: Record<'_>, builder: &mut BatchBuilder) -> Result<(), String> {
        if record.len() != self.fields {
            return Err(format!("{} fields instead of {}", record.len(), self.fields));
        }
        let key = text(record, Some(self.key), "key")?;
        let key = if self.url_encoded { urlcode::decode(key)? } else { Cow::Borrowed(key) };
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let bucket = text(record, self.bucket, "bucket")?;
        let etag = text(record, self.etag, "etag")?;
        let version_id = text(record, self.version_id, "version_id")?;
        // A snapshot is no live object, whatever else is said of it.
        let is_snapshot = !text(record, self.snapshot, "snapshot")?.trim().is_empty();
        let (bucket, key) = self.form.place(self.bucket(bucket)?, &key)?;
        builder.push(&Row {
            bucket: &bucket,
            key,
            size: parse(record, self.size, "size", size)?,
            last_modified: parse(record, self.last_modified, "last_modified", instant)?,
            etag: Some(etag).filter(|etag| !etag.is_empty()),
            version_id: Some(version_id).filter(|version| !version.is_empty()),
            is_latest: if is_snapshot {
                Some(false)
            } else {
                parse(record, self.is_latest, "is_latest", flag)?
            },
            is_delete_marker: parse(record, self.is_delete_marker, "is_delete_marker", flag)?,
        });
        Ok(())
    }

    fn bucket<'a>(&'a self, named: &'a str) -> Result<&'a str, String> {
        match &self.form.options.default_bucket {
            _ if !named.is_empty() => Ok(named),
            Some(default) => Ok(default),
            None if self.form.dialect == Dialect::Azure => Ok(named),
            None => Err("the bucket is empty".to_owned()),
        }
    }
}

/// The fields of the first record, which is taken off the text.
fn header<R: Read>(name: &str, text: &mut First, reading: &mut Reading<'_, R>) -> Result<Vec<String>> {
    loop {
        let mut records = Records::of(&text.section);
        let found = records.next().map(|record| record.map(Record::fields));
        let (start, end) = (records.start(), records.end());
        match found {
            Ok(Some(fields)) => {
                text.section.start = end;
                return Ok(fields);
            }
            Ok(None) if text.section.is_last => return Err(Error::Empty { name: name.to_owned() }),
            Ok(None) => text.grow(start, name, reading)?,
            Err(message) => return Err(text.wrong(name, start, message)),
        }
    }
}

/// A field; one that the listing does not have is empty.
#[inline]
fn text<'a>(record: Record<'a>, place: Option<usize>, what: &str) -> Result<&'a str, String> {
    let Some(place) = place else { return Ok("") };
    record.field(place).ok_or_else(|| no_utf8(what))
}

/// A value; the empty text is none.
#[inline]
fn parse<T>(
    record: Record<'_>,
    place: Option<usize>,
    what: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let text = text(record, place, what)?.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).map_err(|message| format!("{what} {message}"))
}

#[cold]
fn no_utf8(what: &str) -> String {
    format!("{what} is no UTF-8")
}

pub(crate) fn size(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{:?} is no number of bytes", short(text)))
}

#[inline]
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
