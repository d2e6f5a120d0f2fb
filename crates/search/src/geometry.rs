//! Geometries to search by, from text: GeoJSON, WKT, or `@` and a file that holds either.

use earthcatalog_model::geometry::Shape;
use earthcatalog_model::{Geometry, Json};

use crate::error::{Error, Result};
use crate::wkt;

/// Files larger than this are no query.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a geometry as [`parse_geometry`] does; a text that begins with `@` names a local file that holds it.
///
/// # Errors
/// When the file cannot be read or holds no geometry.
pub fn read_geometry(text: &str) -> Result<Geometry> {
    match text.trim_start().strip_prefix('@') {
        Some(path) => parse_geometry(&read_file(path.trim_end())?),
        None => parse_geometry(text),
    }
}

fn read_file(path: &str) -> Result<String> {
    let unreadable = |source| Error::File { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_BYTES {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Reads GeoJSON (RFC 7946: a geometry, a feature, a collection of features) or WKT. Longitude first, in degrees.
///
/// Where it crosses 180° and which rings circle a pole is found out when it is searched by.
///
/// # Errors
/// When the text is neither, or there is no position in it.
pub fn parse_geometry(text: &str) -> Result<Geometry> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let geometry = if text.starts_with(['{', '[']) { geojson(text) } else { wkt::parse(text) };
    let wrong = |reason| Error::Geometry { reason };
    let geometry = geometry.map_err(wrong)?;
    if geometry.is_empty() {
        Err(wrong("it is empty, so that nothing touches it".to_owned()))
    } else {
        Ok(geometry)
    }
}

fn geojson(text: &str) -> Result<Geometry, String> {
    let json = Json::parse(text.as_bytes()).map_err(|e| e.to_string())?;
    let mut shapes = Vec::new();
    collect(&json, &mut shapes)?;
    let shape = if shapes.len() == 1 { shapes.pop() } else { None };
    // A search is on the plane: heights that some positions have and others lack make no difference.
    Ok(Geometry::xy(shape.unwrap_or(Shape::GeometryCollection(shapes))))
}

fn collect(json: &Json<'_>, shapes: &mut Vec<Shape>) -> Result<(), String> {
    match json.get("type").and_then(Json::as_str) {
        Some("FeatureCollection") => {
            let features = json.get("features").and_then(Json::elements).unwrap_or_default();
            features.iter().try_for_each(|feature| collect_feature(feature, shapes))
        }
        Some("Feature") => collect_feature(json, shapes),
        _ => collect_geometry(json, shapes),
    }
}

fn collect_feature(feature: &Json<'_>, shapes: &mut Vec<Shape>) -> Result<(), String> {
    collect_geometry(feature.get("geometry").unwrap_or(&Json::Null), shapes)
}

fn collect_geometry(json: &Json<'_>, shapes: &mut Vec<Shape>) -> Result<(), String> {
    let read = Geometry::from_geojson(json).map_err(|e| e.to_string())?;
    shapes.extend(read.map(|r| r.geometry.shape));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = String::new();
        read_geometry(text).unwrap().to_geojson(&mut out);
        assert_eq!(out, expected, "{text}");
    }

    const POINT: &str = r#"{"type":"Point","coordinates":[1,2]}"#;

    #[test]
    fn geojson_and_wkt_and_files() {
        check(POINT, POINT);
        check("POINT (1 2)", POINT);
        check(&format!("\u{feff} {POINT}\n"), POINT);
        check(&format!(r#"{{"type":"Feature","properties":{{}},"geometry":{POINT}}}"#), POINT);
        let features = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{POINT}}},
               {{"type":"Feature","geometry":null}},
               {{"type":"Feature","geometry":{{"type":"Point","coordinates":[3,4,5]}}}}]}}"#
        );
        let both = r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Point","coordinates":[3,4]}]}"#;
        check(&features, both);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a query.json");
        std::fs::write(&file, POINT).unwrap();
        check(&format!("@{}", file.display()), POINT);
    }

    fn refuses(text: &str, expected: &str) {
        let error = read_geometry(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }

    #[test]
    fn others_are_refused() {
        refuses("", "expected a geometry");
        refuses("{", "no geometry");
        refuses("[1,2,3,4]", "found an array");
        refuses(r#"{"type":"Circle","coordinates":[]}"#, "unknown geometry type");
        refuses(r#"{"type":"FeatureCollection","features":[]}"#, "empty");
        refuses(r#"{"type":"Feature","geometry":null}"#, "empty");
        refuses("POLYGON EMPTY", "empty");
        refuses("@/nowhere/query.json", "/nowhere/query.json");
    }
}
