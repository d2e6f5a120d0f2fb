//! Coverings of footprints against a brute force: all cells nearby, drawn finely, that intersect in the plane.

use std::collections::BTreeSet;

use earthcatalog_grid::{CellId, cells_for_geometry};
use earthcatalog_model::geometry::Position;
use geo::Intersects;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::geometries::{Part, geometry};
use crate::random::Random;

/// A square of 100 to 200 km, turned, between 75° S and 75° N.
struct Footprint {
    lon: f64,
    lat: f64,
    size: f64,
    turn: f64,
}

impl Footprint {
    fn any(rng: &mut Random) -> Self {
        let (lon, lat) = (rng.between(-180.0, 180.0), rng.between(-75.0, 75.0));
        Self { lon, lat, size: rng.between(0.9, 1.8), turn: rng.between(0.0, 6.3) }
    }

    fn ring(&self) -> Vec<Position> {
        let corner = |k: usize| {
            let angle = self.turn + std::f64::consts::FRAC_PI_2 * k as f64;
            let reach = self.size * std::f64::consts::FRAC_1_SQRT_2;
            let (x, y) = (reach * angle.cos(), reach * angle.sin());
            Position::xy(self.lon + x / self.lat.to_radians().cos(), self.lat + y)
        };
        (0..5).map(|k| corner(k % 4)).collect()
    }

    /// Every cell that has a point of a lattice in and around it.
    fn nearby(&self, judge: &Judge) -> BTreeSet<u64> {
        let (reach, step) = (self.size + judge.size(), (judge.size() / 6.0).min(self.size / 6.0));
        let steps = (reach / step).ceil() as i32;
        let lattice =
            (-steps..=steps).flat_map(|i| (-steps..=steps).map(move |k| (f64::from(i), f64::from(k))));
        let at = |(i, k): (f64, f64)| {
            let lat = (self.lat + k * step).clamp(-90.0, 90.0);
            (self.lon + i * step / lat.to_radians().cos().max(0.05), lat)
        };
        lattice.map(at).map(|(x, y)| judge.id(x, y)).collect()
    }
}

type V3 = [f64; 3];

fn vector((lon, lat): (f64, f64)) -> V3 {
    let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (lon.to_radians().sin_cos(), lat.to_radians().sin_cos());
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Steps in which a side of a cell is drawn.
const STEPS: usize = 200;

/// A cell in the plane, its great-circle sides drawn finely, its longitudes near a given one; None if a pole is in it.
fn drawn(judge: &Judge, id: u64, near: f64) -> Option<geo::Polygon> {
    let corners: Vec<V3> = judge.corners(id).into_iter().map(vector).collect();
    let mut ring: Vec<(f64, f64)> = Vec::new();
    for (a, b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        for t in (0..STEPS).map(|i| i as f64 / STEPS as f64) {
            let v = [0, 1, 2].map(|k| a[k] * (1.0 - t) + b[k] * t);
            let (lon, lat) = (v[1].atan2(v[0]).to_degrees(), v[2].atan2(v[0].hypot(v[1])).to_degrees());
            let last = ring.last().map_or(near, |p| p.0);
            ring.push((lon - 360.0 * ((lon - last) / 360.0).round(), lat));
        }
    }
    let turned = ring[ring.len() - 1].0 - ring[0].0;
    (turned.abs() < 180.0).then(|| geo::Polygon::new(ring.into(), Vec::new()))
}

/// The cells that a footprint touches by brute force; None where a pole is too near to tell in the plane.
fn brute_force(judge: &Judge, footprint: &Footprint) -> Option<BTreeSet<CellId>> {
    let ring = footprint.ring().iter().map(|p| (p.x, p.y)).collect();
    let polygon = geo::Polygon::new(ring, Vec::new());
    let mut found = BTreeSet::new();
    for id in footprint.nearby(judge) {
        if drawn(judge, id, footprint.lon)?.intersects(&polygon) {
            found.insert(judge.name(id));
        }
    }
    Some(found)
}

fn check(judge: &Judge, count: u64) {
    let (mut all, mut wrong, mut skipped) = (0, 0, 0);
    for_each_case(count, |rng| {
        let footprint = Footprint::any(rng);
        let Some(true_cells) = brute_force(judge, &footprint) else {
            skipped += 1;
            return;
        };
        let polygon = geometry(&[Part::Polygon(vec![footprint.ring()])]);
        let cells = cells_for_geometry(&*judge.grid(), &polygon).unwrap();
        all += cells.len();
        wrong += cells.iter().filter(|cell| !true_cells.contains(*cell)).count();
        let missed = true_cells.iter().find(|cell| cells.binary_search(cell).is_err());
        assert_eq!(missed, None, "{} {:?}", judge.grid().spec(), footprint.ring());
    });
    println!("{}: {all} cells, {wrong} false, {skipped} footprints near a pole skipped", judge.grid().spec());
    assert!(all < 100 || wrong * 100 < all, "{wrong} of {all}");
}

#[test]
fn few_cells_are_false_at_s2_4() {
    check(&Judge::s2(4), cases(400).min(20_000));
}

#[test]
fn few_cells_are_false_at_s2_8() {
    check(&Judge::s2(8), cases(100).min(2_000));
}

#[test]
fn few_cells_are_false_at_h3_1() {
    check(&Judge::h3(1), cases(400).min(20_000));
}

#[test]
fn few_cells_are_false_at_h3_3() {
    check(&Judge::h3(3), cases(200).min(5_000));
}
