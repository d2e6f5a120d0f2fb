use earthcatalog_model::geometry::Position;

use super::*;
use crate::box_geometry;

const FILE: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"id":"a"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}},
 {"type":"Feature","properties":{"id":"../x"},"geometry":{"type":"Polygon","coordinates":[[[10,0],[20,0],[20,10],[10,10],[10,0]],[[12,2],[12,8],[18,8],[18,2],[12,2]]]}},
 {"type":"Feature","properties":{"id":7},"geometry":{"type":"Polygon","coordinates":[[[170,-20],[-170,-20],[-170,20],[170,20],[170,-20]]]}},
 {"type":"Feature","properties":{"id":"a"},"geometry":{"type":"Point","coordinates":[50,50]}},
 {"type":"Feature","properties":{"id":"cap"},"geometry":{"type":"Polygon","coordinates":[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]}},
 {"type":"Feature","properties":{"id":"east"},"geometry":{"type":"Polygon","coordinates":[[[160,30],[180,30],[180,40],[160,40],[160,30]]]}},
 {"type":"Feature","properties":{"id":"nowhere"},"geometry":null}]}"#;

fn regions() -> Regions {
    Regions::read("regions.json", "id", FILE.as_bytes()).unwrap()
}

fn check(west: f64, south: f64, east: f64, north: f64, expected: &[&str]) {
    let mut cells = vec![CellId::none()];
    regions().cover(&box_geometry(west, south, east, north).unwrap(), &mut cells).unwrap();
    let names: Vec<&str> = cells.iter().skip(1).map(CellId::as_str).collect();
    assert_eq!(names, expected, "{west} {south} {east} {north}");
}

#[test]
fn regions_that_touch_are_found() {
    check(1.0, 1.0, 2.0, 2.0, &["a"]);
    check(-5.0, -5.0, 25.0, 25.0, &["../x", "a"]);
    check(10.0, 5.0, 10.0, 5.0, &["../x", "a"]);
    check(13.0, 3.0, 17.0, 7.0, &[]); // in the hole
    check(13.0, 3.0, 18.0, 7.0, &["../x"]); // at its edge
    check(50.0, 50.0, 50.0, 50.0, &["a"]);
    check(40.0, 40.0, 60.0, 60.0, &["a"]);
    check(179.0, 0.0, -179.0, 1.0, &["7"]);
    check(-175.0, 0.0, -174.0, 1.0, &["7"]);
    check(-100.0, 85.0, -99.0, 86.0, &["cap"]);
    check(-40.0, 90.0, -40.0, 90.0, &["cap"]);
    check(-180.0, 35.0, -170.0, 36.0, &["east"]); // touches it at ±180°
    check(-60.0, -60.0, -50.0, -50.0, &[]);
    check(-180.0, -90.0, 180.0, 90.0, &["../x", "7", "a", "cap", "east"]);
}

#[test]
fn outlines() {
    let outline = |name: &str| regions().outline(&CellId::new(name));
    assert!(matches!(outline("a").unwrap().shape, Shape::GeometryCollection(all) if all.len() == 2));
    assert!(matches!(outline("7").unwrap().shape, Shape::MultiPolygon(all) if all.len() == 2));
    let message = outline("b").unwrap_err().to_string();
    assert_eq!(message, r#""b" is no cell of geojson:regions.json#id"#);
    assert_eq!(regions().len(), 5);
}

#[test]
fn lines_far_from_start_of_large_regions() {
    // A region of many edges, so that it has many bands.
    let ring: Vec<String> = (0..=4000)
        .map(|i| f64::from(i % 4000) / 4000.0 * std::f64::consts::TAU)
        .map(|a| format!("[{},{}]", 30.0 * a.cos(), 30.0 * a.sin()))
        .collect();
    let file = format!(
        r#"{{"type":"Feature","id":"disk","geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
        ring.join(",")
    );
    let disk = Regions::read("", "id", file.as_bytes()).unwrap();
    let count = |line: &[(f64, f64)]| {
        let mut cells = Vec::new();
        let line = line.iter().map(|(x, y)| Position::xy(*x, *y)).collect();
        disk.cover(&Geometry::xy(Shape::LineString(line)), &mut cells).unwrap();
        cells.len()
    };
    assert_eq!(count(&[(-50.0, 0.0), (50.0, 0.5)]), 1);
    assert_eq!(count(&[(0.1, 0.2), (0.3, 0.4)]), 1);
    assert_eq!(count(&[(25.0, 25.0), (25.0, 60.0)]), 0);
    assert_eq!(count(&[(31.0, -50.0), (31.0, 50.0)]), 0);
    assert_eq!(count(&[(30.0, -50.0), (30.0, 50.0)]), 1);
}

#[test]
fn files_that_are_wrong() {
    let wrong = |text: &str, message: &str| {
        assert_eq!(
            Regions::read("", "id", text.as_bytes()).unwrap_err().to_string(),
            format!("failed to read the regions: {message}")
        );
    };
    wrong(r#"{"type":"Topology"}"#, "it is no GeoJSON FeatureCollection");
    wrong(
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}]}"#,
        r#"feature 0: it has no property "id""#,
    );
    wrong(
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":1},"geometry":{"type":"Point","coordinates":[0,91]}}]}"#,
        "feature 0: coordinates: latitude 91 is beyond 90",
    );
    assert!(Regions::read("", "id", b"{").is_err());
}
