//! JSON values one after another out of a text that is too long to be in memory: the features of a collection, the elements of
//! an array, or values that just follow one another. What a value is worth is for others to say.

use std::io::{self, BufRead};

/// How a value came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is in the buffer.
    Whole,
    /// It was passed over: it is longer than it may be.
    TooLong,
    /// The text ends within it.
    Cut,
}

/// Reads values.
pub(super) struct Values<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: BufRead> Values<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new() }
    }

    /// The last value.
    pub(super) fn last(&self) -> &[u8] {
        &self.buffer
    }

    /// The next byte that is neither white space nor one of `more`, which stays; None at the end.
    pub(super) fn peek(&mut self, more: &[u8]) -> io::Result<Option<u8>> {
        loop {
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let blank = |byte: &u8| byte.is_ascii_whitespace() || more.contains(byte);
            let found = bytes.iter().position(|byte| !blank(byte));
            let byte = found.and_then(|at| bytes.get(at).copied());
            let count = found.unwrap_or(bytes.len());
            self.source.consume(count);
            if byte.is_some() {
                return Ok(byte);
            }
        }
    }

    /// Passes over the byte that [`peek`](Self::peek) gave.
    pub(super) fn pass(&mut self) {
        self.source.consume(1);
    }

    /// Takes a value of at most so many bytes, whose first byte is next.
    pub(super) fn value(&mut self, most: usize) -> io::Result<Taken> {
        self.buffer.clear();
        let (mut scan, mut length) = (Scan::default(), 0_usize);
        loop {
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                let ended = scan.is_scalar && length > 0;
                return Ok(if ended && length <= most { Taken::Whole } else { Taken::Cut });
            }
            let end = bytes.iter().position(|byte| scan.ends(*byte));
            // A bracket or a quotation mark is a part of what it ends; what ends a number is not.
            let count = end.map_or(bytes.len(), |at| if scan.is_scalar { at } else { at + 1 });
            length = length.saturating_add(count);
            if length <= most {
                self.buffer.extend(bytes.iter().take(count));
            }
            self.source.consume(count);
            match end {
                None => {}
                Some(_) if length > most => return Ok(Taken::TooLong),
                Some(_) => return Ok(Taken::Whole),
            }
        }
    }
}

/// Where in a value one is.
#[derive(Debug, Default)]
struct Scan {
    begun: bool,
    is_scalar: bool,
    depth: u64,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    /// True for the byte with which the value ends; for a number or a word, for the one behind it.
    fn ends(&mut self, byte: u8) -> bool {
        let first = !std::mem::replace(&mut self.begun, true);
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return !self.in_text && self.depth == 0;
        }
        if first && !matches!(byte, b'"' | b'{' | b'[') {
            self.is_scalar = true;
            return false;
        }
        if self.is_scalar {
            return byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}');
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0 && !self.in_text
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, most: usize, room: usize) -> Vec<(Taken, String)> {
        let mut values = Values::new(BufReader::with_capacity(room, text.as_bytes()));
        let mut found = Vec::new();
        while values.peek(b",").unwrap().is_some() {
            let taken = values.value(most).unwrap();
            found.push((taken, String::from_utf8(values.last().to_vec()).unwrap()));
        }
        found
    }

    fn check(text: &str, expected: &[&str]) {
        for room in [1, 2, 3, 1000] {
            let found = read(text, 1000, room);
            assert!(found.iter().all(|(taken, _)| *taken == Taken::Whole), "{found:?}");
            assert_eq!(found.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn values_are_parted() {
        check("", &[]);
        check(" \n", &[]);
        check(
            r#"{"a":[1,{"b":"}]\"\\"}]} , [2] 3,true "x,y" {}"#,
            &[r#"{"a":[1,{"b":"}]\"\\"}]}"#, "[2]", "3", "true", r#""x,y""#, "{}"],
        );
    }

    #[test]
    fn long_and_cut_values_are_told() {
        let taken = |text: &str| read(text, 5, 3).iter().map(|(taken, _)| *taken).collect::<Vec<_>>();
        assert_eq!(taken("[1,2,3],[4]"), [Taken::TooLong, Taken::Whole]);
        assert_eq!(taken("[4],[1,2"), [Taken::Whole, Taken::Cut]);
        assert_eq!(taken("\"a"), [Taken::Cut]);
    }

    proptest! {
        #[test]
        fn any_texts_come_back(texts in prop::collection::vec("\\PC*", 0..5), room in 1..9_usize) {
            let values: Vec<String> =
                texts.iter().map(|text| serde_json::json!({ "k": [text] }).to_string()).collect();
            let found = read(&values.join(",\n"), 1 << 20, room);
            prop_assert_eq!(found.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), values);
        }
    }
}
