//! Listings in CSV: records to rows, by a header or by the names that the caller gives.

mod plain;

use std::borrow::Cow;
use std::io::Read;

use earthcatalog_model::Timestamp;
use memchr::{memchr, memchr2};

use crate::build::{BatchBuilder, Row};
use crate::cells::Cells;
use crate::columns::{assign, require};
use crate::error::{Error, Result};
use crate::even::{Even, Fields};
use crate::form::{Dialect, Form};
use crate::lent::Lent;
use crate::record::{Record, Records};
use crate::sections::{First, Parsed, Reading, Rows, Section, Worker};
use crate::shape::{Kind, Shape};
use crate::urlcode;

const NO_HEADER: &str = "; where its first line is no header, give the names of its columns with --columns";

/// Records of a text whose columns are known.
pub(crate) struct Csv {
    /// Fields of a record.
    width: usize,
    fields: Fields,
    form: Form,
    url_encoded: bool,
}

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
        let options = &form.options;
        if let Some(names) = &options.columns {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            return Self::named(name, &names, form, options.url_encoded.unwrap_or(true));
        }
        let names = header(name, text, reading)?;
        let names: Vec<_> = names.iter().map(|name| name.trim()).collect();
        Self::named(name, &names, form, options.url_encoded.unwrap_or(false))
    }

    /// Of columns with these names.
    ///
    /// # Errors
    /// Where there is no column of keys, or none of buckets and no bucket given.
    pub(crate) fn named(name: &str, names: &[&str], form: &Form, url_encoded: bool) -> Result<Self> {
        let columns = assign(names.iter().copied(), form.dialect);
        require(name, &columns, names, form, NO_HEADER)?;
        Ok(Self { width: names.len(), fields: Fields::of(&columns), form: form.clone(), url_encoded })
    }

    /// Adds the rows of as many records as are all of one form.
    pub(crate) fn even(&self, section: &Section, parsed: &mut Parsed, lent: &mut Lent<Cells>) {
        let mut cells = lent.back().unwrap_or_default();
        let is_even = self.cells(section, &mut cells) == Some(true);
        let cells = lent.lend(cells);
        if !is_even {
            return;
        }
        let even = Even {
            text: &section.text,
            cells: &cells,
            fields: self.fields,
            bucket: self.form.options.default_bucket.as_deref(),
            empty_is_none: true,
        };
        even.read(self.form.options.batch_rows, parsed);
    }

    /// Finds the values of as many records as are all of one form; not true where there are none, or they do not stand for themselves.
    fn cells(&self, section: &Section, cells: &mut Cells) -> Option<bool> {
        let (text, start) = (section.text.utf8()?, section.start);
        let rest = text.as_bytes().get(start..)?;
        let is_plain = self.form.dialect == Dialect::Plain && self.fields.snapshot.is_none();
        if !is_plain || self.url_encoded && memchr2(b'%', b'+', rest).is_some() {
            return None;
        }
        Some(match rest.first()? {
            b'"' => quoted(rest, self.width)?.find(text.as_bytes(), start, cells),
            _ => plain::find(text, start, self.width, cells),
        })
    }

    /// Adds the rows of the records behind those that are parsed, however they are written.
    pub(crate) fn by_record(
        &self,
        section: &Section,
        mut parsed: Parsed,
        builder: &mut BatchBuilder,
    ) -> Parsed {
        let mut records = Records::of(section, parsed.rest);
        builder.begin(&section.text);
        let wrong = loop {
            match records.next() {
                Err(message) => break Some(message.to_owned()),
                Ok(None) => break None,
                Ok(Some(record)) => {
                    if let Err(message) = self.push(record, builder) {
                        break Some(message);
                    }
                }
            }
            if builder.rows() >= self.form.options.batch_rows {
                parsed.batches.push(builder.finish());
            }
        };
        parsed.end(section, builder, records.start(), wrong)
    }

    #[inline]
    fn push(&self, record: Record<'_>, builder: &mut BatchBuilder) -> Result<(), String> {
        if record.len() != self.width {
            return Err(format!("{} fields instead of {}", record.len(), self.width));
        }
        let fields = &self.fields;
        let key = text(record, fields.key, "key")?;
        let key = if self.url_encoded { urlcode::decode(key)? } else { Cow::Borrowed(key) };
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let bucket = text(record, fields.bucket, "bucket")?;
        let etag = text(record, fields.etag, "etag")?;
        let version_id = text(record, fields.version_id, "version_id")?;
        // A snapshot is no live object, whatever else is said of it.
        let is_snapshot = !text(record, fields.snapshot, "snapshot")?.trim().is_empty();
        let (bucket, key) = self.form.place(self.bucket(bucket)?, &key)?;
        builder.push(&Row {
            bucket: &bucket,
            key,
            size: parse(record, fields.size, "size", size)?,
            last_modified: parse(record, fields.last_modified, "last_modified", instant)?,
            etag: Some(etag).filter(|etag| !etag.is_empty()),
            version_id: Some(version_id).filter(|version| !version.is_empty()),
            is_latest: if is_snapshot {
                Some(false)
            } else {
                parse(record, fields.is_latest, "is_latest", flag)?
            },
            is_delete_marker: parse(record, fields.is_delete_marker, "is_delete_marker", flag)?,
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

impl Rows for Csv {
    fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed {
        let mut parsed = Parsed::of(section);
        self.even(section, &mut parsed, &mut worker.cells);
        self.by_record(section, parsed, &mut worker.builder)
    }
}

/// The form of the first record, where all of its so many fields are quoted.
fn quoted(text: &[u8], width: usize) -> Option<Shape> {
    let line = text.get(..=memchr(b'\n', text)?)?;
    let (mut shape, mut rest, mut before) = (Shape::default(), line, &b"\""[..]);
    for _ in 0..width {
        rest = rest.strip_prefix(before)?;
        shape.push(before, Kind::Text);
        rest = rest.get(memchr(b'"', rest)?..)?;
        before = b"\",\"";
    }
    shape.end(Some(rest).filter(|tail| matches!(*tail, b"\"\n" | b"\"\r\n"))?)
}

/// The fields of the first record, which is taken off the text.
fn header<R: Read>(name: &str, text: &mut First, reading: &mut Reading<'_, R>) -> Result<Vec<String>> {
    loop {
        let mut records = Records::of(&text.section, text.section.start);
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
