//! Random geometries of every type, anywhere on Earth.

use earthcatalog_model::geometry::{Dims, Geometry, Position, Shape};

use crate::random::Random;

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

/// A polygon of more than half of the globe's width, in steps that are no jumps.
fn belt(rng: &mut Random, (x, _): (f64, f64)) -> Part {
    let (width, south) = (rng.between(181.0, 359.0), rng.between(-90.0, 80.0));
    let north = rng.between(south + 0.001, 90.0);
    let steps = 3 + rng.below(4);
    let at = |i: usize, y: f64| position(x + width * i as f64 / steps as f64, y);
    let bottom = (0..=steps).map(|i| at(i, south));
    let mut ring: Vec<Position> = bottom.chain((0..=steps).rev().map(|i| at(i, north))).collect();
    ring.push(ring[0]);
    Part::Polygon(vec![ring])
}

/// Parts, one as a rule, of a size in degrees: 1e-7 to 85. Several are of one kind as often as not.
pub(crate) fn parts(rng: &mut Random, size: f64, crowds: &[(f64, f64)]) -> Vec<Part> {
    let count = if rng.below(4) == 0 { 2 + rng.below(3) } else { 1 };
    let alike = rng.below(2) == 0;
    let mut parts: Vec<Part> = Vec::new();
    while parts.len() < count {
        let centre = place(rng, crowds);
        let next = part(rng, centre, size.clamp(1e-7, 85.0));
        let first = parts.first().map(std::mem::discriminant);
        if !alike || first.is_none_or(|kind| kind == std::mem::discriminant(&next)) {
            parts.push(next);
        }
    }
    parts
}

/// A part of a radius in degrees, of 85 at most, or now and then of a belt around the globe.
pub(crate) fn part(rng: &mut Random, centre: (f64, f64), size: f64) -> Part {
    if size > 20.0 && rng.below(3) == 0 {
        return belt(rng, centre);
    }
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

/// The geometry of some parts, longitudes within ±180°: of one kind as a Multi-geometry, else as a collection.
pub(crate) fn geometry(parts: &[Part]) -> Geometry {
    let shapes: Vec<Shape> = parts.iter().map(shape).collect();
    Geometry::xy(match shapes.as_slice() {
        [one] => one.clone(),
        all => together(all).unwrap_or(Shape::GeometryCollection(shapes.clone())),
    })
}

fn shape(part: &Part) -> Shape {
    let ring = |ring: &Vec<Position>| ring.iter().map(wrapped).collect::<Vec<_>>();
    match part {
        Part::Point(p) => Shape::Point(wrapped(p)),
        Part::Line(line) => Shape::LineString(ring(line)),
        Part::Polygon(rings) => Shape::Polygon(rings.iter().map(ring).collect()),
    }
}

/// The Multi-geometry of shapes of one kind.
fn together(shapes: &[Shape]) -> Option<Shape> {
    let points = shapes.iter().map(|s| if let Shape::Point(p) = s { Some(*p) } else { None });
    let lines = shapes.iter().map(|s| if let Shape::LineString(l) = s { Some(l.clone()) } else { None });
    let polygons = shapes.iter().map(|s| if let Shape::Polygon(p) = s { Some(p.clone()) } else { None });
    let points = points.collect::<Option<_>>().map(Shape::MultiPoint);
    let lines = lines.collect::<Option<_>>().map(Shape::MultiLineString);
    let polygons = polygons.collect::<Option<_>>().map(Shape::MultiPolygon);
    points.or(lines).or(polygons)
}

/// The same with heights, or with heights and measures.
pub(crate) fn lifted(rng: &mut Random, geometry: Geometry) -> Geometry {
    let dims = [Dims::Xy, Dims::Xyz, Dims::Xyzm][rng.below(3)];
    let mut number = |wanted: bool| if wanted { rng.between(-100.0, 9000.0) } else { f64::NAN };
    let (z, m) = (number(dims != Dims::Xy), number(dims == Dims::Xyzm));
    Geometry { shape: raised(geometry.shape, z, m), dims }
}

fn raised(shape: Shape, z: f64, m: f64) -> Shape {
    let up = |p: Position| Position { z, m, ..p };
    let line = |line: Vec<Position>| line.into_iter().map(up).collect::<Vec<_>>();
    let lines = |all: Vec<Vec<Position>>| all.into_iter().map(line).collect::<Vec<_>>();
    match shape {
        Shape::Point(p) => Shape::Point(up(p)),
        Shape::MultiPoint(points) => Shape::MultiPoint(line(points)),
        Shape::LineString(positions) => Shape::LineString(line(positions)),
        Shape::MultiLineString(all) => Shape::MultiLineString(lines(all)),
        Shape::Polygon(rings) => Shape::Polygon(lines(rings)),
        Shape::MultiPolygon(all) => Shape::MultiPolygon(all.into_iter().map(lines).collect()),
        Shape::GeometryCollection(all) => {
            Shape::GeometryCollection(all.into_iter().map(|shape| raised(shape, z, m)).collect())
        }
    }
}
