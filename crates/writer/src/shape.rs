//! The shape of JSON values as columns see them, and the least shape that holds two.

use std::collections::BTreeMap;

use earthcatalog_model::{Field, Json, Type};
use serde::{Deserialize, Serialize};

use crate::known;
use crate::names;

/// Deeper values are kept as JSON text in `_extra`.
const MAX_DEPTH: usize = 8;

/// More members than this are kept as JSON text in `_extra`: an object with ever new names is a map, not a struct.
const MAX_MEMBERS: usize = 256;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    /// Only nulls, empty lists and the like: nothing to make a column of.
    #[default]
    Unknown,
    Bool,
    Number,
    Text,
    Instant,
    List(Box<Shape>),
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    /// The shape of a value, its members' known names not looked at.
    pub(crate) fn of(json: &Json<'_>) -> Self {
        Self::at(json, 0)
    }

    fn at(json: &Json<'_>, depth: usize) -> Self {
        if depth >= MAX_DEPTH {
            return Self::Unknown;
        }
        match json {
            Json::Null => Self::Unknown,
            Json::Bool(_) => Self::Bool,
            Json::Number(_) => Self::Number,
            Json::String(_) => Self::Text,
            Json::Array(elements) => {
                let mut shape = Self::Unknown;
                elements.iter().for_each(|e| shape.merge(Self::at(e, depth + 1)));
                Self::List(Box::new(shape))
            }
            Json::Object(members) => {
                let plain = members.iter().filter(|(name, _)| names::is_plain(name)).take(MAX_MEMBERS);
                Self::Object(
                    plain.map(|(name, value)| (name.to_string(), Self::at(value, depth + 1))).collect(),
                )
            }
        }
    }

    /// Becomes the shape that holds both. Where none does, one of the two wins whatever the order of merging: objects
    /// over lists over texts over numbers over booleans; values of the other go to `_extra`.
    pub(crate) fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::List(mine), Self::List(other)) => mine.merge(*other),
            (Self::Object(mine), Self::Object(other)) => merge_members(mine, other),
            (mine, other) if other.rank() > mine.rank() => *self = other,
            _ => {}
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Bool => 1,
            Self::Number => 2,
            Self::Text => 3,
            Self::Instant => 4,
            Self::List(_) => 5,
            Self::Object(_) => 6,
        }
    }

    /// The type of a column for values of this shape; None where there is nothing to store.
    pub(crate) fn to_type(&self) -> Option<Type> {
        match self {
            Self::Unknown => None,
            Self::Bool => Some(Type::Boolean),
            Self::Number => Some(Type::Double),
            Self::Text => Some(Type::String),
            Self::Instant => Some(Type::Timestamptz),
            Self::List(element) => element.to_type().map(Field::list),
            Self::Object(members) => {
                let fields = fields_of(members);
                (!fields.is_empty()).then_some(Type::Struct(fields))
            }
        }
    }
}

fn merge_members(mine: &mut BTreeMap<String, Shape>, other: BTreeMap<String, Shape>) {
    for (name, shape) in other {
        if let Some(known) = mine.get_mut(&name) {
            known.merge(shape);
        } else if mine.len() < MAX_MEMBERS * 16 {
            mine.insert(name, shape);
        }
    }
}

/// The fields of a struct with these members: known names by their known type, the others as they look. Of names that
/// differ in case alone the first (in order) wins.
pub(crate) fn fields_of(members: &BTreeMap<String, Shape>) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut folded = std::collections::HashSet::new();
    for (name, shape) in members.iter().take(MAX_MEMBERS) {
        let ty = known::type_of(name).or_else(|| shape.to_type());
        if let Some(ty) = ty.filter(|_| names::is_plain(name))
            && folded.insert(names::fold(name))
        {
            fields.push(Field::new(name.clone(), ty));
        }
    }
    fields
}
