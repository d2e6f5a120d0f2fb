//! Secrets stay out of what is shown: the user part and the query of every URL in a text.

use std::borrow::Cow;

/// The text, with `user:password@` cut from its URLs and `?…` replaced by `?***`.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(ends_url).unwrap_or(tail.len());
        let (url, after) = tail.split_at(end);
        push_url(url, &mut out);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn push_url(url: &str, out: &mut String) {
    let (place, query) = match url.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (url, None),
    };
    let authority = place.find('/').unwrap_or(place.len());
    let skip = place.get(..authority).and_then(|a| a.rfind('@')).map_or(0, |at| at + 1);
    out.push_str(place.get(skip..).unwrap_or_default());
    if query.is_some_and(|query| !query.is_empty()) {
        out.push_str("?***");
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn urls_lose_what_is_secret() {
        check("a plain path /data/x?y", "a plain path /data/x?y");
        check("s3://bucket/key", "s3://bucket/key");
        check("'s3://k:s@bucket/key' is gone", "'s3://bucket/key' is gone");
        check("https://host/x?sig=abc and https://u@h", "https://host/x?*** and https://h");
        check("s3://bucket/user@example/x", "s3://bucket/user@example/x");
        check("NAME=https://u:p@host/x", "NAME=https://host/x");
    }
}
