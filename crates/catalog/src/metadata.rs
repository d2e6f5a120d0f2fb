//! The table's metadata: a new table's, the next one of a table that is there, and what a [`Head`] says of it.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use earthcatalog_model::{TableSchema, Timestamp};
use iceberg::io::FileIO;
use iceberg::spec::{
    FormatVersion, MAIN_BRANCH, Snapshot, SnapshotReference, SnapshotRetention, TableMetadata,
};
use serde_json::json;

use crate::datafile::Places;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::manifests::corrupt;
use crate::schema;
use crate::table::Head;

/// The partition fields' ids (table spec, "Partition Evolution": they begin at 1000).
const CELL_FIELD: i32 = 1000;
const YEAR_FIELD: i32 = 1001;

/// The table's metadata, and where it was read.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) location: String,
    pub(crate) metadata: TableMetadata,
}

impl State {
    /// Reads what a pointer points to.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what is no table metadata, [`Error::Unsupported`] for a table that is not laid out as ours.
    pub(crate) async fn read(files: &Files, location: &str) -> Result<Self> {
        let bytes = files.read(location).await?;
        // By way of memory: Iceberg's reader takes locations, and knows compressed metadata from plain.
        let io = FileIO::new_with_memory();
        let name = "memory:/metadata.json";
        let write = async { io.new_output(name)?.write(bytes).await };
        write.await.map_err(corrupt(location))?;
        let metadata = TableMetadata::read_from(&io, name).await.map_err(corrupt(location))?;
        check_layout(&metadata)?;
        Ok(Self { location: location.to_owned(), metadata })
    }

    pub(crate) fn head(&self) -> Result<Head> {
        let metadata = &self.metadata;
        let snapshot = metadata.current_snapshot();
        let total = |name: &str| match snapshot {
            Some(snapshot) => snapshot.summary().additional_properties.get(name)?.parse().ok(),
            None => Some(0),
        };
        let schema =
            schema::from_iceberg(metadata.location(), metadata.current_schema(), metadata.last_column_id())?;
        Ok(Head {
            uuid: metadata.uuid().to_string(),
            location: metadata.location().to_owned(),
            metadata_location: self.location.clone(),
            snapshot_id: metadata.current_snapshot_id(),
            snapshot_time: snapshot.and_then(|s| Timestamp::from_micros(s.timestamp_ms() * 1000)),
            schema,
            properties: properties(metadata),
            rows: total("total-records"),
            files: total("total-data-files"),
            bytes: total("total-files-size"),
        })
    }
}

/// The table's properties, in order.
pub(crate) fn properties(metadata: &TableMetadata) -> BTreeMap<String, String> {
    metadata.properties().iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn check_layout(metadata: &TableMetadata) -> Result<()> {
    let unsupported =
        |reason: String| Err(Error::Unsupported { table: metadata.location().to_owned(), reason });
    if metadata.format_version() != FormatVersion::V2 {
        return unsupported(format!(
            "is of Iceberg's format version {}; earthcatalog reads and writes version 2",
            metadata.format_version()
        ));
    }
    if !Places::of(metadata.default_partition_spec()).are_ours() {
        return unsupported("is not partitioned by grid_partition and year(datetime)".to_owned());
    }
    Ok(())
}

/// A table that is not there yet: without snapshot, with the ids of its schema kept (Iceberg's own way to create a
/// table would give new ones, and the files are written by then).
///
/// # Errors
/// [`Error::Unsupported`] where the schema has not the columns that the table is partitioned by.
pub(crate) fn create(location: &str, table: &TableSchema) -> Result<TableMetadata> {
    let invalid = |reason: String| Error::Unsupported { table: location.to_owned(), reason };
    let source = |name: &str| {
        let field = table.field(name).map(|field| field.id);
        field.ok_or_else(|| invalid(format!("cannot be made without a column {name}")))
    };
    let (cell, year) = (source("grid_partition")?, source("datetime")?);
    let schema = schema::to_iceberg(table, 0).map_err(|e| invalid(e.message().to_owned()))?;
    let document = json!({
        "format-version": 2,
        "table-uuid": uuid::Uuid::new_v4(),
        "location": location,
        "last-sequence-number": 0,
        "last-updated-ms": Timestamp::now().micros() / 1000,
        "last-column-id": table.last_id,
        "current-schema-id": 0,
        "schemas": [schema],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": [
            {"source-id": cell, "field-id": CELL_FIELD, "name": "grid_partition", "transform": "identity"},
            {"source-id": year, "field-id": YEAR_FIELD, "name": "year", "transform": "year"},
        ]}],
        "last-partition-id": YEAR_FIELD,
        "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "properties": {},
        "snapshots": [],
        "snapshot-log": [],
        "metadata-log": [],
        "refs": {},
    });
    serde_json::from_value(document).map_err(|e| invalid(format!("cannot be made: {e}")))
}

