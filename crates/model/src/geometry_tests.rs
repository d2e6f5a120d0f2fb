use super::*;

fn read(text: &str) -> Result<Option<FromGeoJson>, GeometryError> {
    Geometry::from_geojson(&Json::parse(text.as_bytes()).unwrap())
}

/// GeoJSON -> geometry -> WKB -> geometry -> GeoJSON.
fn comes_back(text: &str) {
    let found = read(text).unwrap().unwrap();
    assert!(found.faithful, "{text}");
    let again = Geometry::from_wkb(&found.geometry.to_wkb()).unwrap();
    let mut out = String::new();
    again.to_geojson(&mut out);
    assert!(
        Json::parse(out.as_bytes()).unwrap().same(&Json::parse(text.as_bytes()).unwrap()),
        "{text}\n{out}"
    );
}

fn wrong(text: &str, message: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), message);
}

#[test]
fn every_type_comes_back_through_wkb() {
    for text in [
        r#"{"type":"Point","coordinates":[1.5,-2]}"#,
        r#"{"type":"Point","coordinates":[1.5,-2,300.25]}"#,
        r#"{"type":"Point","coordinates":[1.5,-2,300.25,7]}"#,
        r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#,
        r#"{"type":"LineString","coordinates":[[1,2,3],[3,4,5]]}"#,
        r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[9,0],[9,9],[0,0]]],[[[20,0],[29,0],[29,9],[20,0]]]]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},
            {"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4]]}]}]}"#,
    ] {
        comes_back(text);
    }
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(read("null"), Ok(None));
    assert_eq!(read(r#"{"type":"Polygon","coordinates":[]}"#), Ok(None));
    assert_eq!(read(r#"{"type":"Point","coordinates":[]}"#), Ok(None));
    assert_eq!(read(r#"{"type":"GeometryCollection","geometries":[]}"#), Ok(None));
}

#[test]
fn what_would_be_lost_is_known() {
    for text in [
        r#"{"type":"Point","coordinates":[1.5,-2],"crs":null}"#,
        r#"{"type":"Point","coordinates":[0.1000000000000000055,2]}"#,
        r#"{"type":"Point","coordinates":[1,2,3,4,5]}"#,
        r#"{"type":"LineString","coordinates":[[1,2,3],[3,4]]}"#,
    ] {
        assert!(!read(text).unwrap().unwrap().faithful, "{text}");
    }
}

#[test]
fn errors_name_the_place() {
    wrong("[]", "geometry: expected an object, found an array");
    wrong("{}", "geometry: has no type");
    wrong(r#"{"type":"Circle","coordinates":[]}"#, "geometry.coordinates: unknown geometry type \"Circle\"");
    wrong(r#"{"type":"Point"}"#, "geometry: a Point without coordinates");
    wrong(
        r#"{"type":"LineString","coordinates":[[1,2],[3]]}"#,
        "geometry.coordinates[1]: a position of 1 numbers",
    );
    wrong(
        r#"{"type":"Polygon","coordinates":[[[0,0],[9,"x"]]]}"#,
        "geometry.coordinates[0][1]: expected a number, found a string",
    );
    wrong(r#"{"type":"Point","coordinates":[1e999,0]}"#, "geometry.coordinates: 1e999 is out of range");
}

#[test]
fn wkb_of_others_is_read_and_bad_wkb_refused() {
    let big_endian = [&[0u8, 0, 0, 0, 1][..], &1.5f64.to_be_bytes(), &2f64.to_be_bytes()].concat();
    assert_eq!(Geometry::from_wkb(&big_endian).unwrap(), Geometry::xy(Shape::Point(Position::xy(1.5, 2.0))));
    let ewkb =
        [&[1u8, 1, 0, 0, 0x20, 0xe6, 0x10, 0, 0][..], &1.5f64.to_le_bytes(), &2f64.to_le_bytes()].concat();
    assert_eq!(Geometry::from_wkb(&ewkb).unwrap(), Geometry::xy(Shape::Point(Position::xy(1.5, 2.0))));
    for bad in [&[][..], &[7], &[1, 9, 0, 0, 0], &[1, 2, 0, 0, 0, 255, 255, 255, 255], &big_endian[..20]] {
        assert!(Geometry::from_wkb(bad).is_err(), "{bad:?}");
    }
}
