//! Regions and pairs of geometries against `geo`, which looks at the plane.

#![expect(clippy::unwrap_used, reason = "a test may end here")]

mod common;

use common::{Part, Random, geometry, lon, part, place, points};
use earthcatalog_grid::{CellId, Geometry, Grid, H3Grid, Regions, S2Grid, normalise};
use earthcatalog_model::geometry::Shape;
use geo::{Contains, Intersects};

fn cases() -> usize {
    std::env::var("GRID_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

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

/// The polygons of a geometry, in the plane.
fn planar(geometry: &Geometry) -> geo::MultiPolygon {
    let ring = |ring: &Vec<earthcatalog_model::geometry::Position>| ring.iter().map(|p| (p.x, p.y)).collect();
    let one = |rings: &Vec<Vec<_>>| geo::Polygon::new(ring(&rings[0]), rings[1..].iter().map(ring).collect());
    match normalise(geometry).unwrap().unwrap().geometry.shape {
        Shape::Polygon(rings) => geo::MultiPolygon(vec![one(&rings)]),
        Shape::MultiPolygon(polygons) => polygons.iter().map(one).collect(),
        _ => geo::MultiPolygon(Vec::new()),
    }
}

fn feature(name: usize, part: &Part) -> String {
    let mut text = String::new();
    geometry(std::slice::from_ref(part)).to_geojson(&mut text);
    format!(r#"{{"type":"Feature","properties":{{"name":"r{name}"}},"geometry":{text}}}"#)
}

#[test]
fn regions_miss_nothing() {
    let mut rng = Random::new(11);
    let all: Vec<Part> = (0..150)
        .map(|_| {
            let (centre, size) = (place(&mut rng, &[]), rng.between(1.0, 30.0));
            polygon(&mut rng, centre, size)
        })
        .collect();
    let features: Vec<String> = all.iter().enumerate().map(|(i, part)| feature(i, part)).collect();
    let file = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let regions = Regions::read("regions", "name", file.as_bytes()).unwrap();
    let shapes: Vec<geo::MultiPolygon> =
        all.iter().map(|part| planar(&geometry(std::slice::from_ref(part)))).collect();
    for _ in 0..cases() {
        let (centre, size) = (place(&mut rng, &[]), 10f64.powf(rng.between(-4.0, 1.9)));
        let part = part(&mut rng, centre, size);
        let mut cells = Vec::new();
        regions.cover(&geometry(std::slice::from_ref(&part)), &mut cells).unwrap();
        points(&mut rng, &part, &|_, _| 0, &mut |x, y| {
            let point = geo::Point::new(lon(x), y);
            for (i, shape) in shapes.iter().enumerate().filter(|(_, shape)| shape.contains(&point)) {
                let name = CellId::new(format!("r{i}"));
                assert!(cells.contains(&name), "{name} at {x},{y} of {part:?} {shape:?}");
            }
        });
    }
}

#[test]
fn what_intersects_shares_a_cell() {
    let mut rng = Random::new(12);
    let (s2, h3) = (S2Grid::new(7).unwrap(), H3Grid::new(3).unwrap());
    let grids: [&dyn Grid; 2] = [&s2, &h3];
    let mut met = 0;
    for _ in 0..cases() {
        let (x, y) = place(&mut rng, &[]);
        let [a, b] = [0, 1].map(|_| {
            let near = (x + rng.between(-1.0, 1.0), (y + rng.between(-1.0, 1.0)).clamp(-90.0, 90.0));
            let size = rng.between(0.01, 1.0);
            geometry(&[polygon(&mut rng, near, size)])
        });
        if !planar(&a).intersects(&planar(&b)) {
            continue;
        }
        met += 1;
        for grid in grids {
            let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
            grid.cover(&a, &mut of_a).unwrap();
            grid.cover(&b, &mut of_b).unwrap();
            assert!(of_a.iter().any(|cell| of_b.contains(cell)), "{}: {a:?} {b:?}", grid.spec());
        }
    }
    println!("{met} of {} pairs intersect", cases());
    assert!(met * 20 > cases());
}

/// Anything at all: it is covered or refused, and never panics.
#[test]
fn nonsense_does_no_harm() {
    let mut rng = Random::new(13);
    let s2 = S2Grid::new(3).unwrap();
    let h3 = H3Grid::new(1).unwrap();
    let grids: [&dyn Grid; 2] = [&s2, &h3];
    let (mut covered, mut refused) = (0, 0);
    for _ in 0..4 * cases() {
        let geometry = nonsense(&mut rng);
        let normal = normalise(&geometry);
        for grid in grids {
            let mut cells = Vec::new();
            match grid.cover(&geometry, &mut cells) {
                Ok(()) => {
                    covered += 1;
                    assert!(!cells.is_empty() || geometry.is_empty(), "{geometry:?}");
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().contains("coordinates"), "{error}");
                }
            }
        }
        if let Ok(Some(normal)) = normal {
            let again = normalise(&normal.geometry).unwrap().unwrap();
            assert!(!again.changed, "{geometry:?}\n{normal:?}");
            assert!(again.geometry.bbox().is_some_and(|b| b.west >= -180.0 && b.east <= 180.0));
        }
    }
    println!("{covered} covered, {refused} refused");
}

fn nonsense(rng: &mut Random) -> Geometry {
    use earthcatalog_model::geometry::Position;
    let odd =
        [0.0, -0.0, 180.0, -180.0, 90.0, -90.0, 360.0, 540.0, -540.0, 1e-300, 179.999_999_999, 1e7, f64::NAN];
    let mut number =
        |wide: f64| if rng.below(3) == 0 { odd[rng.below(odd.len())] } else { rng.between(-wide, wide) };
    let mut line: Vec<Position> =
        (0..6).map(|_| Position::xy(number(400.0), number(90.0).clamp(-90.0, 90.0))).collect();
    line.truncate(rng.below(7));
    let closed = || line.iter().chain(line.first()).copied().collect::<Vec<_>>();
    Geometry::xy(match rng.below(6) {
        0 => Shape::MultiPoint(line),
        1 => Shape::LineString(line),
        2 => Shape::Polygon(vec![line]),
        3 => Shape::Polygon(vec![closed(), closed()]),
        4 => Shape::MultiPolygon(vec![vec![closed()], vec![]]),
        _ => Shape::GeometryCollection(vec![
            Shape::Polygon(vec![closed()]),
            Shape::MultiLineString(vec![line.clone()]),
        ]),
    })
}
