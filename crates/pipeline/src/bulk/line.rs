//! A line of a staged object: an item, where it came from, and its number in the chunk.

use std::borrow::Cow;

use bytes::Bytes;
use earthcatalog_model::{Item, ObjectRef, Source};
use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::prepare::{Outline, Prepared, restore};

/// What is said of an item. The line is `{"head":{…},"item":{…}}`; the item is on one line, and otherwise as it was fetched.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    seq: u32,
    href: Cow<'a, str>,
    object: Cow<'a, ObjectRef>,
    #[serde(borrow)]
    outline: Outline<'a>,
}

const HEAD: &[u8] = b"{\"head\":";

/// What parts them. In a string every quotation mark has a backslash before it, so this is not in the head.
const ITEM: &[u8] = b",\"item\":";

/// Appends a line, its end included.
pub(super) fn encode(seq: u32, prepared: &Prepared, line: &mut Vec<u8>) -> serde_json::Result<()> {
    let Source { href, object } = &*prepared.item.source;
    let outline = prepared.outline();
    let head = Head { seq, href: href.as_str().into(), object: Cow::Borrowed(object), outline };
    line.extend_from_slice(HEAD);
    serde_json::to_writer(&mut *line, &head)?;
    line.extend_from_slice(ITEM);
    line.extend_from_slice(&prepared.item.body);
    line.extend_from_slice(b"}\n");
    Ok(())
}

/// A line that was read.
pub(super) struct Read<'a> {
    pub(super) seq: u32,
    source: Source,
    outline: Outline<'a>,
    body: Bytes,
}

impl Read<'_> {
    /// Its item.
    pub(super) fn item(self) -> Result<Item, String> {
        restore(self.body, self.outline, self.source)
    }
}

/// Reads a line of `lines`, without its end; or says what is wrong with it. The body is a part of them, and no copy.
pub(super) fn decode<'a>(lines: &Bytes, line: &'a [u8]) -> Result<Read<'a>, String> {
    let cut = || "it is no line of a staged object".to_owned();
    let parts = line.strip_prefix(HEAD).and_then(|line| line.strip_suffix(b"}")).ok_or_else(cut)?;
    let (head, item) = parts.split_at(memmem::find(parts, ITEM).ok_or_else(cut)?);
    let body = item.strip_prefix(ITEM).unwrap_or_default();
    let Head { seq, href, object, outline } =
        serde_json::from_slice(head).map_err(|error| error.to_string())?;
    let source = Source { object: object.into_owned(), href: href.into_owned() };
    Ok(Read { seq, source, outline, body: lines.slice_ref(body) })
}

#[cfg(test)]
mod tests {
    use earthcatalog_fetch::Fetched;
    use earthcatalog_grid::{GridSpec, build};

    use super::*;
    use crate::parts::Href;
    use crate::prepare::prepare_all;

    struct Bucket;

    impl Href for Bucket {
        fn href(&self, object: &ObjectRef) -> String {
            format!("s3://{}/{}", object.bucket, object.key)
        }

        fn object(&self, _: &str) -> (String, String) {
            Default::default()
        }
    }

    fn prepared(body: &'static str) -> Prepared {
        let object = ObjectRef { etag: Some("x".to_owned()), ..ObjectRef::new("b", "k,\"item\":\n\"é") };
        let grid = build(&"s2:1".parse::<GridSpec>().unwrap(), None).unwrap();
        let fetched = Fetched { object, body: Bytes::from_static(body.as_bytes()) };
        prepare_all(vec![fetched], &*grid, &Bucket).prepared.pop().unwrap()
    }

    /// What is read of its line is the item as it was.
    fn check(body: &'static str) {
        let prepared = prepared(body);
        let mut line = Vec::new();
        encode(7, &prepared, &mut line).unwrap();
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1, "one line");
        let line = Bytes::from(line);
        let read = decode(&line, line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(read.seq, 7);
        assert_eq!(format!("{:?}", read.item().unwrap()), format!("{:?}", prepared.item));
        for wrong in [&line[..line.len() / 2], b"", b"{}"] {
            assert!(decode(&line, wrong).is_err());
        }
    }

    #[test]
    fn what_is_written_is_read() {
        check(r#"{"type":"Feature","id":"a\"\n","properties":{"datetime":null},"geometry":null}"#);
        check(r#"{"type":"Feature","id":"a","properties":{"updated":"2020-01-01T00:00:00Z"}}"#);
        check(
            r#" { "geometry": {"type": "Point", "coordinates": [1.50, 2e0]}, "type": "Feature", "id": "a",
                "properties": {"datetime": "2020-01-01T01:00:00.5+01:00", "x": "é\u00e9"} } "#,
        );
        check(
            r#"{"type":"Feature","id":"a","properties":{},"geometry":{"type":"LineString","coordinates":[[179,0],[181,1]]}}"#,
        );
    }

    #[test]
    fn a_damaged_line_is_told() {
        let mut line = Vec::new();
        encode(0, &prepared(r#"{"type":"Feature","id":"a","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#), &mut line)
            .unwrap();
        let text = String::from_utf8(line).unwrap();
        let item = |text: String| {
            let line = Bytes::from(text);
            decode(&line, line.trim_ascii_end()).and_then(Read::item).err()
        };
        assert_eq!(item(text.clone()), None);
        assert!(
            item(text.replace("\"geometry\":[", "\"geometry\":[9")).is_some_and(|e| e.contains("geometry"))
        );
        assert!(item(text.replace("\"seq\"", "\"sew\"")).is_some_and(|e| e.contains("seq")));
    }
}
