//! From the bytes of a file to its items, on a thread of its own: what kind of file it is is told by its first bytes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use futures::stream::BoxStream;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::RowsToItems;
use super::array::{Taken, Values};
use super::put::{Put, Putting};
use crate::batch::ObjectBatch;
use crate::error::{Error, Result};
use crate::open;
use crate::pieces::Pieces;
use crate::pump::{self, Sink, Source};
use crate::text;

/// The longest item; the fetcher of single objects has the same limit.
const MAX_ITEM: usize = 64 << 20;

/// Bytes of a text that are looked at to tell its kind.
const LOOK: u64 = 256 << 10;

/// Rows that are made items in one go.
const ROWS: usize = 256;

/// Pieces of a Parquet file, by size and number: it has many columns, all of which are read.
const PIECE: u64 = 256 << 10;
const PIECES: usize = 256;

/// How the text is packed.
#[derive(Debug, Clone, Copy)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// Begins to read.
pub(super) async fn batches(
    source: Source,
    to: Putting,
    rows: RowsToItems,
) -> Result<BoxStream<'static, Result<ObjectBatch>>> {
    let start = open::start(&source, 16).await?;
    Ok(match &*start {
        [b'P', b'A', b'R', b'1', ..] => parquet(source, to, rows),
        [0x1f, 0x8b, ..] => text(source, to, Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => text(source, to, Packing::Zstd),
        _ => text(source, to, Packing::None),
    })
}

fn parquet(source: Source, to: Putting, rows: RowsToItems) -> BoxStream<'static, Result<ObjectBatch>> {
    pump::work(source.name.clone(), move |_| {
        let name = source.name.clone();
        let pieces = Pieces::sized(source, PIECE, PIECES);
        move |sink: &Sink| {
            if let Err(error) = read_rows(&name, &pieces, rows, Put::new(&to, sink)) {
                sink.send(Err(pieces.take_error().unwrap_or(error)));
            }
        }
    })
}

fn read_rows(name: &str, pieces: &Pieces, rows: RowsToItems, mut put: Put<'_>) -> Result<()> {
    let damaged = |source| Error::Parquet { name: name.to_owned(), source };
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(pieces.clone(), options).map_err(damaged)?;
    if builder.schema().column_with_name("id").is_none() {
        return Err(Error::Items { name: name.to_owned(), message: NO_ID.to_owned() });
    }
    let mut first = 0;
    for batch in builder.with_batch_size(ROWS).build().map_err(damaged)? {
        let batch = batch.map_err(|error| damaged(error.into()))?;
        // Where one row is wrong, the others are read one by one.
        let all = rows(&batch).ok().filter(|items| items.len() == batch.num_rows());
        for row in 0..batch.num_rows() {
            let at = format!("row={}", first + row);
            let wanted = match all.as_ref().and_then(|items| items.get(row)) {
                Some(item) => put.row(item, &at)?,
                None => match rows(&batch.slice(row, 1)) {
                    Ok(items) => items.first().map_or(Ok(true), |item| put.row(item, &at))?,
                    Err(message) => put.refusal(&message, &at)?,
                },
            };
            if !wanted {
                return Ok(());
            }
        }
        first += batch.num_rows();
    }
    put.finish()
}

const NO_ID: &str = "is Parquet, but no stac-geoparquet: it has no column `id`";

fn text(source: Source, to: Putting, packing: Packing) -> BoxStream<'static, Result<ObjectBatch>> {
    let name = source.name.clone();
    pump::batches(source, move |bytes, sink| {
        let read = text::with_bytes(bytes, |packed| {
            let put = Put::new(&to, sink);
            match packing {
                Packing::None => read_text(&name, packed, put),
                Packing::Gzip => read_text(&name, BufReader::new(MultiGzDecoder::new(packed)), put),
                Packing::Zstd => {
                    let decoder = zstd::stream::read::Decoder::with_buffer(packed);
                    read_text(&name, BufReader::new(decoder.map_err(|e| unreadable(&name, &e))?), put)
                }
            }
        });
        if let Err(error) = read {
            sink.send(Err(error));
        }
    })
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    let message = format!("is damaged or cut off: its compressed data cannot be read on: {error}");
    Error::Items { name: name.to_owned(), message }
}

