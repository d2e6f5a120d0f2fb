//! Coverings, named by grid, level and geometry: `grid/s2/4/footprint`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use earthcatalog_grid::{CellId, Grid, GridSpec, box_geometry, build, hilbert, normalise};
use earthcatalog_model::Geometry;
use earthcatalog_model::geometry::{Position, Shape};

/// A square of `size` degrees of latitude, turned, with `count` positions on each side.
fn square(lon: f64, lat: f64, size: f64, count: usize) -> Geometry {
    let corner = |k: usize| {
        let angle = 0.4 + std::f64::consts::FRAC_PI_2 * k as f64;
        let (x, y) = (0.707 * size * angle.cos(), 0.707 * size * angle.sin());
        (lon + x / lat.to_radians().cos(), lat + y)
    };
    let at = |i: usize| {
        let (a, b, t) = (corner(i / count), corner(i / count + 1), (i % count) as f64 / count as f64);
        Position::xy(a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
    };
    let ring = (0..4 * count).chain([0]).map(at).collect();
    Geometry::xy(Shape::Polygon(vec![ring]))
}

/// Footprints of 150 km over Greenland.
fn footprints(count: usize) -> Vec<Geometry> {
    (0..64)
        .map(|i| square(-55.0 + f64::from(i % 8) * 3.1, 62.0 + f64::from(i / 8) * 2.2, 1.35, count))
        .collect()
}

/// A coast of 10,000 positions around an island of some 12°.
fn coast() -> Geometry {
    let at = |i: usize| {
        let a = std::f64::consts::TAU * (i % 9_999) as f64 / 9_999.0;
        let r = 5.0 + (7.0 * a).sin() + 0.3 * (131.0 * a).sin() + 0.02 * (1201.0 * a).cos();
        Position::xy(20.0 + 1.5 * r * a.cos(), 50.0 + r * a.sin())
    };
    Geometry::xy(Shape::Polygon(vec![(0..10_000).map(at).collect()]))
}

fn bench(c: &mut Criterion, name: &str, grid: &dyn Grid, geometries: &[Geometry]) {
    let mut cells: Vec<CellId> = Vec::new();
    let mut at = 0;
    c.bench_function(name, |b| {
        b.iter(|| {
            cells.clear();
            at = (at + 1) % geometries.len();
            let covered = grid.cover(black_box(&geometries[at]), &mut cells);
            assert!(covered.is_ok());
            cells.len()
        });
    });
}

fn coverings(c: &mut Criterion) {
    let point = Geometry::xy(Shape::Point(Position::xy(12.3, 45.6)));
    for spec in ["s2:4", "s2:8", "h3:1", "h3:3"] {
        let Ok(grid) = spec.parse::<GridSpec>().and_then(|spec| build(&spec, None)) else { continue };
        let name = format!("grid/{}", spec.replace(':', "/"));
        bench(c, &format!("{name}/point"), &*grid, std::slice::from_ref(&point));
        bench(c, &format!("{name}/quad"), &*grid, &footprints(1));
        bench(c, &format!("{name}/footprint"), &*grid, &footprints(4));
        if spec == "s2:8" {
            bench(c, &format!("{name}/coast"), &*grid, &[coast()]);
        }
        if let Ok(world) = box_geometry(-180.0, -90.0, 180.0, 90.0) {
            bench(c, &format!("{name}/world"), &*grid, &[world]);
        }
    }
}

fn others(c: &mut Criterion) {
    c.bench_function("grid/hilbert", |b| b.iter(|| hilbert(black_box(12.3), black_box(45.6))));
    for (name, lon) in [("plain", 20.0), ("cut", 179.9)] {
        let geometry = square(lon, 70.0, 1.35, 1);
        c.bench_function(&format!("grid/normalise/{name}"), |b| b.iter(|| normalise(black_box(&geometry))));
    }
}

criterion_group!(benches, coverings, others);
criterion_main!(benches);
