//! The Arrow and Parquet forms of a table's schema, made once a schema rather than once a file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::{DataType, Field as ArrowField, Schema as ArrowSchema, SchemaRef, TimeUnit};
use earthcatalog_model::{Field, TableSchema, Type};
use parquet::arrow::{ArrowSchemaConverter, PARQUET_FIELD_ID_META_KEY};
use parquet::schema::types::SchemaDescriptor;

use crate::error::Result;

/// Columns of an item that hold JSON text where their type is string.
const JSON_TEXT: [&str; 4] = ["assets", "links", "bbox", "stac_extensions"];

/// True for columns that hold JSON text of any value rather than the text of a string.
pub(crate) fn is_json_text(name: &str) -> bool {
    JSON_TEXT.contains(&name)
}

/// A schema in all its forms.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) table: TableSchema,
    pub(crate) arrow: SchemaRef,
    pub(crate) parquet: SchemaDescriptor,
}

impl Layout {
    pub(crate) fn new(table: &TableSchema) -> Result<Self> {
        let fields: Vec<ArrowField> = table.fields.iter().map(arrow_field).collect();
        let arrow = Arc::new(ArrowSchema::new(fields));
        let parquet = ArrowSchemaConverter::new().convert(&arrow)?;
        Ok(Self { table: table.clone(), arrow, parquet })
    }
}

/// The layouts of the schemas that were written last. A run has few: one, and one more for each step of its evolution.
#[derive(Debug, Default)]
pub(crate) struct Layouts(Mutex<Vec<Arc<Layout>>>);

/// Layouts to remember.
const MAX_LAYOUTS: usize = 4;

impl Layouts {
    pub(crate) fn get(&self, table: &TableSchema) -> Result<Arc<Layout>> {
        let known = {
            let layouts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            layouts.iter().find(|layout| layout.table == *table).cloned()
        };
        if let Some(layout) = known {
            return Ok(layout);
        }
        let layout = Arc::new(Layout::new(table)?);
        let mut layouts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        layouts.insert(0, layout.clone());
        layouts.truncate(MAX_LAYOUTS);
        Ok(layout)
    }
}

fn arrow_field(field: &Field) -> ArrowField {
    let id = (PARQUET_FIELD_ID_META_KEY.to_owned(), field.id.to_string());
    ArrowField::new(&field.name, arrow_type(&field.ty), !field.required).with_metadata(HashMap::from([id]))
}

fn arrow_type(ty: &Type) -> DataType {
    match ty {
        Type::Boolean => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long => DataType::Int64,
        Type::Double => DataType::Float64,
        Type::String => DataType::Utf8,
        Type::Binary => DataType::Binary,
        Type::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Date => DataType::Date32,
        Type::Struct(fields) => DataType::Struct(fields.iter().map(arrow_field).collect()),
        Type::List(element) => DataType::List(Arc::new(arrow_field(element))),
    }
}