fn read_text(name: &str, mut text: impl BufRead, mut put: Put<'_>) -> Result<()> {
    let mut head = Vec::new();
    let look = (&mut text).take(LOOK).read_to_end(&mut head);
    look.map_err(|e| unreadable(name, &e))?;
    let kind = Kind::of(&head)
        .ok_or_else(|| Error::Items { name: name.to_owned(), message: NO_ITEMS.to_owned() })?;
    let text = Cursor::new(head).chain(text);
    let wanted = match kind {
        Kind::Lines => lines(name, text, &mut put)?,
        _ => {
            let mut values = Values::new(text);
            values.peek(BOM).map_err(|e| unreadable(name, &e))?;
            read_values(name, kind, &mut values, &mut put)?
        }
    };
    if wanted { put.finish() } else { Ok(()) }
}

const NO_ITEMS: &str =
    "holds no items: neither stac-geoparquet nor JSON (an item a line, or a FeatureCollection)";

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An item a line.
    Lines,
    /// Items over several lines, one after another: most often one.
    Values,
    /// An array of items.
    Array,
    /// A FeatureCollection.
    Collection,
}

impl Kind {
    fn of(head: &[u8]) -> Option<Self> {
        let text = head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start();
        match text.first()? {
            b'[' => Some(Self::Array),
            // A text sequence of RFC 8142.
            0x1e => Some(Self::Lines),
            b'{' if is_collection(text) => Some(Self::Collection),
            b'{' => Some(if is_by_line(text) { Self::Lines } else { Self::Values }),
            _ => None,
        }
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// True if the first object says that it is a FeatureCollection, or has features.
fn is_collection(text: &[u8]) -> bool {
    let mut values = Values::new(text);
    // Reading from memory does not fail.
    while let Ok(Some(byte)) = values.peek(b"{,") {
        if byte != b'"' || !matches!(values.value(MAX_NAME), Ok(Taken::Whole | Taken::TooLong)) {
            return false;
        }
        let name = values.last().to_vec();
        let is_array = matches!(values.peek(b":"), Ok(Some(b'[')));
        if name == FEATURES && is_array {
            return true;
        }
        if !matches!(values.value(MAX_NAME), Ok(Taken::Whole | Taken::TooLong)) {
            return false;
        }
        if name == b"\"type\"" {
            return values.last() == b"\"FeatureCollection\"";
        }
    }
    false
}

const FEATURES: &[u8] = b"\"features\"";

/// The longest name of a member that is looked at.
const MAX_NAME: usize = 1_024;

/// True if the first line is a whole object, or the second line begins another.
fn is_by_line(text: &[u8]) -> bool {
    let mut values = Values::new(text);
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    match values.value(usize::MAX) {
        Ok(Taken::Whole) if values.last().len() <= end => true,
        _ => text.get(end + 1..).is_some_and(|second| second.first() == Some(&b'{')),
    }
}

fn read_values(name: &str, kind: Kind, values: &mut Values<impl BufRead>, put: &mut Put<'_>) -> Result<bool> {
    if kind != Kind::Values {
        // The bracket or the brace.
        values.pass();
    }
    match kind {
        Kind::Collection => collection(name, values, put),
        Kind::Array => elements(name, values, put, Some(b']')),
        Kind::Values | Kind::Lines => elements(name, values, put, None),
    }
}

fn cut(name: &str) -> Error {
    Error::Items { name: name.to_owned(), message: "ends within its items: it is cut off".to_owned() }
}

/// Takes items up to `end`, or to the end of the text. False where no one wants more.
fn elements(
    name: &str,
    values: &mut Values<impl BufRead>,
    put: &mut Put<'_>,
    end: Option<u8>,
) -> Result<bool> {
    let failed = |e: io::Error| unreadable(name, &e);
    for number in 0_u64.. {
        let at = format!("feature={number}");
        let wanted = match values.peek(b",").map_err(failed)? {
            None if end.is_none() => break,
            None => return Err(cut(name)),
            Some(byte) if Some(byte) == end => {
                values.pass();
                break;
            }
            Some(b']' | b'}' | b':') if end.is_some() => return Err(cut(name)),
            Some(_) => match values.value(MAX_ITEM).map_err(failed)? {
                Taken::Whole => put.item(values.last(), &at)?,
                Taken::TooLong => put.refusal(TOO_LONG, &at)?,
                // Of items that just follow one another, the last may be a torso like any other.
                Taken::Cut if end.is_none() => put.item(values.last(), &at)?,
                Taken::Cut => return Err(cut(name)),
            },
        };
        if !wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What begins like this is rejected as too large.
pub(super) const TOO_LONG: &str = "the item is longer than 64 MiB";

/// Takes the features of a collection, whose brace has been passed.
fn collection(name: &str, values: &mut Values<impl BufRead>, put: &mut Put<'_>) -> Result<bool> {
    let failed = |e: io::Error| unreadable(name, &e);
    loop {
        match values.peek(b",").map_err(failed)? {
            Some(b'"') => {}
            Some(b'}') => return Ok(true),
            _ => return Err(cut(name)),
        }
        values.value(MAX_NAME).map_err(failed)?;
        let member = values.last().to_vec();
        let first = values.peek(b":").map_err(failed)?;
        if member == FEATURES && first == Some(b'[') {
            values.pass();
            if !elements(name, values, put, Some(b']'))? {
                return Ok(false);
            }
        } else {
            let most = if member == b"\"links\"" { MAX_LINKS } else { 0 };
            if first.is_none() || values.value(most).map_err(failed)? == Taken::Cut {
                return Err(cut(name));
            }
            if has_next(values.last()) {
                tracing::warn!(%name, "the collection is a page of a longer one: its link `next` is not followed");
            }
        }
    }
}

/// The longest list of a collection's links that is looked at.
const MAX_LINKS: usize = 1 << 20;

fn has_next(links: &[u8]) -> bool {
    let links: Vec<serde_json::Value> = serde_json::from_slice(links).unwrap_or_default();
    links.iter().any(|link| link.get("rel").is_some_and(|rel| rel == "next"))
}

/// Takes an item a line. False where no one wants more.
fn lines(name: &str, mut text: impl BufRead, put: &mut Put<'_>) -> Result<bool> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        let at = format!("line={number}");
        line.clear();
        let mut limited = (&mut text).take(MAX_ITEM as u64 + 1);
        if limited.read_until(b'\n', &mut line).map_err(|e| unreadable(name, &e))? == 0 {
            break;
        }
        let too_long = line.len() > MAX_ITEM && line.last() != Some(&b'\n');
        if too_long {
            text.skip_until(b'\n').map_err(|e| unreadable(name, &e))?;
        }
        let item = line.strip_prefix(BOM).unwrap_or(&line).trim_ascii();
        let item = item.strip_prefix(b"\x1e").unwrap_or(item).trim_ascii();
        let wanted = match item {
            _ if too_long => put.refusal(TOO_LONG, &at)?,
            [] => true,
            item => put.item(item, &at)?,
        };
        if !wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Kind>) {
        assert_eq!(Kind::of(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn kinds() {
        check("{\"type\":\"Feature\"}\n{\"type\":\"Feature\"}", Some(Kind::Lines));
        check("\u{feff}{\"type\":\"Feature\"}", Some(Kind::Lines));
        check("\u{1e}{}", Some(Kind::Lines));
        check("{\"id\":\n{\"id\":\"b\"}", Some(Kind::Lines));
        check("{\n  \"type\": \"Feature\"\n}\n", Some(Kind::Values));
        check(" [\n{}", Some(Kind::Array));
        check(r#"{"type":"FeatureCollection","features":[]}"#, Some(Kind::Collection));
        check(r#"{"links":[{"a":"}"}], "features" : [{"#, Some(Kind::Collection));
        check(r#"{"type":"Feature","features":[]}"#, Some(Kind::Lines));
        check("id,name", None);
        check("", None);
    }
}
