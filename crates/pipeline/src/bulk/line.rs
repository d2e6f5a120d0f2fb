//! A line of a staged object: an item, where it came from, and its number in the chunk.

use bytes::Bytes;
use earthcatalog_model::{Item, ObjectRef, Source};
use memchr::memmem;
use serde::{Deserialize, Serialize};

/// The beginning of a line, `{"seq":…,"href":…,"object":{…}`; the item is the last member, on one line, and its strings
/// are escaped no more than they must be; it is otherwise as it was fetched.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    seq: u32,
    href: std::borrow::Cow<'a, str>,
    object: std::borrow::Cow<'a, ObjectRef>,
}

/// What parts them. In a string every quotation mark has a backslash before it, so this is not in the head.
const ITEM: &[u8] = b",\"item\":";

/// Writes a line, its end included.
pub(super) fn encode(seq: u32, item: &Item) -> serde_json::Result<Vec<u8>> {
    let head = Head {
        seq,
        href: item.source.href.as_str().into(),
        object: std::borrow::Cow::Borrowed(&item.source.object),
    };
    let mut line = Vec::with_capacity(item.body.len() + 400);
    serde_json::to_writer(&mut line, &head)?;
    line.pop();
    line.extend_from_slice(ITEM);
    line.extend_from_slice(&item.body);
    line.extend_from_slice(b"}\n");
    Ok(line)
}

/// A line that was read.
pub(super) struct Read {
    pub(super) seq: u32,
    pub(super) source: Source,
    pub(super) body: Bytes,
}

/// Reads a line, without its end; or says what is wrong with it.
pub(super) fn decode(line: &[u8]) -> Result<Read, String> {
    let cut = || "it is no line of a staged object".to_owned();
    let at = memmem::find(line, ITEM).ok_or_else(cut)?;
    let (head, rest) = line.split_at(at);
    let body = rest.get(ITEM.len()..).and_then(|rest| rest.strip_suffix(b"}")).ok_or_else(cut)?;
    let head: Head<'_> = serde_json::from_slice(&[head, b"}"].concat()).map_err(|error| error.to_string())?;
    Ok(Read {
        seq: head.seq,
        source: Source { object: head.object.into_owned(), href: head.href.into_owned() },
        body: Bytes::copy_from_slice(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::restore;

    #[test]
    fn what_is_written_is_read() {
        let body = r#"{"type":"Feature","id":"a\"\n","properties":{"datetime":null},"geometry":null}"#;
        let object = ObjectRef { etag: Some("x".to_owned()), ..ObjectRef::new("b", "k,\"item\":\n\"é") };
        let source = Source { object, href: "s3://b/k\n".to_owned() };
        let item = restore(&Bytes::from_static(body.as_bytes()), source).unwrap();
        let line = encode(7, &item).unwrap();
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1, "one line");
        let read = decode(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((read.seq, &read.source, &read.body[..]), (7, &*item.source, body.as_bytes()));
        assert!(decode(&line[..line.len() / 2]).is_err() && decode(b"").is_err() && decode(b"{}").is_err());
    }
}
