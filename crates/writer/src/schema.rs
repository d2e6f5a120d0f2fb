//! The table's schema, from what items look like; and how it grows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use earthcatalog_model::{Field, TableSchema, Type};

use crate::known;
use crate::names;
use crate::shape::{Shape, fields_of};
use crate::sketch::Sketch;

/// Assets are structs up to so many keys and leaf columns of them.
const MAX_ASSET_KEYS: usize = 64;
const MAX_ASSET_LEAVES: usize = 1000;

/// Leaf columns of a table at most; values of further properties go to `_extra`.
const MAX_LEAVES: usize = 3000;

/// How assets are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assets {
    /// As structs while there are at most 64 keys and 1,000 leaf columns of them in the first sample, else as JSON.
    #[default]
    Auto,
    /// As a struct of structs.
    Struct,
    /// As one column of JSON text.
    Json,
}

impl std::fmt::Display for Assets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Struct => "struct",
            Self::Json => "json",
        })
    }
}

impl std::str::FromStr for Assets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "struct" => Ok(Self::Struct),
            "json" => Ok(Self::Json),
            _ => Err(format!("unknown form of assets {text:?}: use auto, struct or json")),
        }
    }
}

/// A schema that grows with what is seen. What is there never changes; what is new comes at the end of its level.
#[derive(Debug, Clone)]
pub struct SchemaBuilder {
    schema: Arc<TableSchema>,
}

impl SchemaBuilder {
    /// A new table's schema, after a first sample.
    pub fn create(sample: &Sketch, assets: Assets) -> Self {
        let mut builder = Self { schema: Arc::new(core_schema(assets_as_json(sample, assets))) };
        builder.evolve(sample);
        builder
    }

    /// The schema of a table that is there. Columns of ours that it lacks are added.
    pub fn extend(mut schema: TableSchema) -> Self {
        let mut own = vec![
            Field::new("grid_partition", Type::String),
            Field::new("_source", known::source()),
            Field::new("_extra", Type::String),
        ];
        if schema.field("bbox").is_none_or(|f| f.ty == Type::String) {
            own.push(Field::new("_bbox", known::bbox()));
        }
        for field in own {
            if schema.field(&field.name).is_none() {
                schema.fields.push(field);
            }
        }
        schema.number();
        Self { schema: Arc::new(schema) }
    }

    /// The schema as it is now. It is shared, not copied, until it grows.
    pub fn schema(&self) -> &Arc<TableSchema> {
        &self.schema
    }

    /// Adds columns for what the schema does not hold yet; true if there was any.
    pub fn evolve(&mut self, seen: &Sketch) -> bool {
        if seen.is_empty() {
            return false;
        }
        let mut room = MAX_LEAVES.saturating_sub(self.schema.leaf_count());
        let mut schema = (*self.schema).clone();
        let mut grown = grow_level(&mut schema.fields, fields_of_properties(&seen.properties), &mut room);
        grown |= grow_assets(&mut schema, &seen.assets, &mut room);
        if let (Some(Type::List(element)), Some(Type::Struct(seen))) =
            (type_mut(&mut schema, "links"), seen.link.to_type())
            && let Type::Struct(fields) = &mut element.ty
        {
            grown |= grow_level(fields, seen, &mut room);
        }
        if grown {
            schema.number();
            self.schema = Arc::new(schema);
        }
        grown
    }
}

/// Assets as structs get their column with the first asset: Parquet has no struct without members.
fn grow_assets(schema: &mut TableSchema, seen: &BTreeMap<String, Shape>, room: &mut usize) -> bool {
    let mut seen = fields_of_assets(seen);
    match type_mut(schema, "assets") {
        Some(Type::Struct(fields)) => {
            let mut keys = MAX_ASSET_KEYS.saturating_sub(fields.len());
            seen.retain(|new| {
                let known = fields.iter().any(|f| f.name == new.name);
                let fits = known || keys > 0;
                keys -= usize::from(fits && !known);
                fits
            });
            grow_level(fields, seen, room)
        }
        Some(_) => false,
        None => {
            let mut fields = Vec::new();
            let grown = grow_level(&mut fields, seen, room);
            if grown {
                schema.fields.push(Field::new("assets", Type::Struct(fields)));
            }
            grown
        }
    }
}

