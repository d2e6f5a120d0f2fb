use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use earthcatalog_catalog::{Change, CommitId, MemoryTable, Operation};
use earthcatalog_hash_index::IdsWriter;
use earthcatalog_model::{CellId, DataFile, Item, Json, ObjectRef, Source, TableSchema, Timestamp};
use earthcatalog_writer::{Assets, Format, GeoParquet, Row, SchemaBuilder, Sketch};
use object_store::memory::InMemory;

use super::*;

fn body(id: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.0.0","id":"{id}","geometry":null,"links":[],"assets":{{}},
           "properties":{{"datetime":"2020-05-01T00:00:00Z","eo:cloud_cover":12.5,"odd":"of {id}"}}}}"#
    )
}

fn item(id: &str) -> Item {
    let source = Source { object: ObjectRef::new("b", id), href: format!("s3://b/{id}") };
    Item {
        body: body(id).into(),
        source: Arc::new(source),
        id: id.into(),
        id_hash: IdHash::of(id),
        datetime: Timestamp::parse("2020-05-01").ok(),
        updated: None,
        wkb: None,
        geometry_changed: false,
        bbox: None,
        order: 0,
    }
}

fn schema(ids: &[&str]) -> Arc<TableSchema> {
    let mut sketch = Sketch::new();
    for id in ids {
        let text = body(id);
        sketch.observe(&Json::parse(text.as_bytes()).unwrap());
    }
    Arc::clone(SchemaBuilder::create(&sketch, Assets::Auto).schema())
}

struct Catalog {
    base: Base,
    table: MemoryTable,
}

impl Catalog {
    /// A catalog of these files, each in a cell of its own, with these properties.
    async fn new(files: &[&[&str]], properties: BTreeMap<String, Option<String>>) -> Self {
        let base = Base::with_store(Arc::new(InMemory::new()), "memory:///catalog").unwrap();
        let schema = schema(&files.concat());
        let mut add = Vec::new();
        for (i, ids) in files.iter().enumerate() {
            add.push(write(&base, &schema, &format!("c{i}"), ids).await);
        }
        let table = MemoryTable::new("memory:///catalog");
        let change = Change {
            id: CommitId::new("one".to_owned()),
            operation: Operation::Append,
            add,
            schema: Some((*schema).clone()),
            properties,
            decided_on: None,
            expects: Default::default(),
            summary: BTreeMap::new(),
        };
        table.commit(change).await.unwrap();
        Self { base, table }
    }

    async fn get(&self, id: &str) -> Result<Option<String>> {
        let head = self.table.head().await.unwrap().unwrap();
        get(&self.base, &self.table, &head, id).await
    }

    async fn check(&self, id: &str, there: bool) {
        let found = self.get(id).await.unwrap();
        assert_eq!(found.is_some(), there, "{id}");
        let Some(found) = found else { return };
        let expected = body(id);
        let (found, expected) =
            (Json::parse(found.as_bytes()).unwrap(), Json::parse(expected.as_bytes()).unwrap());
        assert!(found.same(&expected), "{found} is not {expected}");
    }
}

async fn write(base: &Base, schema: &TableSchema, cell: &str, ids: &[&str]) -> DataFile {
    let cell = CellId::new(cell);
    let items: Vec<Item> = ids.iter().map(|id| item(id)).collect();
    let rows: Vec<Row<'_>> = items.iter().map(|item| Row { item, cell: &cell }).collect();
    let encoded = GeoParquet::default().encode(schema, &rows).unwrap();
    let partition = PartitionKey::new(cell, Some(2020));
    let rel = format!("warehouse/{}/a.parquet", partition.hive_path());
    let bytes = encoded.bytes.len() as u64;
    base.put(&rel, encoded.bytes).await.unwrap();
    DataFile {
        path: base.location(&rel),
        partition,
        rows: encoded.rows,
        bytes,
        columns: encoded.columns,
        split_offsets: encoded.split_offsets,
        added: None,
    }
}

const IDS: &[&[&str]] = &[&["a", "m", "z"], &["b", "c"], &["xé"]];

#[tokio::test]
async fn an_item_is_found_in_any_file() {
    let catalog = Catalog::new(IDS, BTreeMap::new()).await;
    for id in IDS.concat() {
        catalog.check(id, true).await;
    }
    for id in ["", "n", "aa", "zz", "A"] {
        catalog.check(id, false).await;
    }
}

#[tokio::test]
async fn a_file_of_many_rows_is_searched_by_its_bloom_filter() {
    let ids: Vec<String> = (0..3_000).map(|i| format!("item-{i:05}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let catalog = Catalog::new(&[&ids], BTreeMap::new()).await;
    catalog.check("item-00000", true).await;
    catalog.check("item-02999", true).await;
    catalog.check("item-01234x", false).await;
}

#[tokio::test]
async fn a_wrong_index_hides_nothing() {
    let index = |location: &str| [(HASH_INDEX.to_owned(), Some(location.to_owned()))].into();
    let mut file = Vec::new();
    let mut ids = IdsWriter::new(&mut file).unwrap();
    ids.write(&IdHash::of("c"), &[PartitionKey::new("c0".into(), Some(2020))]).unwrap();
    ids.finish().unwrap();
    let location = {
        let base = Base::with_store(Arc::new(InMemory::new()), "memory:///catalog").unwrap();
        base.location("warehouse_index/ids.parquet")
    };
    let catalog = Catalog::new(IDS, index(&location)).await;
    catalog.check("c", true).await;
    catalog.base.put("warehouse_index/ids.parquet", file.into()).await.unwrap();
    catalog.check("c", true).await;
    catalog.check("a", true).await;
    catalog.base.put("warehouse_index/ids.parquet", Bytes::from_static(b"no index")).await.unwrap();
    catalog.check("c", true).await;
}

#[tokio::test]
async fn a_file_that_is_gone_is_named() {
    let catalog = Catalog::new(IDS, BTreeMap::new()).await;
    catalog.base.delete("warehouse/grid_partition=c1/year=2020/a.parquet").await.unwrap();
    let error = catalog.get("b").await.unwrap_err();
    assert!(error.to_string().contains("grid_partition=c1/year=2020/a.parquet"), "{error}");
}
