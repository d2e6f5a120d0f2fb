use proptest::prelude::*;

use super::*;

fn check(text: &str, geojson: &str) {
    let mut out = String::new();
    parse(text).unwrap().to_geojson(&mut out);
    assert_eq!(out, geojson, "{text}");
}

#[test]
fn reads_every_type() {
    check("POINT (1 2)", r#"{"type":"Point","coordinates":[1,2]}"#);
    check("point(-1.5e1 +2)", r#"{"type":"Point","coordinates":[-15,2]}"#);
    check("POINT Z (1 2 3)", r#"{"type":"Point","coordinates":[1,2]}"#);
    check("POINTZM (1 2 3 4)", r#"{"type":"Point","coordinates":[1,2]}"#);
    check("SRID=4326;POINT M(1 2 3)", r#"{"type":"Point","coordinates":[1,2]}"#);
    check("POINT EMPTY", r#"{"type":"MultiPoint","coordinates":[]}"#);
    check("MULTIPOINT ((1 2), (3 4))", r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#);
    check("MULTIPOINT (1 2, 3 4)", r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#);
    check("LINESTRING(1 2,3 4 5)", r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#);
    check(
        " POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1)) ",
        r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}"#,
    );
    check("MULTILINESTRING ((1 2, 3 4))", r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}"#);
    check(
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))",
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,0]]]]}"#,
    );
    check(
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING Z (1 2 0, 3 4 0))",
        concat!(
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},"#,
            r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}]}"#
        ),
    );
    check("GEOMETRYCOLLECTION EMPTY", r#"{"type":"GeometryCollection","geometries":[]}"#);
}

fn refuses(text: &str, expected: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.contains(expected), "{text}: {error}");
}

#[test]
fn says_what_is_wrong_and_where() {
    refuses("", "expected a geometry such as POINT");
    refuses("CIRCLE (1 2)", "at character 1, found \"CIRCLE");
    refuses("POINT", "expected '(' at character 6, found the end");
    refuses("POINT (1)", "expected a number at character 9");
    refuses("POINT (1 2", "expected ')'");
    refuses("POINT (1 2 3 4 5)", "expected ')'");
    refuses("POINT (1 nan)", "expected a number");
    refuses("POINT (1 1e999)", "expected a number");
    refuses("POINT X (1 2)", "expected Z, M, ZM, EMPTY");
    refuses("POINT (1 2) POINT (1 2)", "expected nothing more");
    refuses("SRID=3857;POINT (1 2)", "SRID=4326; (degrees)");
    refuses(
        &format!("{}POINT (1 2){}", "GEOMETRYCOLLECTION (".repeat(99), ")".repeat(99)),
        "fewer collections",
    );
}

proptest! {
    #[test]
    fn never_panics(text in "[A-Z(),. 0-9é-]{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("POLYGON (({text}"));
    }
}
