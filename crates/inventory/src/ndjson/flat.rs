//! Lines as programs write them: an object of texts without escapes, whole numbers, `true` and `false`. All else, what is wrong
//! included, is left to serde_json.

use std::borrow::Cow;

use memchr::memchr;

use super::{Line, Text, column};
use crate::columns::Column;
use crate::even::Fields;
use crate::find::{Byte, Or, Places};
use crate::level::Any;
use crate::shape::{Kind, Shape};

const HREF: &str = "href";

/// Such lines of a text.
pub(super) struct Flat<'a> {
    text: &'a str,
    is_last: bool,
    /// A text ends at a quote, and a line before the end of its line.
    ends: Places<'a, Or<Byte<b'"'>, Byte<b'\n'>>, Any>,
}

impl<'a> Flat<'a> {
    /// Those of a text that is so throughout; else none. `is_last`: nothing comes behind it, and its last line needs no end.
    pub(super) fn of(text: &'a str, is_last: bool) -> Option<Self> {
        is_plain(text.as_bytes()).then(|| Self { text, is_last, ends: Places::of(text.as_bytes(), Any) })
    }

    /// The line that begins at `at`, and where the next one does; None where it is another, or not all there.
    #[inline]
    pub(super) fn read(&mut self, at: usize) -> Option<(Line<'a>, usize)> {
        let mut line = Line::default();
        let mut at = self.sign(at, b'{')?;
        loop {
            let (name, behind) = self.string(self.spaced(at))?;
            let value = self.spaced(self.sign(behind, b':')?);
            at = self.member(&mut line, name, value)?;
            match self.byte(at)? {
                b',' => at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        match self.byte(at + 1) {
            Some(b'\n') => Some((line, at + 2)),
            None if self.is_last => Some((line, at + 1)),
            _ => None,
        }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Behind a sign that has to be here.
    #[inline(always)]
    fn sign(&self, at: usize, sign: u8) -> Option<usize> {
        (self.byte(at)? == sign).then_some(at + 1)
    }

    #[inline(always)]
    fn spaced(&self, mut at: usize) -> usize {
        while self.byte(at) == Some(b' ') {
            at += 1;
        }
        at
    }

    /// A text that begins here, and what is behind it.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Option<(&'a str, usize)> {
        let start = self.sign(at, b'"')?;
        let end = self.ends.next(start)?;
        let behind = self.sign(end, b'"')?;
        Some((self.text.get(start..end)?, behind))
    }

    /// Takes a member's value, and gives what is behind it.
    #[inline]
    fn member(&mut self, line: &mut Line<'a>, name: &str, value: usize) -> Option<usize> {
        match column(name) {
            Some(Column::Bucket) => self.text_into(&mut line.bucket, value),
            Some(Column::Key) => self.text_into(&mut line.key, value),
            Some(Column::Size) => {
                let (size, behind) = self.number(value)?;
                once(&mut line.size, size)?;
                Some(behind)
            }
            Some(Column::LastModified) => self.text_into(&mut line.last_modified, value),
            Some(Column::Etag) => self.text_into(&mut line.etag, value),
            Some(Column::VersionId) => self.text_into(&mut line.version_id, value),
            Some(Column::IsLatest) => self.flag_into(&mut line.is_latest, value),
            Some(Column::IsDeleteMarker) => self.flag_into(&mut line.is_delete_marker, value),
            // Snapshots are of Azure's columns alone.
            Some(Column::Snapshot) | None => match name {
                HREF => self.text_into(&mut line.href, value),
                _ => self.other(value),
            },
        }
    }

    /// What value begins here: its first byte, and the one behind its last. Quotes are not of it.
    fn value(&mut self, at: usize) -> Option<(Kind, usize, usize)> {
        if let Some((_, behind)) = self.string(at) {
            return Some((Kind::Text, at + 1, behind - 1));
        }
        let number = self.number(at).map(|(_, behind)| (Kind::Number, at, behind));
        number.or_else(|| self.flag(at).map(|(_, behind)| (Kind::Flag, at, behind)))
    }

    /// A value that nobody asks for.
    fn other(&mut self, value: usize) -> Option<usize> {
        self.string(value)
            .map(|(_, behind)| behind)
            .or_else(|| self.number(value).map(|(_, behind)| behind))
            .or_else(|| self.flag(value).map(|(_, behind)| behind))
    }

    #[inline(always)]
    fn text_into(&mut self, place: &mut Option<Text<'a>>, value: usize) -> Option<usize> {
        let (text, behind) = self.string(value)?;
        once(place, Text(Cow::Borrowed(text)))?;
        Some(behind)
    }

    fn flag_into(&self, place: &mut Option<bool>, value: usize) -> Option<usize> {
        let (flag, behind) = self.flag(value)?;
        once(place, flag)?;
        Some(behind)
    }

    fn flag(&self, at: usize) -> Option<(bool, usize)> {
        let rest = self.text.get(at..)?;
        let is = |word: &str, value| rest.starts_with(word).then(|| (value, at + word.len()));
        is("true", true).or_else(|| is("false", false))
    }

    /// Digits that fit into 64 bits for certain; none before the first that is not zero.
    fn number(&self, at: usize) -> Option<(u64, usize)> {
        let digits = self.text.as_bytes().get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
        let (value, count) = digits.fold((0_u64, 0), |(value, count), digit| {
            (value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')), count + 1)
        });
        let fits = (1..=19).contains(&count) && (count == 1 || self.byte(at) != Some(b'0'));
        // A point or an exponent is no end of a member, and so is seen by whoever asked.
        fits.then_some((value, at + count))
    }
}

/// The form of the line that begins at `start`, and which of its values is what; None where that tells nothing of an object, or the line is
/// another.
pub(super) fn shape(text: &str, start: usize) -> Option<(Shape, Fields)> {
    let text = text.get(start..)?;
    let text = text.get(..=memchr(b'\n', text.as_bytes())?)?;
    let mut flat = Flat::of(text, false)?;
    let (line, _) = flat.read(0)?;
    line.key.filter(|_| line.href.is_none())?;
    let (mut shape, mut columns) = (Shape::default(), Vec::new());
    let (mut member, mut before) = (1, 0);
    loop {
        let (name, behind) = flat.string(flat.spaced(member))?;
        let (kind, begin, end) = flat.value(flat.spaced(behind + 1))?;
        shape.push(text.as_bytes().get(before..begin)?, kind);
        columns.push(column(name));
        before = end;
        let behind = end + usize::from(kind == Kind::Text);
        if flat.byte(behind)? == b'}' {
            break;
        }
        member = behind + 1;
    }
    Some((shape.end(text.as_bytes().get(before..)?)?, Fields::of(&columns)))
}

/// True where no byte is an escape, or one that JSON does not allow in texts: ends of lines are not within any. All are looked at,
/// since that is done many at a time.
fn is_plain(text: &[u8]) -> bool {
    !text.iter().fold(false, |found, byte| found | ((*byte < b' ') & (*byte != b'\n')) | (*byte == b'\\'))
}

/// A member that is there twice is an error, which serde_json words.
#[inline(always)]
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Line<'_>> {
        let (line, next) = Flat::of(text, true)?.read(0)?;
        (next == text.len()).then_some(line)
    }

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
