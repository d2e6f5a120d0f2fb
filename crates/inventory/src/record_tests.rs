//! The CSV splitter against cases and against the csv crate.

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;
use crate::error::Error;
use crate::sections::{Reading, SECTION};

/// Gives a few bytes at a time, so that every boundary is met.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// A record: its line, and its fields; None is one that is no UTF-8.
type Found = (u64, Vec<Option<String>>);

/// The records of a text that is read in sections of so many bytes, or a little more.
fn in_sections(text: &[u8], size: usize) -> Result<Vec<Found>, String> {
    let words = |error: Error| match error {
        Error::Line { line, message, .. } => format!("line {line}: {message}"),
        other => other.to_string(),
    };
    let why = || None;
    let mut reading = Reading::new(Dribble(text, 3), size, &why);
    let (mut first, mut found) = (reading.first(), Vec::new());
    loop {
        let mut records = Records::of(&first.section, first.section.start);
        let wrong = loop {
            match records.next() {
                Ok(None) => break None,
                Err(message) => break Some(message),
                Ok(Some(record)) => {
                    let fields = (0..record.len()).map(|i| record.field(i).map(str::to_owned)).collect();
                    found.push((first.line(records.start()), fields));
                }
            }
        };
        let start = records.start();
        match wrong {
            Some(message) => return Err(words(first.wrong("", start, message))),
            None if first.section.is_last => return Ok(found),
            None => first.grow(start, "", &mut reading).map_err(words)?,
        }
    }
}

fn all(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
    let whole = |field: Option<String>| field.unwrap_or_else(|| "<no UTF-8>".to_owned());
    let found = in_sections(text, SECTION)?;
    Ok(found.into_iter().map(|(line, fields)| (line, fields.into_iter().map(whole).collect())).collect())
}

/// RFC 4180 byte by byte, as plainly as it can be written.
fn plainly(text: &[u8]) -> Result<Vec<Found>, String> {
    let (mut at, mut found) = (0, Vec::new());
    while at < text.len() {
        let line = 1 + text[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let mut fields = Vec::new();
        loop {
            fields.push(plain_field(text, &mut at).map_err(|message| format!("line {line}: {message}"))?);
            at += 1;
            if text.get(at - 1) != Some(&b',') {
                break;
            }
        }
        if fields != [Vec::<u8>::new()] {
            found.push((line, fields.into_iter().map(|field| String::from_utf8(field).ok()).collect()));
        }
    }
    Ok(found)
}

/// The field that begins at `at`, which is then where it ends.
fn plain_field(text: &[u8], at: &mut usize) -> Result<Vec<u8>, &'static str> {
    let mut field = Vec::new();
    let ends = |at: usize| matches!(text.get(at), None | Some(b',' | b'\n'));
    if text.get(*at) != Some(&b'"') {
        while !ends(*at) {
            field.push(text[*at]);
            *at += 1;
        }
        if text.get(*at) != Some(&b',') && field.last() == Some(&b'\r') {
            field.pop();
        }
        return Ok(field);
    }
    *at += 1;
    loop {
        let byte = *text.get(*at).ok_or("a quoted field has no end")?;
        *at += 1;
        if byte == b'"' {
            if text.get(*at) != Some(&b'"') {
                break;
            }
            *at += 1;
        }
        field.push(byte);
    }
    if matches!(&text[*at..], [b'\r'] | [b'\r', b'\n', ..]) {
        *at += 1;
    }
    if ends(*at) { Ok(field) } else { Err("there is text between a closing quote and the next comma") }
}

fn check(text: &str, expected: &[(u64, &[&str])]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, fields)| (*line, fields.iter().map(|f| (*f).to_owned()).collect()))
        .collect();
    assert_eq!(all(text.as_bytes()), Ok(expected), "{text:?}");
}

fn refused(text: &str, expected: &str) {
    assert_eq!(all(text.as_bytes()).unwrap_err(), expected, "{text:?}");
}

#[test]
fn records() {
    check("", &[]);
    check("\n\r\n", &[]);
    check("a,b\nc,d\n", &[(1, &["a", "b"]), (2, &["c", "d"])]);
    check("a,b\r\nc,d", &[(1, &["a", "b"]), (2, &["c", "d"])]);
    check("a,\n,b\n", &[(1, &["a", ""]), (2, &["", "b"])]);
    check("\u{feff}a,b\n", &[(1, &["a", "b"])]);
    check("\u{feff}\"a\",b\n", &[(1, &["a", "b"])]);
    check("\"a,1\",\"b\"\"q\"\"\"\n", &[(1, &["a,1", "b\"q\""])]);
    check("\"a\nb\",c\nd,e", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]);
    check("\"a\"\r\n\"b\"\r", &[(1, &["a"]), (2, &["b"])]);
    check("a\n\n\nb\n", &[(1, &["a"]), (4, &["b"])]);
    check("a\"b,c\n", &[(1, &["a\"b", "c"])]);
    check("\"\",x\n", &[(1, &["", "x"])]);
    check("a,", &[(1, &["a", ""])]);
}

#[test]
fn what_is_no_csv_is_refused_with_its_line() {
    refused("a,b\n\"c,d\ne,f\n", "line 2: a quoted field has no end");
    refused("a\n\"b\"c\n", "line 2: there is text between a closing quote and the next comma");
}

#[test]
fn a_line_without_end_is_refused() {
    let text = format!("a\n\"{}", "x".repeat(3 << 20));
    assert!(all(text.as_bytes()).unwrap_err().contains("line 2: the line is longer than 1 MiB"));
}

#[test]
fn long_texts_are_many_sections() {
    let text: String = (0..60_000).map(|i| format!("bucket,key/{i},\"{i}\"\n")).collect();
    let found = in_sections(text.as_bytes(), SECTION).unwrap();
    let expected =
        |i: u64| (i + 1, vec![Some("bucket".to_owned()), Some(format!("key/{i}")), Some(i.to_string())]);
    assert!(found == (0..60_000).map(expected).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_is_read_back(
        rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n\r é]{0,6}", 3), 1..20),
    ) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let read: Vec<_> = all(&text).unwrap().into_iter().map(|(_, fields)| fields).collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn whatever_comes_is_read_as_plainly_written(
        parts in prop::collection::vec(prop::sample::select(PARTS.to_vec()), 0..40),
        size in 1..80_usize,
    ) {
        let text = parts.concat();
        prop_assert_eq!(in_sections(&text, size), plainly(&text));
        prop_assert_eq!(in_sections(&text, SECTION), plainly(&text));
    }
}

/// What texts are made of: all that means something, characters of several bytes, whole and broken, and more than a vector of each.
const PARTS: [&[u8]; 14] = [
    b"a",
    b",",
    b"\"",
    b"\"",
    b"\n",
    b"\r",
    b"\r\n",
    b"\",\"",
    b"\"\n\"",
    b"\"\"",
    "\u{e9}".as_bytes(),
    b"\xff",
    b"0123456789abcdef0123456789abcdef",
    b",,,,,,,,,,,,,,,,,",
];

#[test]
fn a_text_may_be_cut_anywhere() {
    let text = "b,\"k, \u{e9}\",,\"\"\"e\"\"\"\r\n\r\n\"b\nc\",k\"\"k,,\n\"\",x,\"\",\"y\"\r".as_bytes();
    let expected = plainly(text);
    assert!(expected.as_ref().is_ok_and(|found| found.len() == 3), "{expected:?}");
    for end in 0..=text.len() {
        for size in 1..=text.len() {
            assert_eq!(in_sections(&text[..end], size), plainly(&text[..end]), "{end} {size}");
        }
    }
}