/// What becomes of a table's metadata by a commit.
pub(crate) struct Next {
    /// The schema after it; None: as before.
    pub(crate) schema: Option<TableSchema>,
    /// The new snapshot; None: no new one.
    pub(crate) snapshot: Option<Snapshot>,
    /// All properties after it.
    pub(crate) properties: BTreeMap<String, String>,
}

/// The same metadata with another schema as the current one: what the manifests of a commit are written under.
pub(crate) fn under(before: &TableMetadata, table: &TableSchema) -> iceberg::Result<TableMetadata> {
    let builder = before.clone().into_builder(None).add_current_schema(schema::to_iceberg(table, 0)?)?;
    Ok(builder.build()?.metadata)
}

/// The table's metadata after a commit. `previous` is where the metadata before it is, for the log of metadata files.
pub(crate) fn next(
    before: &TableMetadata,
    previous: Option<&str>,
    next: Next,
) -> iceberg::Result<TableMetadata> {
    let gone: Vec<String> =
        before.properties().keys().filter(|name| !next.properties.contains_key(*name)).cloned().collect();
    let mut builder = before.clone().into_builder(previous.map(str::to_owned));
    if let Some(schema) = &next.schema {
        builder = builder.add_current_schema(schema::to_iceberg(schema, 0)?)?;
    }
    builder = builder.remove_properties(&gone)?;
    builder = builder.set_properties(next.properties.into_iter().collect::<HashMap<_, _>>())?;
    if let Some(snapshot) = next.snapshot {
        let id = snapshot.snapshot_id();
        let branch = SnapshotReference::new(id, SnapshotRetention::branch(None, None, None));
        builder = builder.add_snapshot(snapshot)?.set_ref(MAIN_BRANCH, branch)?;
    }
    Ok(builder.build()?.metadata)
}

/// The table's metadata without some snapshots, and without the names of those that are gone.
pub(crate) fn without(
    before: &TableMetadata,
    previous: &str,
    snapshots: &[i64],
) -> iceberg::Result<TableMetadata> {
    let builder = before.clone().into_builder(Some(previous.to_owned())).remove_snapshots(snapshots);
    Ok(builder.build()?.metadata)
}

/// A fresh name for the metadata after that at `previous`: the number counts on, the rest is a nonce.
pub(crate) fn next_location(table: &str, previous: Option<&str>) -> String {
    let number = previous.map_or(0, |previous| number_of(previous) + 1);
    format!("{table}/metadata/{number:05}-{}.metadata.json", uuid::Uuid::new_v4())
}

fn number_of(location: &str) -> u32 {
    let name = location.rsplit('/').next().unwrap_or_default();
    let digits = name.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// The file's bytes.
pub(crate) fn encode(metadata: &TableMetadata) -> Result<Bytes, String> {
    serde_json::to_vec(metadata).map(Bytes::from).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::{Field, Type};

    use super::*;

    #[test]
    fn names_count_on() {
        assert!(next_location("t", None).starts_with("t/metadata/00000-"));
        assert!(
            next_location("t", Some("t/metadata/00041-x.metadata.json")).starts_with("t/metadata/00042-")
        );
        assert!(next_location("t", Some("t/metadata/v7.metadata.json")).starts_with("t/metadata/00001-"));
    }

    #[test]
    fn a_new_table_keeps_the_ids_of_its_schema() {
        let mut schema = TableSchema::new(vec![
            Field::new("grid_partition", Type::String),
            Field::new("nested", Type::Struct(vec![Field::new("x", Type::Double)])),
        ]);
        schema.fields.push(Field::new("datetime", Type::Timestamptz));
        schema.number();
        let metadata = create("/t", &schema).unwrap();
        let back = schema::from_iceberg("/t", metadata.current_schema(), metadata.last_column_id()).unwrap();
        assert_eq!(back, schema);
        assert!(create("/t", &TableSchema::default()).is_err());
    }
}
