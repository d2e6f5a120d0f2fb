//! The Parquet keys `geo` (GeoParquet 1.1.0) and `stac-geoparquet` (STAC GeoParquet 1.0.0, "Metadata").

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::DataType;
use parquet::file::metadata::KeyValue;
use serde_json::{Value, json};

/// What the geometries of a file are.
#[derive(Default)]
pub(crate) struct Geo {
    kinds: BTreeSet<u32>,
    bounds: Option<[f64; 4]>,
    covering: Option<&'static str>,
}

const SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

impl Geo {
    /// Takes in the rows of a batch.
    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        let geometry = batch.column_by_name("geometry").and_then(|c| c.as_binary_opt::<i32>());
        for wkb in geometry.into_iter().flatten().flatten() {
            self.kinds.extend(kind_of(wkb));
        }
        let boxes = ["bbox", "_bbox"].into_iter().find_map(|name| {
            let column = batch.column_by_name(name)?;
            matches!(column.data_type(), DataType::Struct(_)).then(|| (name, column.as_struct()))
        });
        if let Some((name, boxes)) = boxes {
            self.covering = Some(name);
            self.widen(boxes);
        }
    }

    fn widen(&mut self, boxes: &StructArray) {
        let sides =
            SIDES.map(|side| boxes.column_by_name(side).and_then(|c| c.as_primitive_opt::<Float64Type>()));
        let [Some(west), Some(south), Some(east), Some(north)] = sides else { return };
        for row in (0..boxes.len()).filter(|row| boxes.is_valid(*row) && west.is_valid(*row)) {
            let [w, s, e, n] = [west, south, east, north].map(|side| side.value(row));
            let [bw, bs, be, bn] = self.bounds.unwrap_or([w, s, e, n]);
            self.bounds = Some([w.min(bw), s.min(bs), e.max(be), n.max(bn)]);
        }
    }

    /// The two keys.
    pub(crate) fn finish(self) -> [KeyValue; 2] {
        let kinds: Option<Vec<String>> = self.kinds.iter().map(|kind| name_of(*kind)).collect();
        // An empty list says that the types are not known: measures (M) have no name in GeoParquet.
        let mut column = json!({"encoding": "WKB", "geometry_types": kinds.unwrap_or_default()});
        if let Value::Object(members) = &mut column {
            if let Some(bounds) = self.bounds {
                members.insert("bbox".to_owned(), json!(bounds));
            }
            if let Some(name) = self.covering {
                let paths: serde_json::Map<_, _> =
                    SIDES.iter().map(|s| ((*s).to_owned(), json!([name, s]))).collect();
                members.insert("covering".to_owned(), json!({"bbox": paths}));
            }
        }
        let geo = json!({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}});
        [
            KeyValue::new("geo".to_owned(), geo.to_string()),
            KeyValue::new("stac-geoparquet".to_owned(), r#"{"version":"1.0.0"}"#.to_owned()),
        ]
    }
}

/// The ISO type number at the head of a WKB geometry.
fn kind_of(wkb: &[u8]) -> Option<u32> {
    let (order, rest) = wkb.split_first()?;
    let word = *rest.first_chunk::<4>()?;
    Some(if *order == 0 { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
}

fn name_of(kind: u32) -> Option<String> {
    let name = match kind % 1000 {
        1 => "Point",
        2 => "LineString",
        3 => "Polygon",
        4 => "MultiPoint",
        5 => "MultiLineString",
        6 => "MultiPolygon",
        7 => "GeometryCollection",
        _ => return None,
    };
    match kind / 1000 {
        0 => Some(name.to_owned()),
        1 => Some(format!("{name} Z")),
        _ => None,
    }
}
