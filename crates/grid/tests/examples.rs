//! The examples do what they say: a grid of one's own keeps the contract, and the pictures in docs/ show coverings of today.

#![expect(clippy::unwrap_used, reason = "a test may end here")]

use std::path::Path;

use earthcatalog_grid::{CellId, Geometry, Grid, box_geometry, build, cells_for_geometry};
use earthcatalog_model::Json;
use earthcatalog_model::geometry::{Position, Shape};

#[path = "../examples/map/draw.rs"]
mod draw;
#[path = "../examples/utm.rs"]
mod utm;

fn names(geometry: &Geometry) -> Vec<String> {
    cells_for_geometry(&utm::Utm, geometry).unwrap().iter().map(CellId::to_string).collect()
}

fn point(lon: f64, lat: f64) -> Geometry {
    Geometry::xy(Shape::Point(Position::xy(lon, lat)))
}

#[test]
fn utm_zones() {
    assert!(utm::main().is_ok());
    let around = box_geometry(5.0, 47.0, 15.0, 55.0).unwrap();
    assert_eq!(names(&around), ["31", "32", "33"]);
    assert_eq!(names(&point(6.0, 50.0)), ["31", "32"]); // on the border of two
    assert_eq!(names(&point(180.0, 0.0)), ["01", "60"]);
    assert_eq!(names(&point(9.0, 84.0)), ["32", "north"]);
    assert_eq!(names(&box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap()).len(), 62);
    let error = utm::Utm.outline(&CellId::new("61")).unwrap_err().to_string();
    assert_eq!(error, "\"61\" is no cell of utm");
}

/// The contract: what is in a zone is covered by it, and a zone's outline by the zone.
#[test]
fn utm_zones_keep_the_contract() {
    for zone in 1..=60 {
        let name = format!("{zone:02}");
        let outline = utm::Utm.outline(&CellId::new(&name)).unwrap();
        assert!(names(&outline).contains(&name), "{name}");
        for (dx, lat) in [(0.0, 0.0), (3.0, 70.0), (6.0, -80.0), (5.9, 84.0)] {
            let lon = f64::from(zone) * 6.0 - 186.0 + dx;
            assert!(names(&point(lon, lat)).contains(&name), "{name} at {lon},{lat}");
            let line = vec![Position::xy(lon - 20.0, lat), Position::xy(lon + 20.0, lat)];
            assert!(names(&Geometry::xy(Shape::LineString(line))).contains(&name), "{name} at {lon},{lat}");
        }
    }
}

/// Short enough to be read at once, and what docs/grids.md shows.
#[test]
fn a_grid_of_ones_own_takes_less_than_sixty_lines() {
    let example = include_str!("../examples/utm.rs");
    assert!(example.lines().count() < 60);
    assert!(include_str!("../../../docs/grids.md").contains(example), "docs/grids.md shows another example");
}

/// The names of the cells in a picture, sorted.
fn titles(svg: &str) -> Vec<&str> {
    let ends = svg.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next());
    let mut found: Vec<&str> = ends.filter(|title| !title.ends_with('°') && *title != "geometry").collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn the_pictures_are_of_today() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (name, spec) in [("grids-pole", "h3:2"), ("grids-180", "s2:6")] {
        let text = std::fs::read(docs.join(format!("{name}.geojson"))).unwrap();
        let geometry = Geometry::from_geojson(&Json::parse(&text).unwrap()).unwrap().unwrap().geometry;
        let drawn = draw::map(&*build(&spec.parse().unwrap(), None).unwrap(), &geometry).unwrap();
        let committed = std::fs::read_to_string(docs.join(format!("{name}.svg"))).unwrap();
        assert!(titles(&drawn).len() > 10, "{name}");
        assert_eq!(titles(&drawn), titles(&committed), "{name}: draw it anew");
    }
}
