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
        Part::Line(line) => line_points(rng, line, cell_of, show),
        Part::Polygon(rings) => {
            rings.iter().for_each(|ring| line_points(rng, ring, cell_of, show));
            inside_points(rng, rings, show);
        }
    }
}

/// Steps in which an edge is looked at, at most.
const STEPS: usize = 12;

fn line_points(
    rng: &mut Random,
    line: &[Position],
    cell_of: &dyn Fn(f64, f64) -> u64,
    show: &mut dyn FnMut(f64, f64),
) {
    for pair in line.windows(2) {
        let steps = 1 + rng.below(STEPS);
        for i in 0..steps {
            let ends = [i as f64 / steps as f64, (i + 1) as f64 / steps as f64];
            let at = |t: f64| mix(&pair[0], &pair[1], t);
            let cell = |t: f64| cell_of(at(t).0, at(t).1);
            ends.iter().for_each(|t| show(at(*t).0, at(*t).1));
            // To narrow down a change takes sixty times as long as to see one: every other has to do.
            if cell(ends[0]) != cell(ends[1]) && rng.below(2) == 0 {
                narrowed(ends, &cell).iter().for_each(|t| show(at(*t).0, at(*t).1));
            }
        }
    }
}

/// The last place before and the first behind a change of cell, as close to each other as numbers go.
fn narrowed([mut low, mut high]: [f64; 2], cell: &dyn Fn(f64) -> u64) -> [f64; 2] {
    let first = cell(low);
    for _ in 0..60 {
        let t = 0.5 * (low + high);
        if cell(t) == first { low = t } else { high = t }
    }
    [low, high]
}

fn inside_points(rng: &mut Random, rings: &[Vec<Position>], show: &mut dyn FnMut(f64, f64)) {
    let all = || rings.iter().flatten();
    let (west, east) =
        (all().map(|p| p.x).fold(f64::MAX, f64::min), all().map(|p| p.x).fold(f64::MIN, f64::max));
    let (south, north) =
        (all().map(|p| p.y).fold(f64::MAX, f64::min), all().map(|p| p.y).fold(f64::MIN, f64::max));
    for _ in 0..30 {
        let (x, y) = (rng.between(west, east), rng.between(south, north));
        if is_inside(rings, x, y) {
            show(x, y);
        }
    }
}
