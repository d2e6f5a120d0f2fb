//! The points of a geometry by which its covering is judged: corners, points along edges and inside, and pairs of points on
//! both sides of where an edge passes from cell to cell.

use earthcatalog_model::geometry::Position;

use crate::geometries::Part;
use crate::random::Random;

fn mix(a: &Position, b: &Position, t: f64) -> (f64, f64) {
    (a.x * (1.0 - t) + b.x * t, a.y * (1.0 - t) + b.y * t)
}

/// True if a point is inside of closed rings, by even and odd.
fn is_inside(rings: &[Vec<Position>], x: f64, y: f64) -> bool {
    let crosses = |pair: &[Position]| {
        let (a, b) = (&pair[0], &pair[1]);
        (a.y > y) != (b.y > y) && x < a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)
    };
    rings.iter().flat_map(|ring| ring.windows(2)).filter(|pair| crosses(pair)).count() % 2 == 1
}

/// Shows points of a part: corners, points along edges and in the inside, and, of each edge, pairs of points close to
/// where `cell_of` changes.
pub(crate) fn points(
    rng: &mut Random,
    part: &Part,
    cell_of: &dyn Fn(f64, f64) -> u64,
    show: &mut dyn FnMut(f64, f64),
) {
    match part {
        Part::Point(p) => show(p.x, p.y),
        Part::Line(line) => line_points(line, cell_of, show),
        Part::Polygon(rings) => {
            rings.iter().for_each(|ring| line_points(ring, cell_of, show));
            inside_points(rng, rings, show);
        }
    }
}

fn line_points(line: &[Position], cell_of: &dyn Fn(f64, f64) -> u64, show: &mut dyn FnMut(f64, f64)) {
    const STEPS: usize = 24;
    for pair in line.windows(2) {
        for i in 0..STEPS {
            let (mut low, mut high) = (i as f64 / STEPS as f64, (i + 1) as f64 / STEPS as f64);
            let at = |t: f64| mix(&pair[0], &pair[1], t);
            let cell = |t: f64| cell_of(at(t).0, at(t).1);
            show(at(low).0, at(low).1);
            show(at(high).0, at(high).1);
            let first = cell(low);
            if first == cell(high) {
                continue;
            }
            for _ in 0..60 {
                let t = 0.5 * (low + high);
                if cell(t) == first { low = t } else { high = t }
            }
            show(at(low).0, at(low).1);
            show(at(high).0, at(high).1);
        }
    }
}

fn inside_points(rng: &mut Random, rings: &[Vec<Position>], show: &mut dyn FnMut(f64, f64)) {
    let all = || rings.iter().flatten();
    let (west, east) =
        (all().map(|p| p.x).fold(f64::MAX, f64::min), all().map(|p| p.x).fold(f64::MIN, f64::max));
    let (south, north) =
        (all().map(|p| p.y).fold(f64::MAX, f64::min), all().map(|p| p.y).fold(f64::MIN, f64::max));
    for _ in 0..60 {
        let (x, y) = (rng.between(west, east), rng.between(south, north));
        if is_inside(rings, x, y) {
            show(x, y);
        }
    }
}
