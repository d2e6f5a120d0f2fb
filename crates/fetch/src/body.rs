//! Whether a body is what was asked for: limits, gzip, and the looks of a complete JSON object.

use std::borrow::Cow;
use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Defect {
    /// Larger than the limit.
    #[error("larger than the limit of {0} bytes")]
    TooLarge(u64),
    /// Not the JSON text that was asked for, or not all of it.
    #[error("{0}")]
    Incomplete(Cow<'static, str>),
}

impl Defect {
    fn incomplete(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Incomplete(message.into())
    }
}

/// The text of a body: decompressed where it is gzip, and refused where it is visibly not a whole JSON object.
pub(crate) fn text(body: Bytes, max_bytes: u64) -> Result<Bytes, Defect> {
    let text = if body.starts_with(&GZIP) { gunzip(&body, max_bytes)? } else { body };
    check(&text)?;
    Ok(text)
}

fn gunzip(body: &[u8], max_bytes: u64) -> Result<Bytes, Defect> {
    let mut text = Vec::with_capacity(body.len().saturating_mul(4).min(1 << 20));
    let read = MultiGzDecoder::new(body).take(max_bytes.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|e| Defect::incomplete(format!("the gzip data are damaged or cut off: {e}")))?;
    if text.len() as u64 > max_bytes {
        return Err(Defect::TooLarge(max_bytes));
    }
    Ok(text.into())
}

/// Cheap looks at both ends; that the JSON is well-formed is for its parser to say.
fn check(text: &[u8]) -> Result<(), Defect> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    match (text.first(), text.last()) {
        (None, _) | (_, None) => Err(Defect::incomplete("the body is empty")),
        (Some(b'<'), _) => Err(Defect::incomplete(format!("an error page instead of JSON: {}", start(text)))),
        (Some(b'{'), Some(last)) if *last != b'}' => {
            Err(Defect::incomplete(format!("the JSON is cut off after {} bytes", text.len())))
        }
        _ => Ok(()),
    }
}

fn start(text: &[u8]) -> String {
    let start = text.get(..160).unwrap_or(text);
    String::from_utf8_lossy(start).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check_text(body: &[u8], expected: &str) {
        let got = match text(Bytes::copy_from_slice(body), 100) {
            Ok(text) => format!("ok {}", String::from_utf8_lossy(&text)),
            Err(defect) => defect.to_string(),
        };
        assert!(got.contains(expected), "{got:?} should contain {expected:?}");
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn whole_objects_pass_and_others_are_named() {
        check_text(b"{}", "ok {}");
        check_text(b" \n{\"a\":1}\n", "ok");
        check_text(b"\xef\xbb\xbf{}", "ok");
        check_text(b"[1", "ok");
        check_text(b"", "empty");
        check_text(b" \n", "empty");
        check_text(b"{\"a\":", "cut off after 5 bytes");
        check_text(b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>", "SlowDown");
        check_text(b"<Error>x</Error>", "error page");
    }

    #[test]
    fn gzip_is_undone_within_the_limit() {
        check_text(&gzip(b"{\"a\":1}"), "ok {\"a\":1}");
        check_text(&gzip(&[b' '; 101]), "larger than the limit of 100");
        let whole = gzip(b"{\"a\":1}");
        check_text(&whole[..whole.len() - 3], "damaged or cut off");
        check_text(&gzip(b""), "empty");
    }
}
