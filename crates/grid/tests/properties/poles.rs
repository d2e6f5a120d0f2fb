//! Rings around a pole, and points between them and the pole.

use earthcatalog_model::geometry::Position;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::geometries::{Part, geometry};
use crate::random::Random;

/// A ring once around the globe, closed a turn from its start.
fn ring(rng: &mut Random, pole: f64) -> Vec<(f64, f64)> {
    let (middle, count, start) = (rng.between(30.0, 89.9), 4 + rng.below(20), rng.between(-180.0, 180.0));
    let mut ring: Vec<(f64, f64)> = (0..count)
        .map(|i| {
            let lat = middle + rng.between(-0.3, 0.3) * (90.0 - middle);
            (start + 360.0 * i as f64 / count as f64, pole.signum() * lat)
        })
        .collect();
    ring.push((start + 360.0, ring[0].1));
    ring
}

/// The pole, and points on the way from the ring to it.
fn points(rng: &mut Random, ring: &[(f64, f64)], pole: f64) -> Vec<(f64, f64)> {
    let mut found = vec![(0.0, pole), (77.0, pole)];
    for _ in 0..200 {
        let (i, t, u) = (rng.below(ring.len() - 1), rng.unit(), rng.unit());
        let (a, b) = (ring[i], ring[i + 1]);
        let edge = a.1 * (1.0 - t) + b.1 * t;
        found.push((a.0 * (1.0 - t) + b.0 * t, edge + u * (pole - edge)));
    }
    found
}

#[test]
fn rings_around_a_pole_hold_it() {
    // Each shows two hundred points to two grids.
    for_each_case(cases(600).min(100_000), |rng| {
        let pole = if rng.below(2) == 0 { 90.0 } else { -90.0 };
        let mut ring = ring(rng, pole);
        let shown = points(rng, &ring, pole);
        if rng.below(2) == 0 {
            ring.reverse();
        }
        let positions = ring.iter().map(|(x, y)| Position::xy(*x, *y)).collect();
        let geometry = geometry(&[Part::Polygon(vec![positions])]);
        for judge in [Judge::s2(rng.below(7) as u8), Judge::h3(rng.below(5) as u8)] {
            let mut cells = Vec::new();
            judge.grid().cover(&geometry, &mut cells).unwrap();
            for (x, y) in &shown {
                let cell = judge.name(judge.id(*x, *y));
                assert!(cells.binary_search(&cell).is_ok(), "{x},{y} in {cell}: {ring:?}");
            }
        }
    });
}
