//! The parser: recursive descent over bytes that are known to be UTF-8.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Json, Number};

/// How deep arrays and objects may nest; beyond it a text is refused rather than the stack risked.
pub const MAX_DEPTH: usize = 128;

/// Objects of more members than this look for duplicates with a hash set.
const SMALL_OBJECT: usize = 24;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Not JSON; what was expected.
    Syntax(&'static str),
    /// The text ends in the middle of a value.
    Truncated,
    /// Not UTF-8.
    Utf8,
    /// Two members of one name in one object.
    Duplicate(String),
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// A text that is not JSON, or not JSON that can be kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// From 1.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            JsonErrorKind::Syntax(expected) => write!(f, "not JSON: expected {expected}")?,
            JsonErrorKind::Truncated => f.write_str("not JSON: the text ends too early")?,
            JsonErrorKind::Utf8 => f.write_str("not UTF-8")?,
            JsonErrorKind::Duplicate(name) => write!(f, "the member {name:?} stands twice in one object")?,
            JsonErrorKind::TooDeep => write!(f, "nested deeper than {MAX_DEPTH}")?,
        }
        write!(f, " at line {} column {}", self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

type Parsed<T> = Result<T, (JsonErrorKind, usize)>;

pub(super) fn parse(text: &[u8]) -> Result<Json<'_>, JsonError> {
    let body = text_of(text)?;
    Parser::new(body).document().map_err(|(kind, at)| error(body.as_bytes(), kind, at))
}

/// The text without its byte order mark.
pub(super) fn text_of(text: &[u8]) -> Result<&str, JsonError> {
    let body = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    // The one is fast, the other says where.
    let checked = simdutf8::basic::from_utf8(body).or_else(|_| std::str::from_utf8(body));
    checked.map_err(|e| error(text, JsonErrorKind::Utf8, e.valid_up_to()))
}

fn error(text: &[u8], kind: JsonErrorKind, at: usize) -> JsonError {
    let before = text.get(..at).unwrap_or(text);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |i| i + 1) + 1;
    JsonError { kind, line, column }
}

/// A text and a place in it.
pub(super) struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
    /// Members and elements of what is open, so that each object and array is allocated once, at its size.
    members: Vec<Member<'a>>,
    elements: Vec<Json<'a>>,
    /// The text without the white space that was passed, where it is wanted.
    squeezed: Option<Squeezed>,
}

/// A text as far as it was passed, without the white space between its tokens.
struct Squeezed {
    text: String,
    /// Up to here, in the text with white space.
    done: usize,
}

