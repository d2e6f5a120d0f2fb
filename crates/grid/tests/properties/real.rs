//! Footprints of real items, where they are at hand: `EARTHCATALOG_REAL_ITEMS` names a folder of them, one item a line.

use std::path::{Path, PathBuf};

use earthcatalog_grid::{Geometry, cells_for_geometry, normalise};
use earthcatalog_model::Json;
use earthcatalog_model::geometry::{Position, Shape};

use crate::cells::Judge;
use crate::geometries::Part;
use crate::points::points;
use crate::random::Random;

fn folder() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/real-items");
    std::env::var_os("EARTHCATALOG_REAL_ITEMS").map_or(default, Into::into)
}

/// The geometries of all items; none, and a word about it, where the folder is absent.
fn geometries() -> Vec<Geometry> {
    let Ok(entries) = std::fs::read_dir(folder()) else {
        println!("skipped: no real items in {}", folder().display());
        return Vec::new();
    };
    let texts = entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    texts.flat_map(|text| text.lines().filter_map(geometry).collect::<Vec<_>>()).collect()
}

/// The geometry of an item on a line of its own.
fn geometry(line: &str) -> Option<Geometry> {
    let json = Json::parse(line.as_bytes()).ok()?;
    Some(Geometry::from_geojson(json.get("geometry")?).ok()??.geometry)
}

fn parts(shape: &Shape) -> Vec<Part> {
    let line = |line: &Vec<Position>| Part::Line(line.clone());
    match shape {
        Shape::Point(p) => vec![Part::Point(*p)],
        Shape::MultiPoint(all) => all.iter().map(|p| Part::Point(*p)).collect(),
        Shape::LineString(positions) => vec![line(positions)],
        Shape::MultiLineString(all) => all.iter().map(line).collect(),
        Shape::Polygon(rings) => vec![Part::Polygon(rings.clone())],
        Shape::MultiPolygon(all) => all.iter().map(|rings| Part::Polygon(rings.clone())).collect(),
        Shape::GeometryCollection(all) => all.iter().flat_map(parts).collect(),
    }
}

#[test]
fn real_footprints_are_covered() {
    let mut rng = Random::new(1);
    let mut shown = 0;
    let all = geometries();
    for geometry in &all {
        let Some(normal) = normalise(geometry).unwrap() else { continue };
        for judge in [Judge::s2(4), Judge::s2(7), Judge::h3(1), Judge::h3(3)] {
            let cells = cells_for_geometry(&*judge.grid(), geometry).unwrap();
            for part in parts(&normal.geometry.shape) {
                points(&mut rng, &part, &|x, y| judge.id(x, y), &mut |x, y| {
                    shown += 1;
                    let cell = judge.name(judge.id(x, y));
                    assert!(cells.binary_search(&cell).is_ok(), "{cell} at {x},{y} of {geometry:?}");
                });
            }
        }
    }
    println!("{shown} points of {} real footprints, none missed", all.len());
}
