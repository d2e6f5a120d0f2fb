//! `cells`: which cells a box or a geometry touches, by a grid or by a catalog's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixtures::ingest;
use crate::harness::Bench;

/// A bench that knows no catalog.
fn alone() -> Bench {
    Bench::local().with("EARTHCATALOG_CATALOG", "")
}

fn check(args: &[&str], expected: &str) {
    let answer = alone().run(&[&["cells"], args].concat());
    assert_eq!(answer.ended(0).stdout, expected, "{args:?}");
}

fn wrong(args: &[&str], parts: &[&str]) {
    let answer = alone().run(&[&["cells"], args].concat());
    answer.ended(2).says(parts);
    assert_eq!(answer.stdout, "", "an error is nothing for stdout");
}

const FIJI: &str = "177,-19,-179,-16";

#[test]
fn without_a_catalog() {
    check(&["--grid", "s2:4", "--bbox", FIJI], "6e1\n6e3\n71d\n71f\n");
    check(&["--grid", "h3:1", "--intersects", "POINT(-49.5 66.5)"], "8106fffffffffff\n");
    let point = r#"{"type":"Point","coordinates":[-49.5,66.5]}"#;
    check(&["--grid", "h3:1", "--intersects", point], "8106fffffffffff\n");
    check(&["--grid", "s2:4", "--bbox", FIJI, "--sql"], "grid_partition IN ('6e1', '6e3', '71d', '71f')\n");
}

#[test]
fn a_geometry_from_a_file() {
    let bench = alone();
    let file = bench.write("place.wkt", "LINESTRING(179 0, -179 0)");
    let lines = bench.run(&["cells", "--grid", "s2:1", "--intersects", &format!("@{file}")]);
    assert_eq!(lines.ended(0).stdout.lines().count(), 4, "{lines:?}");
}

#[test]
fn as_json() {
    let found = alone().json(0, &["cells", "--grid", "s2:4", "--bbox", FIJI]);
    let cells = json!(["6e1", "6e3", "71d", "71f"]);
    assert_eq!(found, json!({"grid": "s2:4", "all": false, "count": 4, "cells": cells}));
}

#[test]
fn outlines_are_geojson_within_180() {
    let answer = alone().run(&["cells", "--grid", "s2:4", "--bbox", FIJI, "--geojson"]);
    let found: Value = serde_json::from_str(&answer.ended(0).stdout).unwrap();
    assert_eq!(found["type"], "FeatureCollection");
    let features = found["features"].as_array().unwrap();
    let names: Vec<&str> = features.iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["6e1", "6e3", "71d", "71f"]);
    for feature in features {
        assert_eq!(feature["properties"]["grid_partition"], feature["id"]);
        let rings = feature["geometry"]["coordinates"].as_array().unwrap();
        let ring = rings[0].as_array().unwrap();
        assert_eq!(ring.first(), ring.last());
        assert!(ring.iter().all(|p| p[0].as_f64().unwrap().abs() <= 180.0), "{feature}");
    }
}

#[test]
fn names_that_need_quotes() {
    let bench = alone();
    let region = r#"{"type":"Feature","properties":{"name":"Côte d'Or"},"geometry":{"type":"Point","coordinates":[4.8,47.4]}}"#;
    let grid = format!("geojson:{}#name", bench.write("regions.geojson", region));
    let run = |more: &[&str]| {
        let answer = bench.run(&[&["cells", "--grid", &grid, "--bbox", "0,40,10,50"], more].concat());
        answer.ended(0).stdout.clone()
    };
    assert_eq!(run(&[]), "Côte d'Or\n");
    assert_eq!(run(&["--sql"]), "grid_partition IN ('Côte d''Or')\n");
    assert!(run(&["--geojson"]).contains(r#""id":"Côte d'Or""#));
    let none = bench.run(&["cells", "--grid", &grid, "--bbox", "20,40,30,50", "--sql"]);
    assert_eq!(none.ended(0).stdout, "FALSE\n");
}

#[test]
fn the_whole_world() {
    const WORLD: &str = "-180,-90,180,90";
    let count = |grid: &str| {
        let answer = alone().run(&["cells", "--grid", grid, "--bbox", WORLD]);
        answer.ended(0).stdout.lines().collect::<BTreeSet<_>>().len()
    };
    assert_eq!((count("h3:1"), count("s2:4")), (842, 1536));
    check(&["--grid", "s2:20", "--bbox", WORLD], "all\n");
    check(&["--grid", "h3:15", "--bbox", WORLD], "all\n");
    check(&["--grid", "s2:20", "--bbox", WORLD, "--sql"], "grid_partition <> '__none__'\n");
    let found = alone().json(0, &["cells", "--grid", "s2:20", "--bbox", WORLD]);
    assert_eq!(found, json!({"grid": "s2:20", "all": true, "count": null, "cells": []}));
    wrong(&["--grid", "s2:20", "--bbox", WORLD, "--geojson"], &["too many to draw", "coarser grid"]);
    wrong(&["--grid", "s2:20", "--bbox", "0,0,90,90"], &["more than 1000000 cells", "coarser grid"]);
}

#[test]
fn what_is_missing_or_too_much() {
    wrong(&["--grid", "s2:4"], &["--bbox", "--intersects"]);
    wrong(&["--bbox", FIJI], &["no grid was named", "hint: give --grid SPEC", "--catalog BASE"]);
    wrong(&["--grid", "s2:31", "--bbox", FIJI], &["s2:<level 0 to 30>"]);
    wrong(&["--grid", "s2:4", "--bbox", "0,0,1,95"], &["latitude 95 is beyond 90"]);
    wrong(&["--grid", "s2:4", "--bbox", FIJI, "--sql", "--geojson"], &["cannot be used with"]);
    wrong(&["--grid", "s2:4", "--bbox", FIJI, "--sql", "--json"], &["--json cannot be used with --sql"]);
    let line = "LINESTRING(0 0, 0 91)";
    wrong(&["--grid", "s2:4", "--intersects", line], &["coordinates[1]: latitude 91 is beyond 90"]);
}

/// The cells of a catalog are those of its own grid, and every partition is in the covering of the world.
#[test]
fn of_a_catalog() {
    let bench = Bench::local().with("EARTHCATALOG_GRID", "h3:1");
    ingest(&bench, "inventory", "csv", &["--grid", "s2:3"]);
    let found = bench.json(0, &["cells", "--bbox", "-180,-90,180,90"]);
    assert_eq!((&found["grid"], &found["count"]), (&json!("s2:3"), &json!(384)));
    let cells = found["cells"].as_array().unwrap();
    for partition in bench.json(0, &["stats"]).as_array().unwrap() {
        let cell = &partition["grid_partition"];
        assert!(cells.contains(cell) || cell == "__none__", "{cell}");
    }
    let other = bench.json(0, &["cells", "--grid", "h3:0", "--bbox", "-180,-90,180,90"]);
    assert_eq!(other["count"], 122);
    let settings = alone().with("EARTHCATALOG_GRID", "h3:1").json(0, &["cells", "--bbox", FIJI]);
    assert_eq!(settings["grid"], "h3:1");
}

#[test]
fn of_a_catalog_that_is_not_there() {
    Bench::local().run(&["cells", "--bbox", FIJI]).ended(1).says(&["there is no catalog at", "hint: "]);
}
