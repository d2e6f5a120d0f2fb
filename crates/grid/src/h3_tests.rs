use super::*;
use crate::sphere::{square, sub};

fn angle(a: &V3, b: &V3) -> f64 {
    2.0 * (0.5 * square(&sub(a, b)).sqrt()).asin()
}

fn resolution(r: u8) -> Resolution {
    Resolution::try_from(r).unwrap()
}

/// Cells of a resolution: all of the coarse ones, else those around random points, pentagons and their corners.
fn samples(r: Resolution) -> Vec<CellIndex> {
    if u8::from(r) <= 3 {
        return CellIndex::base_cells().flat_map(|cell| cell.children(r)).collect();
    }
    let mut rng = Random::new(7);
    let points = (0..3000).map(|_| rng.point());
    let mut cells: Vec<CellIndex> =
        points.map(|(lon, lat)| LatLng::new(lat, lon).unwrap().to_cell(r)).collect();
    cells.extend(r.pentagons().flat_map(|cell| cell.grid_disk::<Vec<_>>(3)));
    cells
}

/// A small generator of numbers, the same on every run.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn point(&mut self) -> (f64, f64) {
        (360.0 * self.unit() - 180.0, (2.0 * self.unit() - 1.0).asin().to_degrees())
    }
}

#[test]
fn corners_are_within_their_bound() {
    let mut most = 0f64;
    for r in 0..=15 {
        let r = resolution(r);
        let found = samples(r).into_iter().map(|cell| patch(cell).radius / scale(r)).fold(0.0, f64::max);
        most = most.max(found);
        assert!(found < bounds::CORNER, "{r}: {found}");
    }
    println!("corner {most}");
}

#[test]
fn descendants_are_within_reach() {
    let mut rng = Random::new(3);
    let mut most = 0f64;
    for i in 0..40_000 {
        let (lon, lat) = rng.point();
        let mut cell = LatLng::new(lat, lon).unwrap().to_cell(resolution(9));
        if i % 3 == 0 {
            // Near pentagons.
            let disk = resolution(9).pentagons().nth(i % 12).unwrap().grid_disk::<Vec<_>>(4);
            cell = disk[(rng.unit() * disk.len() as f64) as usize];
        }
        let here = centre(cell);
        for r in 0..9 {
            let above = cell.parent(resolution(r)).unwrap();
            most = most.max(
                angle(&here, &centre(above)) / corner_reach(resolution(r))
                    + corner_reach(resolution(9)) / corner_reach(resolution(r)),
            );
        }
    }
    println!("reach {most}");
    assert!(most < bounds::REACH, "{most}");
}

#[test]
fn sides_are_beyond_their_bound() {
    let mut least = f64::INFINITY;
    for r in 0..=15 {
        let r = resolution(r);
        let inside = |cell| {
            let patch = patch(cell);
            patch.inside(&patch.centre) / scale(r)
        };
        least = samples(r).into_iter().map(inside).fold(least, f64::min);
    }
    println!("inside {least}");
    assert!(least > bounds::INSIDE * 1.02, "{least}");
}

/// Points along the boundary.
fn drawn(corners: &[V3]) -> Vec<V3> {
    let ends = corners.iter().cycle().skip(1);
    let mix = |a: &V3, b: &V3, i: usize| {
        crate::sphere::add(
            &crate::sphere::scale(a, 1.0 - i as f64 / 6.0),
            &crate::sphere::scale(b, i as f64 / 6.0),
        )
    };
    corners
        .iter()
        .zip(ends)
        .flat_map(|(a, b)| (0..6).map(move |i| crate::sphere::unit(&mix(a, b, i))))
        .collect()
}

/// From a point of a cell to any cell that is neither it nor a neighbour, and to any cell below such a one.
#[test]
fn disks_are_covered_by_a_cell_and_its_neighbours() {
    let (mut least, mut deep) = (f64::INFINITY, f64::INFINITY);
    for r in 0..=9 {
        let r = resolution(r);
        let step = match u8::from(r) {
            0 | 1 => 1,
            2 => 5,
            3 => 30,
            _ => 8,
        };
        let pentagons = r.pentagons().flat_map(|cell| cell.grid_disk::<Vec<_>>(2));
        for cell in samples(r).into_iter().step_by(step).chain(pentagons) {
            let disk = cell.grid_disk::<Vec<_>>(1);
            let ring: Vec<_> =
                cell.grid_disk::<Vec<_>>(2).into_iter().filter(|c| !disk.contains(c)).collect();
            let own = corners(cell);
            let (ring_points, ring_centres): (Vec<_>, Vec<_>) =
                ring.iter().map(|c| (drawn(corners(*c).get()), centre(*c))).unzip();
            for corner in drawn(own.get()) {
                let to = |v: &V3| angle(&corner, v) / scale(r);
                least = ring_points.iter().flatten().map(to).fold(least, f64::min);
                deep = ring_centres.iter().map(|c| to(c) - reach(r) / scale(r)).fold(deep, f64::min);
            }
        }
    }
    println!("disk {least} deep {deep}");
    assert!(least > bounds::DISK * 1.02 && deep > bounds::DEEP_DISK * 1.02, "{least} {deep}");
}

/// The cell that H3 gives a point has the point in it, but for rounding.
#[test]
fn points_are_in_their_cells() {
    let mut rng = Random::new(5);
    let mut most = [0f64; 16];
    for _ in 0..20_000 {
        let (lon, lat) = rng.point();
        let v = Place::new(lon, lat).v;
        for r in 0..=15 {
            let cell = LatLng::new(lat, lon).unwrap().to_cell(resolution(r));
            let out = patch(cell).outside(&v);
            most[usize::from(r)] = most[usize::from(r)].max(out);
        }
    }
    println!("outside {most:?}");
    assert!(most.iter().all(|m| *m < MARGIN), "{most:?}");
}
