//! Schemas that only grow: what a change's schema may add to the table's.

use earthcatalog_model::{Field, TableSchema, Type};

use crate::error::{Error, Result};

/// The table's schema after a change; `table` names it in errors.
///
/// What both have must agree (id, name, type); the new one may add fields to any level. Fields that only the table has
/// stay: another writer added them meanwhile, under ids that the change does not use.
pub(crate) fn evolved(table: &str, head: &TableSchema, change: Option<&TableSchema>) -> Result<TableSchema> {
    let Some(change) = change else { return Ok(head.clone()) };
    let conflict =
        |column: String, reason: String| Error::SchemaConflict { table: table.to_owned(), column, reason };
    let fields =
        merge(head, &head.fields, &change.fields, "").map_err(|(column, reason)| conflict(column, reason))?;
    Ok(TableSchema { fields, last_id: head.last_id.max(change.last_id) })
}

type Disagreement = (String, String);

fn merge(head: &TableSchema, old: &[Field], new: &[Field], path: &str) -> Result<Vec<Field>, Disagreement> {
    let mut merged = old.to_vec();
    for field in new {
        let column = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
        match merged.iter_mut().find(|known| known.name == field.name) {
            Some(known) => *known = merge_field(head, known, field, &column)?,
            None => merged.push(fresh(head, field, column)?),
        }
    }
    Ok(merged)
}

fn merge_field(head: &TableSchema, old: &Field, new: &Field, column: &str) -> Result<Field, Disagreement> {
    if old.id != new.id {
        return Err((column.to_owned(), format!("its id is {} there and {} here", old.id, new.id)));
    }
    let ty = match (&old.ty, &new.ty) {
        (Type::Struct(old), Type::Struct(new)) => Type::Struct(merge(head, old, new, column)?),
        (Type::List(old), Type::List(new)) => {
            Type::List(Box::new(merge_field(head, old, new, &format!("{column}.element"))?))
        }
        (old, new) if old == new => old.clone(),
        (old, new) => return Err((column.to_owned(), format!("its type is {old:?} there and {new:?} here"))),
    };
    Ok(Field { ty, ..old.clone() })
}

/// A field that the table has not got: none of its ids may be in use there, nor have been.
fn fresh(head: &TableSchema, field: &Field, column: String) -> Result<Field, Disagreement> {
    let mut ids = Vec::new();
    all_ids(field, &mut ids);
    match ids.into_iter().find(|id| *id <= head.last_id) {
        Some(id) => Err((column, format!("it has the id {id} here, which is given away there"))),
        None => Ok(Field { required: false, ..field.clone() }),
    }
}

fn all_ids(field: &Field, ids: &mut Vec<i32>) {
    ids.push(field.id);
    match &field.ty {
        Type::Struct(fields) => fields.iter().for_each(|field| all_ids(field, ids)),
        Type::List(element) => all_ids(element, ids),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str]) -> TableSchema {
        TableSchema::new(names.iter().map(|name| Field::new(*name, Type::String)).collect())
    }

    fn check(head: &TableSchema, change: &TableSchema, expected: Option<&[&str]>) {
        let names = evolved("t", head, Some(change))
            .ok()
            .map(|s| s.fields.into_iter().map(|f| f.name).collect::<Vec<_>>());
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names, expected);
    }

    #[test]
    fn columns_are_only_added() {
        check(&schema(&["a"]), &schema(&["a", "b"]), Some(&["a", "b"]));
        check(&schema(&["a", "b"]), &schema(&["a"]), Some(&["a", "b"]));
        check(&schema(&["a", "b"]), &schema(&["a", "c"]), None);
        check(&schema(&["a", "b"]), &schema(&["b", "a"]), None);
        let long = TableSchema::new(vec![Field::new("a", Type::Long)]);
        check(&schema(&["a"]), &long, None);
    }

    #[test]
    fn structs_grow_at_their_level() {
        let mut head =
            TableSchema::new(vec![Field::new("s", Type::Struct(vec![Field::new("x", Type::Long)]))]);
        let old = head.clone();
        if let Some(Field { ty: Type::Struct(fields), .. }) = head.fields.first_mut() {
            fields.push(Field::new("y", Type::Long));
        }
        head.number();
        assert_eq!(evolved("t", &old, Some(&head)).unwrap(), head);
        assert_eq!(evolved("t", &head, Some(&old)).unwrap(), head);
    }

    #[test]
    fn ids_once_used_are_not_used_again() {
        let mut head = schema(&["a"]);
        head.last_id = 7;
        check(&head, &schema(&["a", "b"]), None);
    }
}
