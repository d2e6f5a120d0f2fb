//! Our schema as Iceberg's, and back. Ids are kept on both ways.

use std::sync::Arc;

use earthcatalog_model::{Field, TableSchema, Type};
use iceberg::spec::{ListType, NestedField, PrimitiveType, Schema, StructType, Type as IcebergType};

use crate::error::{Error, Result};

/// As Iceberg has it; `id` is the number of the schema in its table.
pub(crate) fn to_iceberg(schema: &TableSchema, id: i32) -> iceberg::Result<Schema> {
    let fields = schema.fields.iter().map(|field| Arc::new(field_to_iceberg(field)));
    Schema::builder().with_schema_id(id).with_fields(fields).build()
}

fn field_to_iceberg(field: &Field) -> NestedField {
    NestedField::new(field.id, &field.name, type_to_iceberg(&field.ty), field.required)
}

fn type_to_iceberg(ty: &Type) -> IcebergType {
    let primitive = match ty {
        Type::Struct(fields) => {
            let fields = fields.iter().map(|field| Arc::new(field_to_iceberg(field))).collect();
            return IcebergType::Struct(StructType::new(fields));
        }
        Type::List(element) => {
            let element =
                NestedField::list_element(element.id, type_to_iceberg(&element.ty), element.required);
            return IcebergType::List(ListType::new(Arc::new(element)));
        }
        Type::Boolean => PrimitiveType::Boolean,
        Type::Int => PrimitiveType::Int,
        Type::Long => PrimitiveType::Long,
        Type::Double => PrimitiveType::Double,
        Type::String => PrimitiveType::String,
        Type::Binary => PrimitiveType::Binary,
        Type::Timestamptz => PrimitiveType::Timestamptz,
        Type::Timestamp => PrimitiveType::Timestamp,
        Type::Date => PrimitiveType::Date,
    };
    IcebergType::Primitive(primitive)
}

/// As we have it; `last_id` is the table's `last-column-id`.
///
/// # Errors
/// [`Error::Unsupported`] for columns of a type that earthcatalog has not.
pub(crate) fn from_iceberg(table: &str, schema: &Schema, last_id: i32) -> Result<TableSchema> {
    let fields = fields_from_iceberg(table, schema.as_struct())?;
    Ok(TableSchema { fields, last_id })
}

fn fields_from_iceberg(table: &str, fields: &StructType) -> Result<Vec<Field>> {
    fields.fields().iter().map(|field| field_from_iceberg(table, field)).collect()
}

fn field_from_iceberg(table: &str, field: &NestedField) -> Result<Field> {
    let ty = match field.field_type.as_ref() {
        IcebergType::Struct(fields) => Type::Struct(fields_from_iceberg(table, fields)?),
        IcebergType::List(list) => Type::List(Box::new(field_from_iceberg(table, &list.element_field)?)),
        IcebergType::Primitive(primitive) => {
            primitive_from_iceberg(primitive).ok_or_else(|| foreign(table, field))?
        }
        IcebergType::Map(_) => return Err(foreign(table, field)),
    };
    Ok(Field { id: field.id, name: field.name.clone(), ty, required: field.required })
}

fn primitive_from_iceberg(ty: &PrimitiveType) -> Option<Type> {
    Some(match ty {
        PrimitiveType::Boolean => Type::Boolean,
        PrimitiveType::Int => Type::Int,
        PrimitiveType::Long => Type::Long,
        PrimitiveType::Double => Type::Double,
        PrimitiveType::String => Type::String,
        PrimitiveType::Binary => Type::Binary,
        PrimitiveType::Timestamptz => Type::Timestamptz,
        PrimitiveType::Timestamp => Type::Timestamp,
        PrimitiveType::Date => Type::Date,
        _ => return None,
    })
}

fn foreign(table: &str, field: &NestedField) -> Error {
    Error::Unsupported {
        table: table.to_owned(),
        reason: format!(
            "has a column {} of type {}, which earthcatalog does not read",
            field.name, field.field_type
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        let link = Type::Struct(vec![Field::new("href", Type::String), Field::new("n", Type::Double)]);
        let schema = TableSchema::new(vec![
            Field::new("id", Type::String).required(),
            Field::new("geometry", Type::Binary),
            Field::new("datetime", Type::Timestamptz),
            Field::new("links", Field::list(link)),
            Field::new("when", Type::Date),
            Field::new("flag", Type::Boolean),
        ]);
        let there = to_iceberg(&schema, 3).unwrap();
        assert_eq!(from_iceberg("t", &there, schema.last_id).unwrap(), schema);
        assert_eq!(there.schema_id(), 3);
    }

    #[test]
    fn foreign_types_are_named() {
        let float = NestedField::optional(1, "f", IcebergType::Primitive(PrimitiveType::Float));
        let schema = Schema::builder().with_fields([Arc::new(float)]).build().unwrap();
        let error = from_iceberg("t", &schema, 1).unwrap_err().to_string();
        assert!(error.contains("column f of type float"), "{error}");
    }
}
