//! Regions against `geo`, which looks at the plane.

use earthcatalog_grid::{CellId, Regions, cells_for_geometry};
use geo::Contains;

use crate::cases::{cases, for_each_case};
use crate::geometries::{Part, geometry, lon, part, parts, place};
use crate::planar::planar;
use crate::points::points;
use crate::random::Random;

/// A polygon without a hole, of a radius in degrees.
fn polygon(rng: &mut Random, centre: (f64, f64), size: f64) -> Part {
    loop {
        if let Part::Polygon(rings) = part(rng, centre, size)
            && rings.len() == 1
        {
            return Part::Polygon(rings);
        }
    }
}

fn feature(name: usize, part: &Part) -> String {
    let mut text = String::new();
    geometry(std::slice::from_ref(part)).to_geojson(&mut text);
    format!(r#"{{"type":"Feature","properties":{{"name":"r{name}"}},"geometry":{text}}}"#)
}

/// Regions anywhere on Earth, which overlap.
fn some(count: usize) -> Vec<Part> {
    let mut rng = Random::new(11);
    let mut one = || {
        let (centre, size) = (place(&mut rng, &[]), rng.between(1.0, 30.0));
        polygon(&mut rng, centre, size)
    };
    (0..count).map(|_| one()).collect()
}

fn text(all: &[Part]) -> String {
    let features: Vec<String> = all.iter().enumerate().map(|(i, part)| feature(i, part)).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

/// A file of so many regions, named by the property `name`.
pub(crate) fn file(count: usize) -> String {
    text(&some(count))
}

#[test]
fn regions_miss_nothing() {
    let all = some(150);
    let regions = Regions::read("regions", "name", text(&all).as_bytes()).unwrap();
    let shapes: Vec<geo::Geometry> =
        all.iter().map(|part| planar(&geometry(std::slice::from_ref(part)))).collect();
    let mut shown = 0;
    for_each_case(cases(1000), |rng| {
        let size = 10f64.powf(rng.between(-5.0, 1.9));
        let parts = parts(rng, size, &[]);
        let cells = cells_for_geometry(&regions, &geometry(&parts)).unwrap();
        for part in &parts {
            points(rng, part, &|_, _| 0, &mut |x, y| {
                shown += 1;
                let point = geo::Point::new(lon(x), y);
                for (i, _) in shapes.iter().enumerate().filter(|(_, shape)| shape.contains(&point)) {
                    let name = CellId::new(format!("r{i}"));
                    assert!(cells.contains(&name), "{name} at {x},{y} of {parts:?}");
                }
            });
        }
    });
    println!("{shown} points, none missed");
}
