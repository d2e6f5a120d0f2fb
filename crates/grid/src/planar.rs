//! Parts of geometries in the plane of longitude and latitude, and whether two of them touch.

use earthcatalog_model::geometry::{Position, Shape};
use rstar::AABB;

use crate::bands::Bands;
use crate::part::crossing;

/// A point, line or polygon within ±180°. Its edges are sorted into bands of latitude, so that those near a place are
/// found without looking at all.
pub(crate) struct Plane {
    edges: Vec<[Position; 2]>,
    bands: Bands,
    least: [f64; 2],
    most: [f64; 2],
    filled: bool,
}

/// What rounding may hide, degrees: a point computed on an edge is not exactly there.
const TOLERANCE: f64 = 1e-11;

impl Plane {
    /// The parts of a shape.
    pub(crate) fn of_shape(shape: &Shape) -> Vec<Self> {
        let line = |line: &[Position]| Self::new(std::slice::from_ref(&line.to_vec()), false);
        match shape {
            Shape::Point(p) => vec![line(&[*p])],
            Shape::MultiPoint(points) => points.iter().map(|p| line(&[*p])).collect(),
            Shape::LineString(positions) => vec![line(positions)],
            Shape::MultiLineString(lines) => lines.iter().map(|positions| line(positions)).collect(),
            Shape::Polygon(rings) => vec![Self::new(rings, true)],
            Shape::MultiPolygon(polygons) => polygons.iter().map(|rings| Self::new(rings, true)).collect(),
            Shape::GeometryCollection(shapes) => shapes.iter().flat_map(Self::of_shape).collect(),
        }
    }

    fn new(lines: &[Vec<Position>], filled: bool) -> Self {
        let mut edges = Vec::new();
        for line in lines {
            let ends = line.iter().skip(1).chain(line.first().filter(|_| line.len() == 1));
            edges.extend(line.iter().zip(ends).map(|(a, b)| [*a, *b]));
        }
        let all = || edges.iter().flatten();
        let bound =
            |of: fn(&Position) -> f64, pick: fn(f64, f64) -> f64, start: f64| all().map(of).fold(start, pick);
        let least = [bound(|p| p.x, f64::min, f64::INFINITY), bound(|p| p.y, f64::min, f64::INFINITY)];
        let most = [bound(|p| p.x, f64::max, f64::NEG_INFINITY), bound(|p| p.y, f64::max, f64::NEG_INFINITY)];
        Self { bands: Bands::new(&edges), edges, least, most, filled }
    }

    /// The box around it, widened by what rounding may hide.
    pub(crate) fn envelope(&self) -> AABB<[f64; 2]> {
        let [[west, south], [east, north]] = [self.least, self.most];
        let t = TOLERANCE;
        AABB::from_corners([west - t, south - t], [east + t, north + t])
    }

    fn edges_between(&self, south: f64, north: f64) -> impl Iterator<Item = &[Position; 2]> {
        let numbers = self.bands.in_range(south - TOLERANCE, north + TOLERANCE);
        numbers.filter_map(|i| self.edges.get(*i as usize))
    }

    /// True if they share a point, or nearly.
    pub(crate) fn touches(&self, other: &Self) -> bool {
        let (few, many) = if self.edges.len() < other.edges.len() { (self, other) } else { (other, self) };
        few.edges.iter().any(|edge| many.meets(edge)) || self.holds_start(other) || other.holds_start(self)
    }

    fn meets(&self, edge: &[Position; 2]) -> bool {
        let [a, b] = edge;
        self.edges_between(a.y.min(b.y), a.y.max(b.y)).any(|own| edges_meet(own, edge))
    }

    fn holds_start(&self, other: &Self) -> bool {
        other.edges.first().is_some_and(|[p, _]| self.holds(p))
    }

    /// True if a point, which is on no edge, is inside.
    fn holds(&self, p: &Position) -> bool {
        let within = p.y >= self.least[1] && p.y <= self.most[1];
        let edges = || self.bands.at(p.y).iter().filter_map(|i| self.edges.get(*i as usize));
        self.filled && within && edges().map(|[a, b]| crossing(a, b, p.x, p.y)).sum::<i32>() % 2 != 0
    }
}

/// True if two edges are nowhere further apart than rounding explains.
fn edges_meet([a, b]: &[Position; 2], [c, d]: &[Position; 2]) -> bool {
    let apart =
        |p: f64, q: f64, r: f64, s: f64| p.max(q) + TOLERANCE < r.min(s) || r.max(s) + TOLERANCE < p.min(q);
    let beside = apart(a.x, b.x, c.x, d.x) || apart(a.y, b.y, c.y, d.y);
    !beside && straddles(a, b, c, d) && straddles(c, d, a, b)
}

/// True if c and d are not both on one side of the line through a and b.
fn straddles(a: &Position, b: &Position, c: &Position, d: &Position) -> bool {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let margin = TOLERANCE * dx.hypot(dy);
    let side = |p: &Position| dx * (p.y - a.y) - dy * (p.x - a.x);
    let (u, v) = (side(c), side(d));
    u.min(v) <= margin && u.max(v) >= -margin
}

/// The parts, and again by their other coordinates those which touch ±180° or a pole.
pub(crate) fn with_aliases(planes: Vec<Plane>) -> Vec<Plane> {
    let mut all = Vec::with_capacity(planes.len());
    for plane in planes {
        if plane.most[0] >= 180.0 - TOLERANCE {
            all.push(border(&plane, 180.0));
        }
        if plane.least[0] <= -180.0 + TOLERANCE {
            all.push(border(&plane, -180.0));
        }
        for (touches, pole) in
            [(plane.most[1] >= 90.0 - TOLERANCE, 90.0), (plane.least[1] <= -90.0 + TOLERANCE, -90.0)]
        {
            if touches {
                let ends = [-180.0, 180.0].map(|x| Position::xy(x, pole));
                all.push(Plane::new(&[ends.to_vec()], false));
            }
        }
        all.push(plane);
    }
    all
}

/// What of a part lies on one side of the 180th meridian, as seen from the other.
fn border(plane: &Plane, at: f64) -> Plane {
    let on = |p: &Position| (p.x - at).abs() <= TOLERANCE;
    let turned = |p: &Position| Position::xy(-at, p.y);
    let mut edges = Vec::new();
    for [a, b] in &plane.edges {
        match (on(a), on(b)) {
            (true, true) => edges.push(vec![turned(a), turned(b)]),
            (true, false) => edges.push(vec![turned(a)]),
            (false, true) => edges.push(vec![turned(b)]),
            (false, false) => {}
        }
    }
    Plane::new(&edges, false)
}
