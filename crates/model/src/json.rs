//! JSON texts as trees that borrow from them (RFC 8259), strict, with numbers kept as they were written.
//!
//! A general parser turns `0.1000000000000000055` and `0.1` into the same double and forgets that a member came twice.
//! What goes into the table must come out again, so this one keeps the text of every number, refuses objects with
//! two members of one name, bounds the depth, and says where a text is wrong.

use std::borrow::Cow;
use std::fmt;

mod number;
mod parse;
mod skeleton;
mod walk;
mod write;

pub use number::{Number, same_decimal};
pub use parse::{JsonError, JsonErrorKind, MAX_DEPTH};
pub use skeleton::Skeleton;
pub use walk::{Kind, Place, Walk, copy};
pub use write::{write_f64, write_str};

/// A JSON value. Objects keep their members in order; no two have the same name.
#[derive(Clone, PartialEq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` and `false`
    Bool(bool),
    /// A number, as text.
    Number(Number<'a>),
    /// A string, escapes resolved.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads one JSON text, white space around it allowed, a byte order mark before it ignored.
    ///
    /// # Errors
    /// When the text is not JSON by RFC 8259, is not UTF-8, has an unpaired surrogate, an object with two members of
    /// one name, or is nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &'a [u8]) -> Result<Self, JsonError> {
        parse::parse(text)
    }

    /// The member of an object; None for other values too.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.members()?.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// The members, if this is an object.
    pub fn members(&self) -> Option<&[(Cow<'a, str>, Json<'a>)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The elements, if this is an array.
    pub fn elements(&self) -> Option<&[Json<'a>]> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<&Number<'a>> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What it is, for messages: `a string`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Appends the value as compact JSON.
    pub fn write(&self, out: &mut String) {
        write::write(self, out);
    }

    /// Equality as JSON values: numbers by their exact decimal value, objects without regard to the order of members.
    pub fn same(&self, other: &Json<'_>) -> bool {
        match (self, other) {
            (Self::Null, Json::Null) => true,
            (Self::Bool(a), Json::Bool(b)) => a == b,
            (Self::Number(a), Json::Number(b)) => same_decimal(a.text(), b.text()),
            (Self::String(a), Json::String(b)) => a == b,
            (Self::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Object(a), Json::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(name, value)| other.get(name).is_some_and(|o| value.same(o)))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
