//! The table's schema, in a form that neither Arrow nor Iceberg owns: named, typed fields with ids.
//!
//! Ids follow Iceberg's rules (table spec v2, "Schemas and Data Types"): unique in the table, nested ones too, never reused.

use serde::{Deserialize, Serialize};

/// The type of a field; those of Iceberg v2 that earthcatalog writes or meets in tables of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// true or false.
    Boolean,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    Long,
    /// IEEE 754 binary64.
    Double,
    /// UTF-8 text.
    String,
    /// Bytes.
    Binary,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamptz,
    /// Microseconds since 1970-01-01T00:00:00 of an unnamed zone (tables of others).
    Timestamp,
    /// Days since 1970-01-01 (tables of others).
    Date,
    /// Named fields.
    Struct(Vec<Field>),
    /// Elements of one type.
    List(Box<Field>),
}

/// A named, typed, numbered field of a schema or a struct, or the element of a list (then named `element`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The Iceberg field id; 0 where none has been given yet.
    pub id: i32,
    /// The name. Two fields of one struct never differ in case alone.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub ty: Type,
    /// True where null is not allowed.
    #[serde(default)]
    pub required: bool,
}

impl Field {
    /// An optional field without an id.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { id: 0, name: name.into(), ty, required: false }
    }

    /// The same field, null not allowed.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// A list type of optional elements.
    pub fn list(element: Type) -> Type {
        Type::List(Box::new(Self::new("element", element)))
    }
}

/// A table's schema: its top-level fields, and the highest id ever given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TableSchema {
    /// The top-level fields, in order.
    pub fields: Vec<Field>,
    /// The highest field id in use or used before (Iceberg's `last-column-id`).
    pub last_id: i32,
}

impl TableSchema {
    /// A schema of these fields; fields with id 0 are numbered as [`TableSchema::number`] does.
    pub fn new(fields: Vec<Field>) -> Self {
        let mut schema = Self { fields, last_id: 0 };
        schema.number();
        schema
    }

    /// The top-level field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Gives an id to every field that has none: first the fields of a level in order, then what is nested in them.
    ///
    /// Ids that are there already stay; new ones follow the highest ever used.
    pub fn number(&mut self) {
        let highest = highest_id(&self.fields);
        self.last_id = self.last_id.max(highest);
        number_level(&mut self.fields, &mut self.last_id);
    }

    /// Visits every leaf (a field that is neither struct nor list), in order, with its path of names.
    pub fn leaves<'a>(&'a self, visit: &mut dyn FnMut(&[&'a str], &'a Field)) {
        let mut path = Vec::new();
        for field in &self.fields {
            visit_leaves(field, &mut path, visit);
        }
    }

    /// How many leaf columns a file of this schema has.
    pub fn leaf_count(&self) -> usize {
        let mut count = 0;
        self.leaves(&mut |_, _| count += 1);
        count
    }

    /// The field with that id, at any depth.
    pub fn by_id(&self, id: i32) -> Option<&Field> {
        find_id(&self.fields, id)
    }
}

fn highest_id(fields: &[Field]) -> i32 {
    fields.iter().map(|f| f.id.max(highest_nested(f))).max().unwrap_or(0)
}

fn highest_nested(field: &Field) -> i32 {
    match &field.ty {
        Type::Struct(fields) => highest_id(fields),
        Type::List(element) => element.id.max(highest_nested(element)),
        _ => 0,
    }
}

fn number_level(fields: &mut [Field], last: &mut i32) {
    for field in fields.iter_mut() {
        number_field(field, last);
    }
    for field in fields.iter_mut() {
        match &mut field.ty {
            Type::Struct(nested) => number_level(nested, last),
            Type::List(element) => number_level(std::slice::from_mut(&mut **element), last),
            _ => {}
        }
    }
}

fn number_field(field: &mut Field, last: &mut i32) {
    if field.id == 0 {
        *last += 1;
        field.id = *last;
    }
}

fn visit_leaves<'a>(field: &'a Field, path: &mut Vec<&'a str>, visit: &mut dyn FnMut(&[&'a str], &'a Field)) {
    path.push(&field.name);
    match &field.ty {
        Type::Struct(fields) => fields.iter().for_each(|f| visit_leaves(f, path, visit)),
        Type::List(element) => visit_leaves(element, path, visit),
        _ => visit(path, field),
    }
    path.pop();
}

fn find_id(fields: &[Field], id: i32) -> Option<&Field> {
    fields.iter().find_map(|f| match &f.ty {
        _ if f.id == id => Some(f),
        Type::Struct(nested) => find_id(nested, id),
        Type::List(element) => find_id(std::slice::from_ref(&**element), id),
        _ => None,
    })
}
