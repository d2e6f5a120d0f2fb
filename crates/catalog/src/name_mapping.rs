//! The table's names for columns of files without field ids (table spec, "Column Projection" and "Name Mapping
//! Serialization"). earthcatalog 0.6.1 registers such files; where a table has a mapping, it grows with the schema.

use earthcatalog_model::{Field, TableSchema, Type};
use serde::{Deserialize, Serialize};

/// The property that holds the mapping, as JSON.
pub(crate) const PROPERTY: &str = "schema.name-mapping.default";

/// A field of the mapping; without an id it only holds others.
#[derive(Debug, Serialize, Deserialize)]
struct Mapped {
    names: Vec<String>,
    #[serde(rename = "field-id", default, skip_serializing_if = "Option::is_none")]
    id: Option<i32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Mapped>,
}

/// The mapping with the fields of the schema that it lacks; None where it has them all, or cannot be understood: what
/// readers make of it is then not ours to change.
pub(crate) fn extended(mapping: &str, schema: &TableSchema) -> Option<String> {
    let mut mapped: Vec<Mapped> = serde_json::from_str(mapping).ok()?;
    if !extend(&mut mapped, &schema.fields.iter().collect::<Vec<_>>()) {
        return None;
    }
    serde_json::to_string(&mapped).ok()
}

/// Adds what is missing on a level and below; true if there was any.
fn extend(mapped: &mut Vec<Mapped>, fields: &[&Field]) -> bool {
    let mut grown = false;
    for field in fields {
        let members = members(&field.ty);
        if let Some(known) = mapped.iter_mut().find(|mapped| mapped.id == Some(field.id)) {
            grown |= extend(&mut known.fields, &members);
            continue;
        }
        // A name means one field: that of a new column is taken from what had it before.
        mapped.iter_mut().for_each(|other| other.names.retain(|name| *name != field.name));
        let mut new = Mapped { names: vec![field.name.clone()], id: Some(field.id), fields: Vec::new() };
        extend(&mut new.fields, &members);
        mapped.push(new);
        grown = true;
    }
    grown
}

/// The fields in a type. A list's element is called `element` in a mapping, as it is here.
fn members(ty: &Type) -> Vec<&Field> {
    match ty {
        Type::Struct(fields) => fields.iter().collect(),
        Type::List(element) => vec![element],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> TableSchema {
        let link = Type::Struct(vec![Field::new("href", Type::String)]);
        TableSchema::new(vec![Field::new("id", Type::String), Field::new("links", Field::list(link))])
    }

    fn check(mapping: &str, expected: Option<&str>) {
        assert_eq!(extended(mapping, &schema()).as_deref(), expected);
    }

    const WHOLE: &str = r#"[{"names":["id"],"field-id":1},{"names":["links"],"field-id":2,"fields":[{"names":["element"],"field-id":3,"fields":[{"names":["href"],"field-id":4}]}]}]"#;

    #[test]
    fn new_columns_are_added_at_every_level() {
        check("[]", Some(WHOLE));
        check(r#"[{"names":["id"],"field-id":1}]"#, Some(WHOLE));
        check(
            r#"[{"names":["id"],"field-id":1},{"names":["links"],"field-id":2,"fields":[{"names":["element"],"field-id":3}]}]"#,
            Some(WHOLE),
        );
        check(WHOLE, None);
    }

    #[test]
    fn a_name_is_that_of_one_column() {
        let other = r#"{"names":["ID"],"field-id":9}"#;
        let mapping = r#"[{"names":["ID","id"],"field-id":9}]"#;
        let expected = WHOLE.replacen('[', &format!("[{other},"), 1);
        check(mapping, Some(&expected));
    }

    #[test]
    fn what_is_no_mapping_stays() {
        check("", None);
        check("{}", None);
    }
}