fn type_mut<'a>(schema: &'a mut TableSchema, name: &str) -> Option<&'a mut Type> {
    schema.fields.iter_mut().find(|f| f.name == name).map(|f| &mut f.ty)
}

fn assets_as_json(sample: &Sketch, assets: Assets) -> bool {
    match assets {
        Assets::Json => true,
        Assets::Struct => false,
        Assets::Auto => {
            let fields = fields_of_assets(&sample.assets);
            let leaves = TableSchema { fields, last_id: 0 }.leaf_count();
            sample.assets.len() > MAX_ASSET_KEYS || leaves > MAX_ASSET_LEAVES
        }
    }
}

/// The columns that every table has, in the order of stac-geoparquet, with our own behind them. Assets as structs are
/// not among them: that column comes with the first asset.
pub fn core_schema(assets_as_json: bool) -> TableSchema {
    let text = |name: &str| Field::new(name, Type::String);
    let mut fields = vec![
        text("type"),
        text("stac_version"),
        Field::new("stac_extensions", Field::list(Type::String)),
        text("id"),
        Field::new("geometry", Type::Binary),
        Field::new("bbox", known::bbox()),
    ];
    fields.extend(known::COMMON.iter().filter_map(|name| Some(Field::new(*name, known::type_of(name)?))));
    fields.push(text("collection"));
    fields.push(Field::new("links", Field::list(Type::Struct(known::link()))));
    if assets_as_json {
        fields.push(text("assets"));
    }
    fields.push(text("grid_partition"));
    fields.push(Field::new("_source", known::source()));
    fields.push(text("_extra"));
    TableSchema::new(fields)
}

fn fields_of_properties(seen: &BTreeMap<String, Shape>) -> Vec<Field> {
    let typed = |(name, shape): (&String, &Shape)| {
        let ty = known::type_of(name).or_else(|| shape.to_type())?;
        Some(Field::new(name.clone(), ty))
    };
    seen.iter().filter(|(name, _)| names::is_free(name)).filter_map(typed).collect()
}

/// Every asset is a struct that has at least the members of the Asset Object.
fn fields_of_assets(seen: &BTreeMap<String, Shape>) -> Vec<Field> {
    let mut assets = Vec::new();
    for (name, shape) in seen {
        let Shape::Object(members) = shape else { continue };
        let mut fields = known::asset();
        let mut room = usize::MAX;
        grow_level(&mut fields, fields_of(members), &mut room);
        assets.push(Field::new(name.clone(), Type::Struct(fields)));
    }
    assets
}

/// Adds fields to a level: new names at its end, new members into structs of the same name.
fn grow_level(fields: &mut Vec<Field>, seen: Vec<Field>, room: &mut usize) -> bool {
    let mut grown = false;
    let mut taken: HashSet<String> = fields.iter().map(|f| names::fold(&f.name)).collect();
    for new in seen {
        if let Some(field) = fields.iter_mut().find(|f| f.name == new.name) {
            grown |= grow_type(&mut field.ty, new.ty, room);
            continue;
        }
        let leaves = leaves_of(&new);
        if leaves <= *room && taken.insert(names::fold(&new.name)) {
            *room -= leaves;
            fields.push(new);
            grown = true;
        }
    }
    grown
}

fn grow_type(ty: &mut Type, seen: Type, room: &mut usize) -> bool {
    match (ty, seen) {
        (Type::Struct(fields), Type::Struct(seen)) => grow_level(fields, seen, room),
        (Type::List(element), Type::List(seen)) => grow_type(&mut element.ty, seen.ty, room),
        _ => false,
    }
}

fn leaves_of(field: &Field) -> usize {
    match &field.ty {
        Type::Struct(fields) => fields.iter().map(leaves_of).sum(),
        Type::List(element) => leaves_of(element),
        _ => 1,
    }
}
