//! Item to file to item: equal as JSON, whatever the item.

use std::sync::Arc;

use earthcatalog_model::{
    CellId, Field, Geometry, IdHash, Item, Json, ObjectRef, Source, TableSchema, Timestamp, Type,
};
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

use crate::{Assets, Encoded, Format, GeoParquet, Row, SchemaBuilder, Sketch};

/// What the pipeline makes of an object.
pub(crate) fn item(text: &str) -> Item {
    let json = Json::parse(text.as_bytes()).unwrap();
    let id = json.get("id").and_then(Json::as_str).unwrap_or("none");
    let given = json.get("geometry").filter(|g| !g.is_null());
    let read = given.and_then(|g| Geometry::from_geojson(g).unwrap());
    let geometry = read.as_ref().map(|r| &r.geometry).filter(|g| !g.is_empty());
    let time = |name: &str| {
        let text = json.get("properties").and_then(|p| p.get(name)).and_then(Json::as_str)?;
        Timestamp::parse(text).ok()
    };
    let mut object = ObjectRef::new("bucket", id);
    object.etag = Some("tag".to_owned());
    object.last_modified = Timestamp::parse("2021-01-01").ok();
    Item {
        body: text.to_owned().into(),
        source: Arc::new(Source { object, href: format!("s3://bucket/{id}") }),
        id: id.into(),
        id_hash: IdHash::of(id),
        datetime: time("datetime"),
        updated: time("updated"),
        wkb: geometry.map(|g| g.to_wkb().into()),
        geometry_changed: given.is_some() && !read.as_ref().is_some_and(|r| r.faithful && geometry.is_some()),
        bbox: geometry.and_then(Geometry::bbox),
        order: 0,
    }
}

pub(crate) fn schema(items: &[Item], assets: Assets) -> Arc<TableSchema> {
    let mut sketch = Sketch::new();
    items.iter().for_each(|item| sketch.observe(&Json::parse(&item.body).unwrap()));
    SchemaBuilder::create(&sketch, assets).schema().clone()
}

pub(crate) fn encode(schema: &TableSchema, items: &[Item]) -> Encoded {
    let cell = CellId::new("cell");
    let rows: Vec<Row<'_>> = items.iter().map(|item| Row { item, cell: &cell }).collect();
    GeoParquet::default().encode(schema, &rows).unwrap()
}

/// The items of the file, in any order, are those that went in.
pub(crate) fn check_file(file: &Encoded, items: &[Item]) {
    let rows = GeoParquet::default().items(file.bytes.clone()).unwrap();
    assert_eq!(rows.len(), items.len());
    let mut given: Vec<&Item> = items.iter().collect();
    given.sort_by_key(|i| (i.order, i.datetime, i.id.clone()));
    for (row, item) in rows.iter().zip(given) {
        let expected = Json::parse(&item.body).unwrap();
        let found = Json::parse(row.json.as_bytes()).unwrap_or_else(|e| panic!("{e}: {}", row.json));
        assert!(found.same(&expected), "\nfound    {found}\nexpected {expected}");
        assert_eq!(row.cell, Some(CellId::new("cell")));
        let source = row.source.as_ref().unwrap();
        assert_eq!(source.href.as_deref(), Some(item.source.href.as_str()));
        assert_eq!(source.last_modified, item.source.object.last_modified);
    }
}

fn check_with(texts: &[&str], assets: Assets) -> Encoded {
    let items: Vec<Item> = texts.iter().map(|text| item(text)).collect();
    let file = encode(&schema(&items, assets), &items);
    check_file(&file, &items);
    file
}

/// Round trip of items; and how often what went to `_extra`.
fn check(texts: &[&str], extra: &[(&str, u64)]) {
    let file = check_with(texts, Assets::Auto);
    let found: Vec<(&str, u64)> = file.extra.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(found, extra, "{texts:?}");
    check_with(texts, Assets::Json);
}

pub(crate) fn with(properties: &str) -> String {
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","id":"a","geometry":{{"type":"Point","coordinates":[1,2.5]}},
            "bbox":[1,2.5,1,2.5],"links":[],"assets":{{"data":{{"href":"x","roles":["data"]}}}},
            "properties":{{"datetime":"2020-01-01T00:00:00Z"{properties}}}}}"#
    )
}

