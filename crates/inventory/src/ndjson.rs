//! Listings in NDJSON: an object a line, `{"bucket", "key", …}` or `{"href"}`.

mod flat;

use std::borrow::Cow;

use earthcatalog_model::{Timestamp, read_href};
use serde::Deserialize;

use crate::build::{BatchBuilder, Row};
use crate::by_line;
use crate::cells::Cells;
use crate::columns::Column;
use crate::csv::instant;
use crate::even::Even;
use crate::form::Form;
use crate::lent::Lent;
use crate::sections::{Parsed, Rows, Section, Worker};
use flat::Flat;

/// A line; other members are left alone.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    bucket: Option<Text<'a>>,
    key: Option<Text<'a>>,
    href: Option<Text<'a>>,
    size: Option<u64>,
    #[serde(alias = "last_modified_date")]
    last_modified: Option<Text<'a>>,
    #[serde(alias = "e_tag")]
    etag: Option<Text<'a>>,
    version_id: Option<Text<'a>>,
    is_latest: Option<bool>,
    is_delete_marker: Option<bool>,
}

/// Text as it stands in the line where it has no escapes; of a bare `Option<Cow>` serde would make a copy.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn of<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
        text.as_ref().map(|text| &*text.0)
    }
}

/// What a member is, by its name as [`Line`] has it.
#[inline]
fn column(name: &str) -> Option<Column> {
    Some(match name {
        "bucket" => Column::Bucket,
        "key" => Column::Key,
        "size" => Column::Size,
        "last_modified" | "last_modified_date" => Column::LastModified,
        "etag" | "e_tag" => Column::Etag,
        "version_id" => Column::VersionId,
        "is_latest" => Column::IsLatest,
        "is_delete_marker" => Column::IsDeleteMarker,
        _ => return None,
    })
}

/// True for a text whose first line is such an object.
pub(crate) fn is_first_line(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<Line>(line).is_ok_and(|line| line.key.is_some() || line.href.is_some())
}

/// A text of such lines.
pub(crate) struct Ndjson<'a>(pub(crate) &'a Form);

impl Rows for Ndjson<'_> {
    fn parse(&self, section: &Section, worker: &mut Worker) -> Parsed {
        let mut parsed = Parsed::of(section);
        self.even(section, &mut parsed, &mut worker.cells);
        self.by_line(section, parsed, &mut worker.builder)
    }
}

impl Ndjson<'_> {
    /// Adds the rows of as many lines as are of the form of the first.
    fn even(&self, section: &Section, parsed: &mut Parsed, lent: &mut Lent<Cells>) {
        let Self(form) = self;
        let (text, start) = (section.text.bytes(), section.start);
        let Some((shape, fields)) = section.text.utf8().and_then(|text| flat::shape(text, start)) else {
            return;
        };
        let mut cells = lent.back().unwrap_or_default();
        shape.find(text, start, &mut cells);
        let even = Even {
            text: &section.text,
            cells: &lent.lend(cells),
            fields,
            bucket: form.options.default_bucket.as_deref(),
            empty_is_none: false,
        };
        even.read(form.options.batch_rows, parsed);
    }

    /// Adds the rows of the lines behind those that are parsed.
    pub(crate) fn by_line(&self, section: &Section, parsed: Parsed, builder: &mut BatchBuilder) -> Parsed {
        let Self(form) = self;
        let mut flat = None;
        by_line::parse(section, parsed, form, builder, |lines, builder| {
            let flat = flat
                .get_or_insert_with(|| section.text.utf8().and_then(|text| Flat::of(text, section.is_last)));
            if let Some((line, next)) = flat.as_mut().and_then(|flat| flat.read(lines.at())) {
                return Some(lines.pass(next).and_then(|()| push(&line, form, builder)));
            }
            // Where the section is plain, and this line still is another, it is another alone, too.
            let read = if flat.is_some() { any } else { flat_or_any };
            Some(lines.next()?.and_then(|text| push(&read(text)?, form, builder)))
        })
    }
}

/// Reads a line of a text that has others: it may be flat itself.
fn flat_or_any(text: &str) -> Result<Line<'_>, String> {
    match Flat::of(text, true).and_then(|mut flat| flat.read(0)) {
        Some((line, _)) => Ok(line),
        None => any(text),
    }
}

/// Reads a line, however it is written.
fn any(text: &str) -> Result<Line<'_>, String> {
    serde_json::from_str(text).map_err(|e| format!("this is no object of a listing: {e}"))
}

#[inline]
fn push(line: &Line<'_>, form: &Form, builder: &mut BatchBuilder) -> Result<(), String> {
    let last_modified: Option<Timestamp> = Text::of(&line.last_modified)
        .map(instant)
        .transpose()
        .map_err(|message| format!("last_modified {message}"))?;
    let (bucket, key) = match (Text::of(&line.key), Text::of(&line.href)) {
        (Some(key), _) => {
            let bucket = Text::of(&line.bucket).or(form.options.default_bucket.as_deref());
            let bucket = bucket.ok_or("there is no `bucket`; give --bucket NAME")?;
            (bucket.into(), key.into())
        }
        (None, Some(href)) => read_href(href)?,
        (None, None) => return Err("there is neither `key` nor `href`".to_owned()),
    };
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    builder.push(&Row {
        bucket: &bucket,
        key: &key,
        size: line.size,
        last_modified,
        etag: Text::of(&line.etag).filter(|etag| !etag.is_empty()),
        version_id: Text::of(&line.version_id).filter(|version| !version.is_empty()),
        is_latest: line.is_latest,
        is_delete_marker: line.is_delete_marker,
    });
    Ok(())
}
