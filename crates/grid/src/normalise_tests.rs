use earthcatalog_model::Json;

use super::*;

fn geometry(text: &str) -> Geometry {
    Geometry::from_geojson(&Json::parse(text.as_bytes()).unwrap()).unwrap().unwrap().geometry
}

/// A polygon by the coordinates of its rings.
fn polygon(rings: &str) -> Geometry {
    geometry(&format!(r#"{{"type":"Polygon","coordinates":{rings}}}"#))
}

fn normal(given: &Geometry) -> Normalised {
    let found = normalise(given).unwrap().unwrap();
    let again = normalise(&found.geometry).unwrap().unwrap();
    assert!(!again.changed, "not normal: {found:?}");
    assert_eq!(found.changed, found.geometry != *given);
    found
}

fn stays(text: &str) {
    assert!(!normal(&geometry(text)).changed, "{text}: {:?}", normal(&geometry(text)));
}

fn check(given: &str, expected: &str) {
    assert_eq!(normal(&geometry(given)).geometry, geometry(expected), "{given}");
}

fn wrong(text: &str, message: &str) {
    assert_eq!(normalise(&geometry(text)).unwrap_err().to_string(), message);
}

/// The area in square degrees.
fn area(geometry: &Geometry) -> f64 {
    let polygon =
        |rings: &Vec<Vec<Position>>| rings.iter().map(|ring| 0.5 * reading::twice_area(ring)).sum::<f64>();
    match &geometry.shape {
        Shape::Polygon(rings) => polygon(rings),
        Shape::MultiPolygon(polygons) => polygons.iter().map(polygon).sum(),
        other => panic!("{other:?}"),
    }
}

fn covers(rings: &str, expected: f64, parts: usize) {
    let found = normal(&polygon(rings)).geometry;
    assert!((area(&found) - expected).abs() < 1e-9, "{} in {found:?}", area(&found));
    let count = if let Shape::MultiPolygon(polygons) = &found.shape { polygons.len() } else { 1 };
    assert_eq!(count, parts, "{found:?}");
    assert!(
        found
            .bbox()
            .is_some_and(|b| b.west >= -180.0 && b.east <= 180.0 && b.north <= 90.0 && b.south >= -90.0)
    );
}

#[test]
fn what_is_planar_stays() {
    stays(r#"{"type":"Point","coordinates":[180,90]}"#);
    stays(r#"{"type":"LineString","coordinates":[[-180,1],[0,2],[180,1]]}"#);
    stays(r#"{"type":"LineString","coordinates":[[-180,1],[180,1]]}"#);
    stays(r#"{"type":"Polygon","coordinates":[[[0,0],[0,9],[9,9],[0,0]]]}"#); // clockwise
    stays(r#"{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"#);
    stays(r#"{"type":"Polygon","coordinates":[[[-180,-90],[-180,90],[180,90],[180,-90],[-180,-90]]]}"#);
    stays(
        r#"{"type":"Polygon","coordinates":[[[-180,-90],[0,-90],[180,-90],[180,-60],[0,-70],[-180,-60],[-180,-90]]]}"#,
    );
    // A coast drawn from edge to edge, closed along the pole in one step.
    stays(
        r#"{"type":"Polygon","coordinates":[[[-180,-70],[-90,-75],[0,-65],[180,-70],[180,-90],[-180,-90],[-180,-70]]]}"#,
    );
    // A product on a global grid.
    stays(
        r#"{"type":"Polygon","coordinates":[[[-179.875,-89.875],[179.875,-89.875],[179.875,89.875],[-179.875,89.875],[-179.875,-89.875]]]}"#,
    );
    // The bounds of a country with islands on both sides.
    stays(
        r#"{"type":"Polygon","coordinates":[[[179.778,17.88],[179.778,71.36],[-179.149,71.36],[-179.149,17.88],[179.778,17.88]]]}"#,
    );
    assert_eq!(normalise(&Geometry::xy(Shape::MultiPolygon(Vec::new()))), Ok(None));
}

#[test]
fn rings_that_jump_are_cut() {
    check(
        r#"{"type":"Polygon","coordinates":[[[179,0],[-179,0],[-179,1],[179,1],[179,0]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[-180,0],[-179,0],[-179,1],[-180,1],[-180,0]]],[[[180,1],[179,1],[179,0],[180,0],[180,1]]]]}"#,
    );
    covers("[[[170,0],[-170,0],[-170,10],[170,10],[170,0]]]", 200.0, 2);
    covers("[[[170,0],[170,10],[-170,10],[-170,0],[170,0]]]", 200.0, 2); // clockwise
    covers("[[[170,0],[190,0],[190,10],[170,10],[170,0]]]", 200.0, 2);
    covers("[[[190,0],[200,0],[200,10],[190,10],[190,0]]]", 100.0, 1);
    covers("[[[-190,0],[-170,0],[-170,10],[-190,10]]]", 200.0, 2); // open
    covers("[[[530,0],[550,0],[550,10],[530,10],[530,0]]]", 200.0, 2);
    // A comb: three teeth across the line.
    covers(
        "[[[170,0],[-170,0],[-170,2],[175,2],[175,4],[-170,4],[-170,6],[175,6],[175,8],[-170,8],[-170,10],[170,10],[170,0]]]",
        200.0 - 2.0 * 15.0 * 2.0,
        4,
    );
    // Holes on one side, and across the line.
    covers(
        "[[[170,0],[-170,0],[-170,10],[170,10],[170,0]],[[172,2],[172,4],[174,4],[174,2],[172,2]]]",
        196.0,
        2,
    );
    covers(
        "[[[170,0],[-170,0],[-170,10],[170,10],[170,0]],[[-172,2],[-172,4],[-174,4],[-174,2],[-172,2]]]",
        196.0,
        2,
    );
    covers(
        "[[[170,0],[-170,0],[-170,10],[170,10],[170,0]],[[178,2],[178,4],[-178,4],[-178,2],[178,2]]]",
        192.0,
        2,
    );
    // Corners on the line.
    covers("[[[170,0],[180,0],[-170,0],[-170,10],[-180,10],[170,10],[170,0]]]", 200.0, 2);
    covers("[[[170,5],[180,0],[-170,5],[180,10],[170,5]]]", 100.0, 2);
    // Along the line and back: only one side of it has an area.
    covers("[[[180,0],[-170,0],[-170,10],[180,10],[180,0]]]", 100.0, 1);
    covers("[[[-180,0],[170,0],[170,10],[-180,10],[-180,0]]]", 100.0, 1);
}

#[test]
fn rings_around_a_pole_are_closed_over_it() {
    covers("[[[0,80],[90,80],[180,80],[-90,80],[0,80]]]", 3600.0, 1);
    covers("[[[0,80],[-90,80],[180,80],[90,80],[0,80]]]", 3600.0, 1);
    covers("[[[0,-80],[120,-80],[-120,-80],[0,-80]]]", 3600.0, 1);
    covers("[[[0,80],[90,80],[180,80],[-180,80],[-90,80],[0,80]]]", 3600.0, 1);
    covers("[[[0,80],[90,80],[180,80],[270,80],[360,80]]]", 3600.0, 1);
    covers("[[[10,60],[130,60],[-110,60],[10,60]],[[10,80],[-110,80],[130,80],[10,80]]]", 7200.0, 1); // a hole at the pole
    // A seam crossed three times.
    covers(
        "[[[0,80],[90,80],[170,80],[-170,70],[-170,60],[170,60],[170,50],[-170,50],[-90,80],[0,80]]]",
        5100.0,
        2,
    );
}

#[test]
fn heights_are_interpolated() {
    check(
        r#"{"type":"LineString","coordinates":[[170,0,100],[-170,10,200]]}"#,
        r#"{"type":"MultiLineString","coordinates":[[[170,0,100],[180,5,150]],[[-180,5,150],[-170,10,200]]]}"#,
    );
}

#[test]
fn other_shapes() {
    check(r#"{"type":"Point","coordinates":[190,1]}"#, r#"{"type":"Point","coordinates":[-170,1]}"#);
    check(
        r#"{"type":"MultiPoint","coordinates":[[-190,1],[3,4]]}"#,
        r#"{"type":"MultiPoint","coordinates":[[170,1],[3,4]]}"#,
    );
    check(
        r#"{"type":"LineString","coordinates":[[190,1],[200,2]]}"#,
        r#"{"type":"LineString","coordinates":[[-170,1],[-160,2]]}"#,
    );
    check(r#"{"type":"LineString","coordinates":[[-170,1],[-180,2],[180,3]]}"#.replace("[180,3]", "[179,3]").as_str(),
        r#"{"type":"MultiLineString","coordinates":[[[-170,1],[-180,2]],[[180,2],[179,3]]]}"#);
    check(
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9]]]}]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,0]]]}]}"#,
    );
}

