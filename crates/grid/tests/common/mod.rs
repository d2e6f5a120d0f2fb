//! Random geometries anywhere on Earth, and the points in them by which coverings are judged.

use earthcatalog_model::geometry::{Geometry, Position, Shape};

/// A small generator of numbers, the same on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A geometry whose longitudes may run on beyond ±180°, by its parts.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Point(Position),
    Line(Vec<Position>),
    Polygon(Vec<Vec<Position>>),
}

/// Uniform, crowded at the poles, at 180°, or at one of some given points.
pub(crate) fn place(rng: &mut Random, crowds: &[(f64, f64)]) -> (f64, f64) {
    let near = 10f64.powf(rng.between(-9.0, 1.0));
    let lon = rng.between(-180.0, 180.0);
    match rng.below(6) {
        0 => (lon, (90.0 - near) * if rng.unit() < 0.5 { 1.0 } else { -1.0 }),
        1 => (180.0 - rng.between(-near, near), rng.between(-89.0, 89.0)),
        2 | 3 if !crowds.is_empty() => {
            let (x, y) = crowds[rng.below(crowds.len())];
            let near = if rng.unit() < 0.3 { 0.0 } else { near * 0.1 };
            (x + rng.between(-near, near), (y + rng.between(-near, near)).clamp(-90.0, 90.0))
        }
        _ => (lon, (2.0 * rng.unit() - 1.0).asin().to_degrees()),
    }
}

fn position(x: f64, y: f64) -> Position {
    Position::xy(x, y.clamp(-90.0, 90.0))
}

/// A ring around a centre; `thin` flattens it. Counterclockwise, closed.
fn star(rng: &mut Random, (x, y): (f64, f64), size: f64, thin: f64) -> Vec<Position> {
    let count = 3 + rng.below(8);
    let turn = rng.between(0.0, 6.3);
    let stretch = (1.0 / y.to_radians().cos().max(0.02)).min(85.0 / size).max(1.0);
    let mut ring: Vec<Position> = (0..count)
        .map(|i| {
            let angle = std::f64::consts::TAU * (i as f64 + rng.between(-0.3, 0.3)) / count as f64;
            let r = size * rng.between(0.4, 1.0);
            let (u, v) = (r * angle.cos(), r * angle.sin() * thin);
            position(x + stretch * (u * turn.cos() - v * turn.sin()), y + u * turn.sin() + v * turn.cos())
        })
        .collect();
    ring.push(ring[0]);
    ring
}

/// A part of a radius in degrees, of 85 at most.
pub(crate) fn part(rng: &mut Random, centre: (f64, f64), size: f64) -> Part {
    match rng.below(8) {
        0 => Part::Point(position(centre.0, centre.1)),
        1 => {
            let steps = 2 + rng.below(5);
            let line = (0..steps)
                .map(|_| position(centre.0 + rng.between(-size, size), centre.1 + rng.between(-size, size)));
            Part::Line(line.collect())
        }
        2 => {
            let (w, h) = (size * rng.unit(), size * rng.unit());
            let (w, e, s, n) = (centre.0 - w, centre.0 + w, centre.1 - h, centre.1 + h);
            Part::Polygon(vec![vec![
                position(w, s),
                position(e, s),
                position(e, n),
                position(w, n),
                position(w, s),
            ]])
        }
        3 => {
            let outer = star(rng, centre, size, 1.0);
            let mut hole: Vec<Position> = outer
                .iter()
                .map(|p| position(centre.0 + 0.6 * (p.x - centre.0), centre.1 + 0.6 * (p.y - centre.1)))
                .collect();
            hole.reverse();
            Part::Polygon(vec![outer, hole])
        }
        4 => Part::Polygon(vec![star(rng, centre, size, 1e-4)]),
        _ => Part::Polygon(vec![star(rng, centre, size, 1.0)]),
    }
}

fn wrapped(p: &Position) -> Position {
    Position { x: lon(p.x), ..*p }
}

/// A longitude within ±180°.
pub(crate) fn lon(x: f64) -> f64 {
    if x.abs() <= 180.0 { x } else { x - 360.0 * ((x - 180.0) / 360.0).ceil() }
}

/// The geometry of some parts, longitudes within ±180°.
pub(crate) fn geometry(parts: &[Part]) -> Geometry {
    let ring = |ring: &Vec<Position>| ring.iter().map(wrapped).collect::<Vec<_>>();
    let shape = |part: &Part| match part {
        Part::Point(p) => Shape::Point(wrapped(p)),
        Part::Line(line) => Shape::LineString(ring(line)),
        Part::Polygon(rings) => Shape::Polygon(rings.iter().map(ring).collect()),
    };
    let mut shapes: Vec<Shape> = parts.iter().map(shape).collect();
    Geometry::xy(if shapes.len() == 1 { shapes.remove(0) } else { Shape::GeometryCollection(shapes) })
}

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
