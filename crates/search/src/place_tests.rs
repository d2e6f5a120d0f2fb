use earthcatalog_grid::{box_geometry, build};

use super::*;

fn place(spec: &str, geometry: &Geometry) -> Place {
    let regions = br#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"n":"r"},
        "geometry":{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]]]}}]}"#;
    let grid = build(&spec.parse().unwrap(), Some(regions)).unwrap();
    Place::new(grid.as_ref(), geometry).unwrap().unwrap()
}

fn check(query: [f64; 4], extent: [f64; 4], expected: bool) {
    let [west, south, east, north] = query;
    let place = place("s2:2", &box_geometry(west, south, east, north).unwrap());
    let [west, south, east, north] = extent;
    assert_eq!(place.may_touch(&Bbox::new(west, south, east, north)), expected, "{query:?} {extent:?}");
}

#[test]
fn boxes_are_closed() {
    check([0.0, 0.0, 10.0, 10.0], [10.0, 10.0, 20.0, 20.0], true);
    check([0.0, 0.0, 10.0, 10.0], [10.001, 0.0, 20.0, 20.0], false);
    check([0.0, 0.0, 10.0, 10.0], [-20.0, 10.001, 20.0, 20.0], false);
    check([0.0, 0.0, 10.0, 10.0], [2.0, 2.0, 3.0, 3.0], true);
}

#[test]
fn a_query_across_180_has_two_sides_and_no_middle() {
    check([170.0, -5.0, -170.0, 5.0], [175.0, 0.0, 176.0, 1.0], true);
    check([170.0, -5.0, -170.0, 5.0], [-176.0, 0.0, -175.0, 1.0], true);
    check([170.0, -5.0, -170.0, 5.0], [-100.0, 0.0, 100.0, 1.0], false);
}

#[test]
fn one_meridian_and_one_pole_have_many_names() {
    check([170.0, 0.0, 180.0, 1.0], [-180.0, 0.0, -179.0, 1.0], true);
    check([-180.0, 0.0, -170.0, 1.0], [179.0, 0.0, 180.0, 1.0], true);
    check([-180.0, 0.0, -170.0, 1.0], [178.0, 0.0, 179.0, 1.0], false);
    check([10.0, 80.0, 20.0, 90.0], [-100.0, 85.0, -90.0, 90.0], true);
    check([10.0, 80.0, 20.0, 90.0], [-100.0, 85.0, -90.0, 89.0], false);
    check([10.0, -90.0, 20.0, -80.0], [-100.0, -90.0, -90.0, -85.0], true);
}

#[test]
fn every_shape_has_boxes() {
    let geometry = crate::parse_geometry(
        "GEOMETRYCOLLECTION (POINT (1 1), MULTIPOINT (5 5, 9 9), MULTILINESTRING ((20 0, 21 1), (30 0, 31 1)), \
         MULTIPOLYGON (((40 0, 41 0, 41 1, 40 0)), ((50 0, 51 0, 51 1, 50 0))), LINESTRING (60 0, 61 1))",
    );
    let place = place("s2:2", &geometry.unwrap());
    for x in [1.0, 5.0, 9.0, 20.5, 30.5, 40.5, 50.5, 60.5] {
        assert!(place.may_touch(&Bbox::new(x, -90.0, x, 90.0)), "{x}");
    }
    for x in [0.0, 3.0, 15.0, 25.0, 35.0, 45.0, 55.0, 70.0] {
        assert!(!place.may_touch(&Bbox::new(x, -90.0, x, 90.0)), "{x}");
    }
}

#[test]
fn cells_are_asked_only_where_they_tell() {
    let small = box_geometry(1.0, 1.0, 2.0, 2.0).unwrap();
    let world = box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    assert!(place("s2:4", &small).cells.is_some_and(|cells| !cells.is_empty()));
    // Items reach out of their regions, and a query may meet them there.
    assert_eq!(place("geojson:file:///r.json#n", &small).cells, None);
    // A query too large for a fine grid is answered, not refused.
    assert_eq!(place("s2:14", &world).cells, None);
}

#[test]
fn nothing_touches_an_empty_geometry() {
    let grid = build(&GridSpec::default(), None).unwrap();
    let empty = Geometry::xy(Shape::MultiPoint(Vec::new()));
    assert_eq!(Place::new(grid.as_ref(), &empty).unwrap(), None);
}