#[test]
fn errors_name_the_coordinate() {
    wrong(r#"{"type":"Point","coordinates":[0,90.5]}"#, "coordinates: latitude 90.5 is beyond 90");
    wrong(
        r#"{"type":"LineString","coordinates":[[0,0],[500000,4000000]]}"#,
        "coordinates[1]: latitude 4000000 is beyond 90",
    );
    wrong(
        r#"{"type":"LineString","coordinates":[[0,0]]}"#,
        "coordinates: a line of fewer than two positions",
    );
    wrong(
        r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[0,0],[1,95],[1,1],[0,0]]]}"#,
        "coordinates[1][1]: latitude 95 is beyond 90",
    );
    wrong(
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[0,0],[0,0]]]]}"#,
        "coordinates[0][0]: a ring of fewer than three distinct positions",
    );
    wrong(
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"MultiPoint","coordinates":[[0,0],[0,-91]]}]}"#,
        "geometries[1].coordinates[1]: latitude -91 is beyond 90",
    );
    wrong(
        r#"{"type":"Polygon","coordinates":[[[0,80],[120,80],[-120,80],[0,80],[120,80],[-120,80],[0,80]]]}"#,
        "coordinates[0]: a ring that goes around a pole more than once",
    );
    let nan = Geometry::xy(Shape::MultiPoint(vec![Position::xy(1.0, 2.0), Position::xy(f64::NAN, 2.0)]));
    assert_eq!(normalise(&nan).unwrap_err().to_string(), "coordinates[1]: longitude NaN is no finite number");
    let far = Geometry::xy(Shape::Point(Position::xy(1e9, f64::INFINITY)));
    assert_eq!(normalise(&far).unwrap_err().to_string(), "coordinates: latitude inf is no finite number");
}
