//! Small plausible items: glacier velocity granules in the manner of ITS_LIVE.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, Result};
use serde_json::{Value, json};

/// An item of 2 by 0.8 degrees around a point (degrees; keep away from 180° and the poles), with an instant such as
/// `2020-05-01T12:00:00Z`.
pub fn item(id: &str, lon: f64, lat: f64, datetime: &str) -> Value {
    let (west, south, east, north) = (lon - 1.0, lat - 0.4, lon + 1.0, lat + 0.4);
    json!({
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
        "id": id,
        "collection": "itslive-like",
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "bbox": [west, south, east, north],
        "properties": properties(id, lon, lat, datetime),
        "links": [{ "rel": "collection", "href": "https://example.com/collection.json", "type": "application/json" }],
        "assets": {
            "data": { "href": format!("https://example.com/{id}.nc"), "type": "application/netcdf", "roles": ["data"] },
            "thumbnail": { "href": format!("https://example.com/{id}.png"), "type": "image/png", "roles": ["thumbnail"] },
        },
    })
}

fn properties(id: &str, lon: f64, lat: f64, datetime: &str) -> Value {
    json!({
        "datetime": datetime,
        "created": "2021-01-01T00:00:00Z",
        "updated": "2021-01-01T00:00:00Z",
        "platform": "S2A",
        "latitude": lat,
        "longitude": lon,
        "date_dt": 16.0,
        "percent_valid_pixels": 85,
        "scene_1_id": format!("{id}_1"),
        "scene_2_id": format!("{id}_2"),
        "proj:code": "EPSG:3413",
        "version": "002",
    })
}

/// `n` items with ids `<stem>-0000`…, spread over Greenland and the years 2015 to 2024; the same every time.
pub fn items(stem: &str, n: usize) -> Vec<Value> {
    (0..n).map(|i| nth(stem, i)).collect()
}

fn nth(stem: &str, i: usize) -> Value {
    let step = u32::try_from(i % 100_000).unwrap_or_default();
    let lon = -60.0 + f64::from(step * 37 % 400) / 10.0;
    let lat = 60.0 + f64::from(step * 53 % 220) / 10.0;
    let datetime = format!("{}-{:02}-{:02}T12:00:00Z", 2015 + i % 10, 1 + i / 10 % 12, 1 + i / 7 % 28);
    item(&format!("{stem}-{i:04}"), lon, lat, &datetime)
}

/// Puts each item under `<prefix>/<id>.stac.json` and returns keys and sizes, in order.
///
/// # Errors
/// Those of the store.
pub async fn put_items(store: &dyn ObjectStore, prefix: &str, items: &[Value]) -> Result<Vec<(String, u64)>> {
    let mut put = Vec::with_capacity(items.len());
    for item in items {
        let id = item.get("id").and_then(Value::as_str).unwrap_or("no-id");
        let key = format!("{prefix}/{id}.stac.json");
        let bytes = Bytes::from(item.to_string());
        let size = bytes.len() as u64;
        store.put(&Path::parse(&key)?, bytes.into()).await?;
        put.push((key, size));
    }
    Ok(put)
}

/// An inventory in CSV with a header, of objects in a bucket.
pub fn csv_inventory(bucket: &str, objects: &[(String, u64)]) -> String {
    let line = |(key, size): &(String, u64)| format!("{bucket},{key},{size},2021-01-02T03:04:05Z\n");
    let lines: String = objects.iter().map(line).collect();
    format!("bucket,key,size,last_modified_date\n{lines}")
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn items_are_put_under_their_ids() {
        let store = InMemory::new();
        let put = put_items(&store, "a/b", &items("g", 3)).await.unwrap();
        assert_eq!(put[2].0, "a/b/g-0002.stac.json");
        let bytes = store.get(&Path::from("a/b/g-0002.stac.json")).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes.len() as u64, put[2].1);
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap()["id"], "g-0002");
        assert_eq!(csv_inventory("x", &put).lines().count(), 4);
    }
}
