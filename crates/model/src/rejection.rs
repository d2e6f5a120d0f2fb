//! Objects that did not become rows, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::object::ObjectRef;

/// The kind of a rejection; a closed, stable list of words for `rejected.parquet` and the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The store says that there is no such object.
    NotFound,
    /// The store refuses to give the object.
    Forbidden,
    /// The object could not be read though it was tried again: a timeout, a reset, a server's error.
    Unreadable,
    /// The object is larger than the limit.
    TooLarge,
    /// The object is no complete JSON text (malformed, truncated, empty, an XML error page).
    NotJson,
    /// JSON, but no STAC Item: not a Feature, no id, a member of an impossible type.
    NotAnItem,
    /// Two members of one object have the same name.
    DuplicateMember,
    /// A geometry that cannot be understood: NaN, out of range, too few points, an unknown type.
    BadGeometry,
    /// A defect of earthcatalog that this object brought to light; please report it.
    Internal,
}

impl Reason {
    /// True where asking again gives the same, as long as the object does not change. What could only not be read now may
    /// be read another day.
    pub fn is_lasting(self) -> bool {
        self != Self::Unreadable
    }

    /// The word used in files and reports, e.g. `not_found`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::NotAnItem => "not_an_item",
            Self::DuplicateMember => "duplicate_member",
            Self::BadGeometry => "bad_geometry",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An object that was listed and fetched, or tried to be, and is not in the table: a row of `rejected.parquet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The object.
    pub object: ObjectRef,
    /// The kind.
    pub reason: Reason,
    /// What exactly was wrong, and where in the object.
    pub message: String,
}

impl Rejection {
    /// A rejection of `object`.
    pub fn new(object: ObjectRef, reason: Reason, message: impl Into<String>) -> Self {
        Self { object, reason, message: message.into() }
    }
}
