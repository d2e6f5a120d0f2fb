//! Listings in NDJSON: an object a line, `{"bucket", "key", …}` or `{"href"}`.

use std::io::BufRead;

use earthcatalog_model::{Timestamp, read_href};
use serde::Deserialize;

use crate::build::{BatchBuilder, Row};
use crate::by_line;
use crate::csv::instant;
use crate::error::Result;
use crate::form::Form;
use crate::pump::Sink;

/// A line; other members are left alone.
#[derive(Debug, Deserialize)]
struct Line {
    bucket: Option<String>,
    key: Option<String>,
    href: Option<String>,
    size: Option<u64>,
    #[serde(alias = "last_modified_date")]
    last_modified: Option<String>,
    #[serde(alias = "e_tag")]
    etag: Option<String>,
    version_id: Option<String>,
    is_latest: Option<bool>,
    is_delete_marker: Option<bool>,
}

/// Reads lines to their end.
pub(crate) fn read(name: &str, text: impl BufRead, form: &Form, sink: &Sink) -> Result<()> {
    by_line::read(name, text, form, sink, push)
}

/// True for a text whose first line is such an object.
pub(crate) fn is_first_line(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<Line>(line).is_ok_and(|line| line.key.is_some() || line.href.is_some())
}

fn push(text: &str, form: &Form, builder: &mut BatchBuilder) -> Result<(), String> {
    let line: Line =
        serde_json::from_str(text).map_err(|e| format!("this is no object of a listing: {e}"))?;
    let last_modified: Option<Timestamp> = line
        .last_modified
        .as_deref()
        .map(instant)
        .transpose()
        .map_err(|message| format!("last_modified {message}"))?;
    let (bucket, key) = match (&line.key, &line.href) {
        (Some(key), _) => {
            let bucket = line.bucket.as_deref().or(form.options.default_bucket.as_deref());
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
        etag: line.etag.as_deref().filter(|etag| !etag.is_empty()),
        version_id: line.version_id.as_deref().filter(|version| !version.is_empty()),
        is_latest: line.is_latest,
        is_delete_marker: line.is_delete_marker,
    });
    Ok(())
}