#[test]
fn what_columns_hold_needs_no_extra() {
    for properties in [
        "",
        r#","gsd":10.50,"n":1e2,"z":-0.0,"t":"2020-01-01","b":false"#,
        r#","list":[1,null,2],"texts":["a",null],"empty":{"a":[]},"o":{"a":{"b":[{"c":1},{"c":null,"d":"x"}]}}"#,
        r#","providers":[{"name":"x","roles":[]}],"proj:epsg":32633.0,"created":"2020-01-01T00:00:00.120Z""#,
    ] {
        let expected: &[(&str, u64)] = match properties {
            p if p.contains("\"empty\"") => &[("empty", 1), ("o", 1)],
            _ => &[],
        };
        check(&[&with(properties)], expected);
    }
}

#[test]
fn what_columns_cannot_hold_is_in_extra() {
    check(&[&with(r#","gsd":"ten","instruments":"x""#)], &[("gsd", 1), ("instruments", 1)]);
    check(&[&with(r#","n":0.1000000000000000055511,"m":9007199254740993"#)], &[("m", 1), ("n", 1)]);
    check(
        &[&with(r#","n":1e999,"odd":null,"list":[],"o":{}"#)],
        &[("list", 1), ("n", 1), ("o", 1), ("odd", 1)],
    );
    check(
        &[&with(r#","created":"2020-01-01 00:00:00","updated":"soon""#)],
        &[("created", 1), ("updated", 1)],
    );
    check(
        &[&with(r#","":1,"a.b":2,"a\nb":3,"id":4,"ID":5,"_extra":{},"year":7,"properties":8"#)],
        &[
            ("", 1),
            ("ID", 1),
            ("_extra", 1),
            ("a\nb", 1),
            ("a.b", 1),
            ("id", 1),
            ("properties", 1),
            ("year", 1),
        ],
    );
    check(&[&with(r#","Ab":1,"aB":2"#)], &[("aB", 1)]);
    check(&[&with(r#","l":[1,"a",2,3]"#), &with(r#","l":[[1],2]"#)], &[("l", 5)]);
}

#[test]
fn items_of_other_versions_and_forms_come_back() {
    let bare = r#"{"type":"Feature","id":"a","properties":{}}"#;
    check(&[bare], &[("datetime", 1), ("geometry", 1)]);
    check(&[r#"{"type":"Feature","id":"a","geometry":null,"properties":{"datetime":null}}"#], &[]);
    check(
        &[
            r#"{"type":"Feature","id":"a","geometry":null,"assets":{},"properties":{"datetime":null},"gsd":{"x":[]}}"#,
        ],
        &[("assets", 1), ("gsd", 1)],
    );
    check(
        &[
            r#"{"type":"Feature","id":"a","geometry":null,"links":{},"assets":[],"stac_extensions":"x","properties":7}"#,
        ],
        &[("assets", 1), ("links", 1), ("properties", 1), ("stac_extensions", 1)],
    );
    let point = r#"{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2,3],"x":1},"bbox":[1,2,3,1,2,3],"properties":{"datetime":null}}"#;
    check(&[point], &[("bbox", 1), ("geometry", 1)]);
}

#[test]
fn a_schema_only_grows() {
    let (first, second) = (item(&with(r#","a":1"#)), item(&with(r#","b":{"c":1},"a":2"#)));
    let old = schema(std::slice::from_ref(&first), Assets::Auto);
    let mut builder = SchemaBuilder::extend((*old).clone());
    assert_eq!(builder.schema(), &old);
    check_file(&encode(&old, std::slice::from_ref(&second)), std::slice::from_ref(&second));
    let mut sketch = Sketch::new();
    sketch.observe(&Json::parse(&second.body).unwrap());
    assert!(builder.evolve(&sketch) && !builder.evolve(&sketch));
    let new = builder.schema().clone();
    assert_eq!(new.fields.get(..old.fields.len()).unwrap(), old.fields.as_slice());
    let both = [first, second];
    check_file(&encode(&new, &both), &both);
}

fn real_items() -> Vec<String> {
    let default = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/real-items");
    let dir = std::env::var_os("EARTHCATALOG_REAL_ITEMS").map_or(default, Into::into);
    let Ok(entries) = std::fs::read_dir(&dir) else {
        println!("skipped: no real items in {}", dir.display());
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
    paths.sort();
    let mut items = Vec::new();
    for path in paths {
        match path.extension().and_then(|e| e.to_str()) {
            Some("ndjson") => {
                items.extend(std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned))
            }
            Some("json") => items.push(std::fs::read_to_string(&path).unwrap()),
            _ => {}
        }
    }
    items.retain(|text| !text.trim().is_empty());
    items
}

#[test]
fn real_items_of_all_collections_share_a_table() {
    let texts = real_items();
    if texts.is_empty() {
        return;
    }
    let mut items: Vec<Item> = texts.iter().map(|text| item(text)).collect();
    // Ids come more than once; the order of rows follows them.
    for (i, item) in items.iter_mut().enumerate() {
        item.order = i as u64;
    }
    for assets in [Assets::Auto, Assets::Struct, Assets::Json] {
        let schema = schema(&items, assets);
        let file = encode(&schema, &items);
        println!(
            "{assets}: {} leaves, {} bytes, {} values in _extra",
            schema.leaf_count(),
            file.bytes.len(),
            file.extra.values().sum::<u64>()
        );
        println!("{:?}", file.extra);
        check_file(&file, &items);
    }
}

#[test]
fn files_say_what_they_are() {
    let file = check_with(&[&with(""), &with(r#","a":1"#)], Assets::Auto);
    let reader = SerializedFileReader::new(file.bytes.clone()).unwrap();
    let keys = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| keys.iter().find(|k| k.key == key).and_then(|k| k.value.clone()).unwrap();
    let geo: serde_json::Value = serde_json::from_str(&value("geo")).unwrap();
    assert_eq!(geo["columns"]["geometry"]["geometry_types"], serde_json::json!(["Point"]));
    assert_eq!(geo["columns"]["geometry"]["bbox"], serde_json::json!([1.0, 2.5, 1.0, 2.5]));
    assert_eq!(geo["columns"]["geometry"]["covering"]["bbox"]["xmin"], serde_json::json!(["bbox", "xmin"]));
    assert_eq!(value("stac-geoparquet"), r#"{"version":"1.0.0"}"#);
    let leaves = reader.metadata().file_metadata().schema_descr().columns();
    assert!(leaves.iter().all(|leaf| leaf.self_type().get_basic_info().has_id()));
    let group = reader.metadata().row_group(0);
    for (leaf, chunk) in leaves.iter().zip(group.columns()) {
        let empty = chunk.statistics().and_then(|s| s.null_count_opt()) == Some(chunk.num_values() as u64);
        let time = leaf.path().string().ends_with("datetime");
        let known = file.columns.contains(leaf.self_type().get_basic_info().id());
        // Of `geometry` and `_extra` the file keeps no statistics that would tell.
        assert!(known == (!empty || time) || chunk.statistics().is_none(), "{}", leaf.path());
    }
    assert_eq!(file.split_offsets, [4]);
}

#[test]
fn rows_can_be_taken_out() {
    let texts: Vec<String> = (0..2000).map(|i| with("").replace(r#""a""#, &format!("\"{i}\""))).collect();
    let items: Vec<Item> = texts.iter().map(|text| item(text)).collect();
    let schema = schema(&items, Assets::Auto);
    let file = encode(&schema, &items);
    let even = |id: &str| id.parse::<u32>().unwrap() % 2 == 0;
    let half = GeoParquet::default().filter(&schema, file.bytes.clone(), &even).unwrap().unwrap();
    let kept: Vec<Item> = items.iter().filter(|i| even(&i.id)).cloned().collect();
    check_file(&half, &kept);
    let again = encode(&schema, &kept);
    let bounds = |f: &Encoded| {
        f.columns
            .iter()
            .map(|(id, c)| (id, c.values, c.nulls, c.lower.clone(), c.upper.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(bounds(&half), bounds(&again));
    assert!(GeoParquet::default().filter(&schema, file.bytes, &|_| false).unwrap().is_none());
}

pub(crate) fn json_text() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "a",
        "A",
        "b",
        "",
        "x.y",
        "é\\u0000",
        "datetime",
        "created",
        "proj:epsg",
        "gsd",
        "roles",
        "href",
        "id",
    ]);
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        Just("0.1".to_owned()),
        "[ -~é]{0,6}".prop_map(|s| serde_json::to_string(&s).unwrap()),
        Just(r#""2020-01-01T00:00:00Z""#.to_owned()),
        Just(r#""2020-01-01T00:00:00.10+01:00""#.to_owned()),
    ];
    scalar.prop_recursive(4, 32, 4, move |inner| {
        let object = prop::collection::btree_map(names.clone(), inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|v| format!("[{}]", v.join(","))),
            object.prop_map(|m| {
                let members: Vec<String> = m.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_items_come_back(values in prop::collection::vec((json_text(), json_text(), json_text()), 1..4)) {
        let texts: Vec<String> = values.iter().enumerate().map(|(i, (properties, assets, other))| {
            let properties = if properties.starts_with('{') { properties.clone() } else { format!("{{\"p\":{properties}}}") };
            format!(r#"{{"type":"Feature","id":"{i}","geometry":null,"properties":{properties},"assets":{assets},"links":[{other}],"foreign":{other}}}"#)
        }).collect();
        let mut items: Vec<Item> = texts.iter().map(|t| item(t)).collect();
        items.iter_mut().enumerate().for_each(|(i, item)| item.order = i as u64);
        for assets in [Assets::Struct, Assets::Json] {
            check_file(&encode(&schema(&items, assets), &items), &items);
            // Under the schema of the first alone, the others go to `_extra`.
            check_file(&encode(&schema(items.get(..1).unwrap(), assets), &items), &items);
        }
    }
}

#[test]
fn the_deepest_item_comes_back() {
    for depth in [120, 125, 126] {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        check(&[&with(&format!(r#","deep":{deep}"#))], &[("deep", 1)]);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        check(&[&with(&format!(r#","deep":{deep}"#))], &[("deep", 1)]);
    }
}

/// The columns of a table that earthcatalog 0.6.1 made, as far as they differ from ours: JSON texts, longs, no `_extra`.
fn older() -> TableSchema {
    let text = [
        "type",
        "stac_version",
        "stac_extensions",
        "id",
        "links",
        "assets",
        "bbox",
        "collection",
        "mid_datetime",
    ];
    let mut fields: Vec<Field> = text.iter().map(|name| Field::new(*name, Type::String)).collect();
    fields.push(Field::new("geometry", Type::Binary));
    fields.push(Field::new("datetime", Type::Timestamptz));
    fields.push(Field::new("date_dt", Type::Long));
    fields.push(Field::new("percent_valid_pixels", Type::Long));
    fields.push(Field::new("grid_partition", Type::String));
    TableSchema::new(fields)
}

#[test]
fn tables_of_older_versions_are_extended() {
    let before = older();
    let texts = [
        with(r#","date_dt":16,"percent_valid_pixels":85.0,"new":"x""#),
        with(r#","date_dt":16.5,"mid_datetime":"2020-01-01T00:00:00Z""#),
    ];
    let items: Vec<Item> = texts.iter().map(|text| item(text)).collect();
    let mut builder = SchemaBuilder::extend(before.clone());
    let mut sketch = Sketch::new();
    items.iter().for_each(|item| sketch.observe(&Json::parse(&item.body).unwrap()));
    assert!(builder.evolve(&sketch));
    let schema = builder.schema();
    assert_eq!(schema.fields.get(..before.fields.len()).unwrap(), before.fields.as_slice());
    assert!(schema.field("_bbox").is_some() && schema.field("new").is_some());
    let file = encode(schema, &items);
    assert_eq!(file.extra, [("date_dt".to_owned(), 1)].into());
    check_file(&file, &items);
}

#[test]
fn files_of_older_versions_are_read() {
    use arrow_array::{ArrayRef, BinaryArray, Int64Array, LargeStringArray, RecordBatch, StringArray};
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let wkb = item(&with("")).wkb.unwrap();
    let batch = RecordBatch::try_from_iter([
        ("type", text("Feature")),
        ("id", Arc::new(LargeStringArray::from(vec!["a"])) as ArrayRef),
        ("geometry", Arc::new(BinaryArray::from(vec![&*wkb])) as ArrayRef),
        ("assets", text(r#"{"data":{"href":"x"}}"#)),
        ("links", text("[]")),
        ("bbox", text("[1.0, 2.5, 1.0, 2.5]")),
        ("date_dt", Arc::new(Int64Array::from(vec![16])) as ArrayRef),
        ("grid_partition", text("cell")),
    ]);
    let expected = r#"{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2.5]},"assets":{"data":{"href":"x"}},
        "links":[],"bbox":[1,2.5,1,2.5],"properties":{"date_dt":16}}"#;
    let found = crate::items_of(&batch.unwrap()).unwrap().concat();
    assert!(
        Json::parse(found.as_bytes()).unwrap().same(&Json::parse(expected.as_bytes()).unwrap()),
        "{found}"
    );
}
