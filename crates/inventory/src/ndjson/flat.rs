//! Lines as programs write them: an object of texts without escapes, whole numbers, `true` and `false`. All else, what is wrong
//! included, is left to serde_json.

use std::borrow::Cow;

use super::{Line, Text};
use crate::find;

/// Reads such a line; None where it is another.
pub(super) fn read(text: &str) -> Option<Line<'_>> {
    if !is_plain(text.as_bytes()) {
        return None;
    }
    let mut line = Line::default();
    let mut rest = text.strip_prefix('{')?;
    loop {
        let (name, value) = string(spaced(rest))?;
        rest = member(&mut line, name, spaced(value.strip_prefix(':')?))?;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None if rest == "}" => return Some(line),
            None => return None,
        }
    }
}

/// True where no byte is an escape, or one that JSON does not allow in texts. All are looked at, since that is done many at a time.
fn is_plain(text: &[u8]) -> bool {
    !text.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\'))
}

fn spaced(text: &str) -> &str {
    text.trim_start_matches(' ')
}

/// Takes a value from the front of a text, and gives the rest.
fn member<'a>(line: &mut Line<'a>, name: &str, value: &'a str) -> Option<&'a str> {
    match name {
        "bucket" => text_into(&mut line.bucket, value),
        "key" => text_into(&mut line.key, value),
        "href" => text_into(&mut line.href, value),
        "size" => {
            let (size, rest) = number(value)?;
            once(&mut line.size, size)?;
            Some(rest)
        }
        "last_modified" | "last_modified_date" => text_into(&mut line.last_modified, value),
        "etag" | "e_tag" => text_into(&mut line.etag, value),
        "version_id" => text_into(&mut line.version_id, value),
        "is_latest" => flag_into(&mut line.is_latest, value),
        "is_delete_marker" => flag_into(&mut line.is_delete_marker, value),
        _ => string(value)
            .map(|(_, rest)| rest)
            .or_else(|| number(value).map(|(_, rest)| rest))
            .or_else(|| flag(value).map(|(_, rest)| rest)),
    }
}

/// A member that is there twice is an error, which serde_json words.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn text_into<'a>(place: &mut Option<Text<'a>>, value: &'a str) -> Option<&'a str> {
    let (text, rest) = string(value)?;
    once(place, Text(Cow::Borrowed(text)))?;
    Some(rest)
}

fn flag_into<'a>(place: &mut Option<bool>, value: &'a str) -> Option<&'a str> {
    let (flag, rest) = flag(value)?;
    once(place, flag)?;
    Some(rest)
}

fn string(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let end = find::quote(text.as_bytes())?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn flag(text: &str) -> Option<(bool, &str)> {
    let is = |word, value| text.strip_prefix(word).map(|rest| (value, rest));
    is("true", true).or_else(|| is("false", false))
}

/// Digits that fit into 64 bits for certain; none before the first that is not zero.
fn number(text: &str) -> Option<(u64, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(count)?;
    let fits = (1..=19).contains(&count) && (count == 1 || !digits.starts_with('0'));
    // A point or an exponent is no end of a member, and so is seen by whoever asked.
    fits.then(|| digits.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
        .map(|value| (value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line that is read here is what serde_json makes of it.
    fn check(text: &str, is_read: bool) {
        let read = read(text);
        assert_eq!(read.is_some(), is_read, "{text}");
        if let Some(line) = read {
            assert_eq!(serde_json::from_str::<Line<'_>>(text).ok(), Some(line), "{text}");
        }
    }

    #[test]
    fn what_programs_write_is_read_here() {
        check(r#"{"bucket":"b","key":"k,\u{e9}{}[]","size":7,"last_modified":"2020","etag":"e"}"#.replace("\\u{e9}", "\u{e9}").as_str(), true);
        check(
            r#"{ "href": "s3://b/k",  "is_latest": true, "is_delete_marker": false, "version_id": "" }"#,
            false,
        );
        check(
            r#"{ "href": "s3://b/k",  "is_latest": true, "is_delete_marker": false, "version_id": ""}"#,
            true,
        );
        check(r#"{"size":0,"size2":12,"x":"y","z":true,"e_tag":"e","last_modified_date":"d"}"#, true);
        check(r#"{"size":9999999999999999999}"#, true);
    }

    #[test]
    fn all_else_is_left_to_serde() {
        for text in [
            "",
            "{",
            "{}",
            "{,}",
            r#"{"key":"a\"b"}"#,
            "{\"key\":\"a\tb\"}",
            r#"{"key":"k"} "#,
            r#"{"key":"k",}"#,
            r#"{"key":"k""size":1}"#,
            r#"{"key":"k","key":"l"}"#,
            r#"{"etag":"k","e_tag":"l"}"#,
            r#"{"key":null}"#,
            r#"{"key":7}"#,
            r#"{"size":"7"}"#,
            r#"{"size":-1}"#,
            r#"{"size":01}"#,
            r#"{"size":1.0}"#,
            r#"{"size":1e3}"#,
            r#"{"size":18446744073709551615}"#,
            r#"{"is_latest":truer}"#,
            r#"{"x":[1]}"#,
            r#"{"x":{}}"#,
            r#"{"key" :"k"}"#,
        ] {
            check(text, false);
        }
    }

    proptest! {
        #[test]
        fn it_says_what_serde_says(parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 1..16)) {
            let text = format!("{{{}", parts.concat());
            if let Some(line) = read(&text) {
                prop_assert_eq!(serde_json::from_str::<Line<'_>>(&text).ok(), Some(line), "{}", text);
            }
        }
    }

    const PARTS: [&str; 22] = [
        "\"key\":\"k\"",
        "\"key\":",
        "\"size\":7",
        "\"size\":",
        "\"etag\":\"\u{e9}\"",
        "\"is_latest\":true",
        "\"x\":",
        "\"y\":\"z\"",
        ",",
        ",",
        ",",
        "}",
        "}",
        "\"",
        ":",
        " ",
        "0",
        "12",
        "false",
        "null",
        "\\",
        "\n",
    ];
}
