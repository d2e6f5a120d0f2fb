//! Files to one file: the items are those of the union, and the file is what writing them at once would have given.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use bytes::Bytes;
use earthcatalog_model::{Bbox, Field, Geometry, Item, Json, Scalar, TableSchema, Timestamp, Type};
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use crate::roundtrip_tests::{check_file, encode, item, json_text, schema, with};
use crate::{Assets, Encoded, Error, Format, GeoParquet, Merge, SchemaBuilder, Sketch};

fn curve(lon: f64, lat: f64) -> u64 {
    (((lon + 180.0) * 100.0) as u64) << 20 | ((lat + 90.0) * 100.0) as u64
}

/// An item as the pipeline would sort it.
fn placed(text: &str) -> Item {
    let mut item = item(text);
    let geometry = item.wkb.as_ref().map(|wkb| Geometry::from_wkb(wkb).unwrap());
    let centre = item.bbox.as_ref().and_then(Bbox::centre);
    let place = centre.or_else(|| geometry.and_then(|g| g.first_position()));
    item.order = place.map_or(0, |(lon, lat)| curve(lon, lat));
    item
}

fn at(id: &str, lon: f64, properties: &str) -> Item {
    let text =
        with(properties).replace(r#""a""#, &format!("{id:?}")).replace("[1,2.5", &format!("[{lon},2.5"));
    placed(&text.replace(",1,2.5]", &format!(",{lon},2.5]")))
}

fn merge_with(
    schema: &TableSchema,
    files: &[Bytes],
    target: u64,
    keep: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Vec<Encoded>, Error> {
    GeoParquet::default().merge(schema, files, &Merge { curve: &curve, keep, target })
}

fn merge(schema: &TableSchema, files: &[&Encoded]) -> Encoded {
    let files: Vec<Bytes> = files.iter().map(|file| file.bytes.clone()).collect();
    let mut merged = merge_with(schema, &files, u64::MAX, &|_| true).unwrap();
    assert_eq!(merged.len(), 1);
    merged.remove(0)
}

fn grown(schema: &TableSchema, items: &[Item]) -> Arc<TableSchema> {
    let mut builder = SchemaBuilder::extend(schema.clone());
    let mut sketch = Sketch::new();
    items.iter().for_each(|item| sketch.observe(&Json::parse(&item.body).unwrap()));
    builder.evolve(&sketch);
    builder.schema().clone()
}

#[test]
fn a_merged_file_is_the_file_of_all_rows() {
    let properties = |i: usize| match i % 3 {
        0 => format!(r#","gsd":{i}.5,"t":"text {i}","l":[{i},null]"#),
        1 => r#","o":{"a":null,"b":[{"c":1}]},"gsd":"odd""#.to_owned(),
        _ => r#","updated":"2021-01-01T00:00:00Z""#.to_owned(),
    };
    for n in [3, 150, 1100] {
        let place = |i: usize| (i * 7919 % 360) as f64 - 180.0;
        let items: Vec<Item> = (0..n).map(|i| at(&format!("{i}"), place(i), &properties(i))).collect();
        let schema = schema(&items, Assets::Auto);
        let files: Vec<Encoded> = items.chunks(n.div_ceil(3)).map(|part| encode(&schema, part)).collect();
        let merged = merge(&schema, &files.iter().collect::<Vec<_>>());
        let whole = encode(&schema, &items);
        check_file(&merged, &items);
        assert_eq!(merged.columns, whole.columns, "{n}");
        assert_eq!((merged.rows, &merged.split_offsets), (whole.rows, &whole.split_offsets), "{n}");
        assert!(merged.bytes == whole.bytes, "{n}: {} and {} bytes", merged.bytes.len(), whole.bytes.len());
    }
}

#[test]
fn the_memory_is_not_underestimated() {
    for n in [1, 10, 150, 1100, 5000] {
        let properties = |i: usize| {
            let hash = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            format!(
                r#","gsd":{i}.5,"name":"scene_{hash:016x}","same":"a text that all have","l":[{i},{hash}]"#
            )
        };
        let items: Vec<Item> =
            (0..n).map(|i| at(&format!("item-{i}"), (i % 360) as f64 - 180.0, &properties(i))).collect();
        let schema = schema(&items, Assets::Auto);
        let file = encode(&schema, &items);
        let batches = crate::merge::decoded(&file.bytes, &schema).unwrap();
        let decoded: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        let bytes = file.bytes.len() as u64;
        let estimate = crate::merge_memory(bytes, file.rows, schema.leaf_count() as u64);
        let needed = 2 * (decoded as u64 + bytes);
        assert!(estimate >= needed, "{n} rows: {estimate} < {needed}");
        assert!(estimate <= 8 * needed, "{n} rows: {estimate} is far more than {needed}");
    }
}

#[test]
fn rows_are_split_into_files_of_the_target_size() {
    let items: Vec<Item> = (0..300).map(|i| at(&format!("{i}"), f64::from(i) / 2.0, "")).collect();
    let schema = schema(&items, Assets::Auto);
    let files: Vec<Bytes> = items.chunks(100).map(|part| encode(&schema, part).bytes).collect();
    let bytes: u64 = files.iter().map(|file| file.len() as u64).sum();
    let merged = merge_with(&schema, &files, bytes / 2 + 1, &|_| true).unwrap();
    assert_eq!(merged.iter().map(|file| file.rows).collect::<Vec<_>>(), [150, 150]);
    for (file, items) in merged.iter().zip(items.chunks(150)) {
        check_file(file, items);
    }
}

#[test]
fn of_an_id_the_newest_stays() {
    let newer = r#","updated":"2022-01-01T00:00:00Z""#;
    let with_time = |mut item: Item, time: &str| {
        let mut source = (*item.source).clone();
        source.object.last_modified = Timestamp::parse(time).ok();
        item.source = Arc::new(source);
        item
    };
    // A file for each of the items.
    let check = |files: &[&Item], expected: &Item| {
        let all: Vec<Item> = files.iter().copied().cloned().collect();
        let schema = schema(&all, Assets::Auto);
        let files: Vec<Encoded> = all.chunks(1).map(|items| encode(&schema, items)).collect();
        check_file(&merge(&schema, &files.iter().collect::<Vec<_>>()), std::slice::from_ref(expected));
    };
    let (first, second) = (at("x", 1.0, ""), at("x", 2.0, ""));
    check(&[&first, &second], &second);
    let updated = at("x", 3.0, newer);
    check(&[&updated, &first, &second], &updated);
    let late = with_time(first.clone(), "2023-01-01");
    check(&[&late, &second], &late);
    let early = with_time(updated.clone(), "2019-01-01");
    check(&[&late, &early], &early);
}

#[test]
fn rows_that_are_not_wanted_are_left_out() {
    let items: Vec<Item> = (0..10).map(|i| at(&format!("{i}"), f64::from(i), "")).collect();
    let schema = schema(&items, Assets::Auto);
    let files =
        [encode(&schema, items.get(..5).unwrap()).bytes, encode(&schema, items.get(5..).unwrap()).bytes];
    let merged = merge_with(&schema, &files, u64::MAX, &|id| id == "3" || id == "7").unwrap();
    check_file(merged.first().unwrap(), &[items.get(3).unwrap().clone(), items.get(7).unwrap().clone()]);
    assert!(merge_with(&schema, &files, u64::MAX, &|_| false).unwrap().is_empty());
}

#[test]
fn values_that_the_schema_has_no_place_for_are_not_lost() {
    let items = [at("x", 1.0, r#","o":{"a":1,"b":2},"n":3"#)];
    let whole = schema(&items, Assets::Auto);
    let file = encode(&whole, &items);
    let refused = |narrow: &dyn Fn(&mut TableSchema), expected: &str| {
        let mut other = (*whole).clone();
        narrow(&mut other);
        let error = merge_with(&other, std::slice::from_ref(&file.bytes), u64::MAX, &|_| true).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refused(
        &|schema| schema.fields.retain(|field| field.name != "n"),
        "column n is not in the table's schema",
    );
    let member = |schema: &mut TableSchema, change: fn(&mut Vec<Field>)| {
        let field = schema.fields.iter_mut().find(|field| field.name == "o").unwrap();
        let Type::Struct(members) = &mut field.ty else { panic!("{field:?}") };
        change(members);
    };
    refused(&|schema| member(schema, |o| o.retain(|field| field.name != "b")), "column o.b is not in");
    let retype: fn(&mut Vec<Field>) = |o| o.iter_mut().for_each(|field| field.ty = Type::Long);
    refused(&|schema| member(schema, retype), "is of type Float64, in the table's schema of type Int64");
    let batch = RecordBatch::try_from_iter([
        ("id", Arc::new(StringArray::from(vec!["a"])) as ArrayRef),
        ("foreign", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
    ]);
    let error =
        merge_with(&schema(&items, Assets::Auto), &[parquet_of(&batch.unwrap())], u64::MAX, &|_| true);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("column foreign is not in the table's schema"), "{error}");
}

fn parquet_of(batch: &RecordBatch) -> Bytes {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap().into()
}

#[test]
fn files_of_older_versions_are_merged_with_ours() {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let ours = at("b", 2.0, "");
    let wkb = at("a", 1.0, "").wkb.unwrap();
    let batch = RecordBatch::try_from_iter([
        ("type", text("Feature")),
        ("id", text("a")),
        ("geometry", Arc::new(BinaryArray::from(vec![&*wkb])) as ArrayRef),
        ("bbox", text("[1.0, 2.5, 1.0, 2.5]")),
        ("date_dt", Arc::new(Int64Array::from(vec![16])) as ArrayRef),
        ("datetime", Arc::new(TimestampMicrosecondArray::from(vec![None]).with_timezone("UTC")) as ArrayRef),
        ("grid_partition", text("cell")),
    ]);
    let mut fields: Vec<_> = ["type", "id", "bbox", "grid_partition", "stac_version", "links", "assets"]
        .map(|name| Field::new(name, Type::String))
        .into();
    fields.push(Field::new("geometry", Type::Binary));
    fields.push(Field::new("date_dt", Type::Long));
    fields.push(Field::new("datetime", Type::Timestamptz));
    let schema = grown(&TableSchema::new(fields), std::slice::from_ref(&ours));
    let theirs = parquet_of(&batch.unwrap());
    let files = [theirs, encode(&schema, std::slice::from_ref(&ours)).bytes];
    let merged = merge_with(&schema, &files, u64::MAX, &|_| true).unwrap().remove(0);
    let rows = GeoParquet::default().items(merged.bytes).unwrap();
    let expected = r#"{"type":"Feature","id":"a","geometry":{"type":"Point","coordinates":[1,2.5]},
        "bbox":[1,2.5,1,2.5],"properties":{"date_dt":16,"datetime":null}}"#;
    for (row, expected) in rows.iter().zip([expected.as_bytes(), &ours.body]) {
        let found = Json::parse(row.json.as_bytes()).unwrap();
        assert!(found.same(&Json::parse(expected).unwrap()), "{found}");
    }
    // The box by which readers skip rows is there for both.
    let xmin = schema.field("_bbox").map(|field| match &field.ty {
        Type::Struct(sides) => sides.first().unwrap().id,
        _ => 0,
    });
    assert_eq!(merged.columns.get(xmin.unwrap()).unwrap().nulls, Some(0));
}

#[test]
fn a_file_without_field_ids_gets_the_columns_of_the_schema_when_rows_are_taken_out() {
    let texts = |texts: [&str; 2]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
    let wkb = at("a", 1.0, "").wkb.unwrap();
    let millis = TimestampMillisecondArray::from(vec![1_577_934_245_678; 2]).with_timezone("UTC");
    let batch = RecordBatch::try_from_iter([
        ("type", texts(["Feature"; 2])),
        ("id", texts(["a", "b"])),
        ("geometry", Arc::new(BinaryArray::from(vec![&*wkb; 2])) as ArrayRef),
        ("datetime", Arc::new(millis) as ArrayRef),
    ]);
    let mut fields = vec![Field::new("type", Type::String), Field::new("id", Type::String)];
    fields.push(Field::new("geometry", Type::Binary));
    fields.push(Field::new("datetime", Type::Timestamptz));
    let schema = grown(&TableSchema::new(fields), &[]);
    let theirs = parquet_of(&batch.unwrap());
    let file = GeoParquet::default().filter(&schema, theirs, &|id| id == "b").unwrap().unwrap();
    let id = |name: &str| schema.field(name).unwrap().id;
    let upper = |name: &str| file.columns.get(id(name)).unwrap().upper;
    assert_eq!(upper("id"), Some(Scalar::String("b".to_owned())));
    assert_eq!(upper("datetime"), Some(Scalar::Long(1_577_934_245_678_000)));
    let rows = GeoParquet::default().items(file.bytes).unwrap();
    let expected = r#"{"type":"Feature","id":"b","geometry":{"type":"Point","coordinates":[1,2.5]},
        "properties":{"datetime":"2020-01-02T03:04:05.678Z"}}"#;
    let found = Json::parse(rows.first().unwrap().json.as_bytes()).unwrap();
    assert!(found.same(&Json::parse(expected.as_bytes()).unwrap()), "{found}");
    let Type::Struct(sides) = &schema.field("_bbox").unwrap().ty else { panic!("{schema:?}") };
    assert_eq!(file.columns.get(sides.first().unwrap().id).unwrap().nulls, Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn files_of_different_ages_keep_their_items(values in prop::collection::vec((json_text(), json_text()), 2..6)) {
        let texts = values.iter().enumerate().map(|(i, (properties, other))| {
            let properties = if properties.starts_with('{') { properties.clone() } else { format!("{{\"p\":{properties}}}") };
            format!(r#"{{"type":"Feature","id":"{i}","geometry":{{"type":"Point","coordinates":[{i},1]}},
                "properties":{properties},"assets":{other},"links":[{other}]}}"#)
        });
        let items: Vec<Item> = texts.map(|text| placed(&text)).collect();
        let (older, newer) = items.split_at(items.len() / 2);
        let before = schema(older, Assets::Struct);
        let after = grown(&before, newer);
        let merged = merge(&after, &[&encode(&before, older), &encode(&after, newer)]);
        check_file(&merged, &items);
        // An older file under a schema that grew, alone.
        check_file(&merge(&after, &[&encode(&before, older)]), older);
    }
}