type Member<'a> = (Cow<'a, str>, Json<'a>);

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let (members, elements) = (Vec::new(), Vec::new());
        Self { text, bytes: text.as_bytes(), at: 0, members, elements, squeezed: None }
    }

    /// Appends the text without white space to `squeezed`, as it is passed.
    pub(super) fn squeeze(&mut self, squeezed: String) {
        self.squeezed = Some(Squeezed { text: squeezed, done: self.at });
    }

    /// How long it is, up to here.
    pub(super) fn squeezed_len(&self) -> usize {
        self.squeezed.as_ref().map_or(0, |squeezed| squeezed.text.len() + self.at - squeezed.done)
    }

    /// What was squeezed, up to here.
    pub(super) fn into_squeezed(self) -> Option<String> {
        let Squeezed { mut text, done } = self.squeezed?;
        text.push_str(self.text.get(done..self.at).unwrap_or_default());
        Some(text)
    }

    fn document(&mut self) -> Parsed<Json<'a>> {
        let value = self.value(0)?;
        self.skip_space();
        if self.at == self.bytes.len() { Ok(value) } else { self.expected("the end of the text") }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Most tokens follow one another directly: only the question is compiled into whoever asks.
    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.skip_some_space();
        }
    }

    #[inline(never)]
    fn skip_some_space(&mut self) {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' => {}
                // What is indented has a line's end and then many spaces.
                b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => break,
            }
            self.at += self.spaces();
        }
        if let Some(squeezed) = &mut self.squeezed {
            squeezed.text.push_str(self.text.get(squeezed.done..start).unwrap_or_default());
            squeezed.done = self.at;
        }
    }

    /// How many spaces come next, of those that are looked at at once.
    fn spaces(&self) -> usize {
        const SPACES: u128 = u128::from_le_bytes([b' '; 16]);
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.first_chunk::<16>() {
            Some(chunk) => ((u128::from_le_bytes(*chunk) ^ SPACES).trailing_zeros() / 8) as usize,
            None => rest.iter().take_while(|byte| **byte == b' ').count(),
        }
    }

    fn expected<T>(&self, what: &'static str) -> Parsed<T> {
        let kind =
            if self.at >= self.bytes.len() { JsonErrorKind::Truncated } else { JsonErrorKind::Syntax(what) };
        Err((kind, self.at))
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn value(&mut self, depth: usize) -> Parsed<Json<'a>> {
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b't') => self.word("true").map(|()| Json::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Json::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Json::Null),
            _ => self.expected("a value"),
        }
    }

    pub(super) fn word(&mut self, word: &'static str) -> Parsed<()> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        if word.as_bytes().starts_with(rest) {
            self.at = self.bytes.len();
        }
        self.expected("a value")
    }

    fn array(&mut self, depth: usize) -> Parsed<Json<'a>> {
        self.enter(depth)?;
        if self.closes(b']') {
            return Ok(Json::Array(Vec::new()));
        }
        let first = self.elements.len();
        loop {
            let value = self.value(depth + 1)?;
            self.elements.push(value);
            if self.ends(b']', "',' or ']'")? {
                return Ok(Json::Array(self.elements.drain(first..).collect()));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Parsed<Json<'a>> {
        let start = self.at;
        self.enter(depth)?;
        if self.closes(b'}') {
            return Ok(Json::Object(Vec::new()));
        }
        let first = self.members.len();
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.expected("the name of a member");
            }
            let name = self.string()?;
            self.colon()?;
            let value = self.value(depth + 1)?;
            self.members.push((name, value));
            if self.ends(b'}', "',' or '}'")? {
                break;
            }
        }
        let members: Vec<Member<'a>> = self.members.drain(first..).collect();
        match duplicate(&members, |(name, _)| name) {
            Some(name) => Err((JsonErrorKind::Duplicate(name.to_owned()), start)),
            None => Ok(Json::Object(members)),
        }
    }

    pub(super) fn colon(&mut self) -> Parsed<()> {
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.expected("':'");
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn enter(&mut self, depth: usize) -> Parsed<()> {
        if depth >= MAX_DEPTH {
            return Err((JsonErrorKind::TooDeep, self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// True, and past it, if the next thing is the closing byte.
    pub(super) fn closes(&mut self, close: u8) -> bool {
        self.skip_space();
        let closes = self.peek() == Some(close);
        self.at += usize::from(closes);
        closes
    }

    /// After a value: past a comma (false) or past the closing byte (true).
    pub(super) fn ends(&mut self, close: u8, what: &'static str) -> Parsed<bool> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            _ => self.expected(what),
        }
    }

    pub(super) fn number(&mut self) -> Parsed<Number<'a>> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.expected("a digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.some_digits()?;
        }
        Ok(Number::from_valid(self.slice(start, self.at)))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Parsed<()> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return self.expected("a digit");
        }
        self.digits();
        Ok(())
    }

    pub(super) fn string(&mut self) -> Parsed<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let text = self.slice(start, self.at);
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = self.slice(start, self.at).to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => text.push(self.escape()?),
                _ => return self.expected("no control character in a string"),
            }
            let from = self.at;
            self.skip_plain();
            text.push_str(self.slice(from, self.at));
        }
    }

    /// Past everything that stands for itself in a string.
    fn skip_plain(&mut self) {
        while let Some(chunk) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                self.at += (found.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek()
            && byte >= 0x20
            && byte != b'"'
            && byte != b'\\'
        {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        self.at += 1;
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.expected("an escape"),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Parsed<char> {
        let first = self.four_hex()?;
        let code = match first {
            0xD800..0xDC00 if self.slice(self.at, self.at + 2) == "\\u" => {
                self.at += 1;
                let second = self.four_hex()?;
                if !(0xDC00..0xE000).contains(&second) {
                    return self.expected("the second half of a surrogate pair");
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            _ => first,
        };
        match char::from_u32(code) {
            Some(c) => Ok(c),
            None => self.expected("both halves of a surrogate pair"),
        }
    }

    /// Past a `u` and four hexadecimal digits.
    fn four_hex(&mut self) -> Parsed<u32> {
        self.at += 1;
        let digits = self.slice(self.at, self.at + 4);
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return self.expected("four hexadecimal digits");
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).or_else(|_| self.expected("four hexadecimal digits"))
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of each byte that is a quote, a backslash or below 0x20. Bits above the lowest may be false alarms.
pub(super) fn special(chunk: u64) -> u64 {
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |v: u64| v.wrapping_sub(ONES) & !v & HIGHS;
    let control = chunk.wrapping_sub(ONES * 0x20) & !chunk & HIGHS;
    zero(chunk ^ (ONES * u64::from(b'"'))) | zero(chunk ^ (ONES * u64::from(b'\\'))) | control
}

/// The first name that stands a second time.
pub(super) fn duplicate<M>(members: &[M], name_of: impl Fn(&M) -> &str) -> Option<&str> {
    if members.len() > SMALL_OBJECT {
        let mut seen = HashSet::with_capacity(members.len());
        return members.iter().map(name_of).find(|name| !seen.insert(*name));
    }
    let again = |i: usize, name: &str| members.iter().take(i).any(|earlier| name_of(earlier) == name);
    let mut marks = 0u64;
    let mut names = members.iter().map(&name_of).enumerate();
    let found = names.find(|(i, name)| {
        let mark = mark(name);
        let maybe = marks & mark != 0;
        marks |= mark;
        maybe && again(*i, name)
    });
    found.map(|(_, name)| name)
}

/// One of 64 bits, which two names of one object seldom share.
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let at = |i: usize| bytes.get(i).copied().map_or(0, u64::from);
    let mixed =
        at(0).wrapping_mul(31) ^ at(bytes.len() / 2).wrapping_mul(7) ^ at(bytes.len().wrapping_sub(1));
    1 << ((mixed ^ bytes.len() as u64) & 63)
}
