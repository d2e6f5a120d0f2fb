//! Coverings of random geometries against the cells of their points, which `s2` and `h3o` find in a way of their own.
//! `GRID_CASES` sets how many geometries a test takes; the default suits an everyday run.

#![expect(clippy::unwrap_used, reason = "a test may end here")]

mod common;

use std::collections::HashSet;

use common::{Part, Random, geometry, part, place, points};
use earthcatalog_grid::{CellId, Grid, H3Grid, S2Grid, box_geometry};
use h3o::{CellIndex, LatLng, Resolution};
use s2::cellid::CellID;

fn cases() -> usize {
    std::env::var("GRID_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000)
}

fn s2_cell(level: u8, lon: f64, lat: f64) -> CellID {
    CellID::from(s2::latlng::LatLng::from_degrees(lat, lon)).parent(u64::from(level))
}

fn h3_cell(resolution: u8, lon: f64, lat: f64) -> CellIndex {
    LatLng::new(lat, lon).unwrap().to_cell(Resolution::try_from(resolution).unwrap())
}

/// Covers a geometry and looks up its points; returns the number of points that were shown.
fn check(
    grid: &dyn Grid,
    parts: &[Part],
    rng: &mut Random,
    id: &dyn Fn(f64, f64) -> u64,
    name: &dyn Fn(u64) -> String,
) -> usize {
    let geometry = geometry(parts);
    let mut cells = Vec::new();
    let covered = grid.cover(&geometry, &mut cells);
    assert!(covered.is_ok(), "{covered:?}: {geometry:?}");
    assert!(cells.is_sorted() && cells.windows(2).all(|pair| pair[0] != pair[1]));
    let cells: HashSet<CellId> = cells.into_iter().collect();
    let mut shown = 0;
    let mut last = 0;
    for part in parts {
        points(rng, part, id, &mut |x, y| {
            shown += 1;
            let cell = id(x, y);
            if cell != last {
                last = cell;
                let cell = CellId::new(name(cell));
                assert!(
                    cells.contains(&cell),
                    "{} of {x},{y} is missing at {}: {parts:?}",
                    cell,
                    grid.spec()
                );
            }
        });
    }
    shown
}

/// A geometry for cells of a size in degrees: from far smaller to some ten times larger.
fn parts(rng: &mut Random, cell: f64, crowds: &[(f64, f64)]) -> Vec<Part> {
    let size = (cell * 10f64.powf(rng.between(-3.0, 1.3))).clamp(1e-7, 85.0);
    let count = if rng.below(8) == 0 { 3 } else { 1 };
    (0..count)
        .map(|_| {
            let centre = place(rng, crowds);
            part(rng, centre, size)
        })
        .collect()
}

#[test]
fn s2_misses_nothing() {
    let mut rng = Random::new(1);
    let mut shown = 0;
    for _ in 0..cases() {
        let level = [0, 1, 2, 4, 4, 6, 8, 12, 20, 30][rng.below(10)];
        let grid = S2Grid::new(level).unwrap();
        let (lon, lat) = place(&mut rng, &[]);
        let cell = s2::cell::Cell::from(s2_cell(level, lon, lat));
        let crowds: Vec<(f64, f64)> = (0..4)
            .map(|k| s2::latlng::LatLng::from(cell.vertex(k)))
            .map(|p| (p.lng.deg(), p.lat.deg()))
            .collect();
        let parts = parts(&mut rng, 90.0 / f64::from(1u32 << level), &crowds);
        let id = |x: f64, y: f64| s2_cell(level, x, y).0;
        shown += check(&grid, &parts, &mut rng, &id, &|id| CellID(id).to_token());
    }
    println!("{shown} points of {} geometries", cases());
}

#[test]
fn h3_misses_nothing() {
    let mut rng = Random::new(2);
    let mut shown = 0;
    for _ in 0..cases() {
        let resolution = [0, 1, 1, 2, 3, 4, 5, 7, 11, 15][rng.below(10)];
        let grid = H3Grid::new(resolution).unwrap();
        let (lon, lat) = place(&mut rng, &[]);
        let mut cell = h3_cell(resolution, lon, lat);
        if rng.below(4) == 0 {
            cell = cell.resolution().pentagons().nth(rng.below(12)).unwrap();
        }
        let crowds: Vec<(f64, f64)> = cell.boundary().iter().map(|p| (p.lng(), p.lat())).collect();
        let parts = parts(&mut rng, 20.0 / 7f64.powf(f64::from(resolution) / 2.0), &crowds);
        let id = |x: f64, y: f64| u64::from(h3_cell(resolution, x, y));
        shown += check(&grid, &parts, &mut rng, &id, &|id| format!("{id:x}"));
    }
    println!("{shown} points of {} geometries", cases());
}

/// Rings that go around a pole, and points between them and the pole.
#[test]
fn poles_are_covered() {
    let mut rng = Random::new(3);
    for _ in 0..cases() / 10 {
        let north = if rng.unit() < 0.5 { 1.0 } else { -1.0 };
        let middle = rng.between(30.0, 89.9);
        let count = 4 + rng.below(20);
        let start = rng.between(-180.0, 180.0);
        let mut ring: Vec<(f64, f64)> = (0..count)
            .map(|i| {
                (
                    start + 360.0 * i as f64 / count as f64,
                    north * (middle + rng.between(-0.3, 0.3) * (90.0 - middle)),
                )
            })
            .collect();
        ring.push((start + 360.0, ring[0].1));
        let mut shown: Vec<(f64, f64)> = vec![(0.0, 90.0 * north), (77.0, 90.0 * north)];
        for _ in 0..200 {
            let (i, t, u) = (rng.below(count), rng.unit(), rng.unit());
            let (a, b) = (ring[i], ring[i + 1]);
            let edge = a.1 * (1.0 - t) + b.1 * t;
            shown.push((a.0 * (1.0 - t) + b.0 * t, edge + u * (90.0 * north - edge)));
        }
        if rng.unit() < 0.5 {
            ring.reverse();
        }
        let positions =
            ring.iter().map(|(x, y)| earthcatalog_model::geometry::Position::xy(*x, *y)).collect();
        let geometry = geometry(&[Part::Polygon(vec![positions])]);
        let (level, resolution) = (rng.below(7) as u8, rng.below(5) as u8);
        let mut cells = Vec::new();
        S2Grid::new(level).unwrap().cover(&geometry, &mut cells).unwrap();
        H3Grid::new(resolution).unwrap().cover(&geometry, &mut cells).unwrap();
        for (x, y) in shown {
            let s2 = CellId::new(s2_cell(level, x, y).to_token());
            let h3 = CellId::new(h3_cell(resolution, x, y).to_string());
            assert!(cells.contains(&s2) && cells.contains(&h3), "{x},{y} at {s2} {h3}: {ring:?}");
        }
    }
}

#[test]
fn the_world_is_every_cell() {
    let world = box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    let count = |grid: &dyn Grid| {
        let mut cells = Vec::new();
        grid.cover(&world, &mut cells).unwrap();
        cells.len()
    };
    for level in 0..=7 {
        assert_eq!(count(&S2Grid::new(level).unwrap()), 6 << (2 * level));
    }
    for (resolution, cells) in [(0, 122), (1, 842), (2, 5882), (3, 41162)] {
        assert_eq!(count(&H3Grid::new(resolution).unwrap()), cells);
    }
    let mut cells = Vec::new();
    let message = S2Grid::new(30).unwrap().cover(&world, &mut cells).unwrap_err().to_string();
    assert!(message.contains("s2:30") && cells.is_empty(), "{message}");
}

/// A corner of S2 cells at ±180° on the equator belongs to four cells, the pole to four, a corner of the cube to three.
#[test]
fn corners_belong_to_all_cells_around() {
    let count = |lon: f64, lat: f64| {
        let mut cells = Vec::new();
        let point = box_geometry(lon, lat, lon, lat).unwrap();
        S2Grid::new(4).unwrap().cover(&point, &mut cells).unwrap();
        cells.len()
    };
    assert_eq!(count(0.0, 0.0), 4);
    assert_eq!(count(180.0, 0.0), 4);
    assert_eq!(count(-180.0, 0.0), 4);
    assert_eq!(count(12.0, 90.0), 4);
    assert_eq!(count(45.0, (0.5f64).sqrt().atan().to_degrees()), 3);
    assert_eq!(count(45.0, 0.0), 4);
    assert_eq!(count(10.0, 10.0), 1);
}

/// The share of cells that a footprint does not really touch: those whose outline is apart from it in the plane.
#[test]
fn few_cells_are_false() {
    use geo::Intersects;
    let mut rng = Random::new(9);
    for grid in [
        &S2Grid::new(4).unwrap() as &dyn Grid,
        &S2Grid::new(8).unwrap(),
        &H3Grid::new(1).unwrap(),
        &H3Grid::new(3).unwrap(),
    ] {
        let (mut all, mut wrong) = (0, 0);
        for _ in 0..400 {
            let lat = rng.between(-80.0, 80.0);
            let size = rng.between(0.9, 1.8) / 2.0;
            let ring = footprint(rng.between(-150.0, 150.0), lat, size, rng.between(0.0, 6.3));
            let polygon = planar(&ring);
            let mut cells = Vec::new();
            grid.cover(&geometry(&[Part::Polygon(vec![ring])]), &mut cells).unwrap();
            all += cells.len();
            for cell in &cells {
                let outline = grid.outline(cell).unwrap();
                let earthcatalog_model::geometry::Shape::Polygon(rings) = outline.shape else { continue };
                wrong += usize::from(!planar(&rings[0]).intersects(&polygon));
            }
        }
        println!("{}: {all} cells, {wrong} false", grid.spec());
        assert!(wrong * 100 < all, "{}: {wrong} of {all}", grid.spec());
    }
}

fn footprint(lon: f64, lat: f64, size: f64, turn: f64) -> Vec<earthcatalog_model::geometry::Position> {
    let corner = |k: usize| {
        let angle = turn + std::f64::consts::FRAC_PI_2 * k as f64;
        let (x, y) = (1.41 * size * angle.cos(), 1.41 * size * angle.sin());
        earthcatalog_model::geometry::Position::xy(lon + x / lat.to_radians().cos(), lat + y)
    };
    (0..5).map(|k| corner(k % 4)).collect()
}

fn planar(ring: &[earthcatalog_model::geometry::Position]) -> geo::Polygon {
    geo::Polygon::new(ring.iter().map(|p| (p.x, p.y)).collect(), Vec::new())
}
