//! Items to files: the sketch, and files of 6, 40 and 1,000 rows.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use earthcatalog_model::{CellId, Geometry, IdHash, Item, Json, ObjectRef, Source, Timestamp};
use earthcatalog_writer::{Assets, Format, GeoParquet, Row, SchemaBuilder, Sketch};

/// An item like ITS_LIVE's, about 2 kB.
fn text(i: usize) -> String {
    let (west, south) = (-55.0 + (i % 40) as f64 * 0.25, 60.0 + (i % 30) as f64 * 0.25);
    let (east, north) = (west + 1.5, south + 0.75);
    let assets: Vec<String> = ["data", "overview", "thumbnail"]
        .iter()
        .map(|key| format!(r#""{key}":{{"href":"https://example.org/velocity/{i}/{key}.nc","type":"image/png","roles":["{key}"]}}"#))
        .collect();
    format!(
        r#"{{"type":"Feature","stac_version":"1.1.0","stac_extensions":["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
        "id":"LC08_L1TP_{i:06}_20140328_20200911_02_T1_X_LC08_L1TP_219014_20140413_20200911_02_T1_G0120V02_P085",
        "geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}},
        "bbox":[{west},{south},{east},{north}],"links":[],"collection":"itslive-granules","assets":{{{assets}}},
        "properties":{{"datetime":"2014-04-05T13:20:{sec:02}.388888Z","mid_datetime":"2014-04-05T13:20:{sec:02}.388888Z",
        "created":"2020-09-15T10:11:12Z","updated":"2020-09-15T10:11:12Z","start_datetime":"2014-03-28T13:20:11.123456Z",
        "end_datetime":"2014-04-13T13:20:05.654321Z","latitude":70.5976,"longitude":-53.1301,"date_dt":16.5,"platform":"LC08",
        "scene_1_id":"LC08_L1TP_219014_20140328_20200911_02_T1","scene_2_id":"LC08_L1TP_219014_20140413_20200911_02_T1",
        "scene_1_frame":"219014","scene_2_frame":"219014","sat:orbit_state":"N/A","percent_valid_pixels":85,
        "proj:code":"EPSG:3413","version":"002"}}}}"#,
        assets = assets.join(","),
        sec = i % 60
    )
}

fn item(i: usize) -> Option<Item> {
    let text = text(i);
    let json = Json::parse(text.as_bytes()).ok()?;
    let geometry = Geometry::from_geojson(json.get("geometry")?).ok()??.geometry;
    let id = json.get("id")?.as_str()?.to_owned();
    let source = Source { object: ObjectRef::new("bucket", &id), href: format!("s3://bucket/{id}") };
    Some(Item {
        body: text.clone().into(),
        source: Arc::new(source),
        id: id.as_str().into(),
        id_hash: IdHash::of(&id),
        datetime: Timestamp::parse("2014-04-05").ok(),
        updated: None,
        wkb: Some(geometry.to_wkb().into()),
        geometry_changed: false,
        bbox: geometry.bbox(),
        order: i as u64,
    })
}

fn writer(c: &mut Criterion) {
    let items: Vec<Item> = (0..1000).filter_map(item).collect();
    let mut sketch = Sketch::new();
    items.iter().filter_map(|item| Json::parse(&item.body).ok()).for_each(|json| sketch.observe(&json));
    let builder = SchemaBuilder::create(&sketch, Assets::Auto);
    let (format, cell) = (GeoParquet::new(), CellId::new("cell"));
    let rows: Vec<Row<'_>> = items.iter().map(|item| Row { item, cell: &cell }).collect();
    let mut group = c.benchmark_group("writer");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse and sketch", |b| {
        let mut items = items.iter().cycle();
        b.iter(|| {
            items
                .next()
                .and_then(|item| Json::parse(&item.body).ok())
                .map(|json| sketch.observe(black_box(&json)))
        });
    });
    for rows in [1, 6, 40, 1000].into_iter().filter_map(|n| rows.get(..n)) {
        group.throughput(Throughput::Elements(rows.len() as u64));
        group.bench_with_input(BenchmarkId::new("encode", rows.len()), rows, |b, rows| {
            b.iter(|| format.encode(builder.schema(), rows).map(|file| file.bytes.len()));
        });
    }
    group.finish();
}

criterion_group!(benches, writer);
criterion_main!(benches);
