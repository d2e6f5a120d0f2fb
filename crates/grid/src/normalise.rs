//! Geometries as the rest of the world writes them, brought into the plane between -180° and 180°.
//!
//! What is planar-valid there stays as it is, clockwise rings included. The rest is mended by RFC 7946 §3.1.9:
//!
//! - A step of more than 180° of longitude between neighbours is a jump: the short way across 180° was meant, and the
//!   line or ring is cut there. Heights and measures are interpolated.
//! - A ring that has gone once around the globe when it is back at its start encloses a pole, the one that is nearer to
//!   its mean latitude, and is closed over it. (If that is the equator, the pole on its left.)
//! - Longitudes beyond ±180° are wrapped, rings that do not end where they begin are closed, and what is built anew has
//!   counterclockwise outer rings and clockwise holes.
//!
//! Two things look like jumps and are none, because they are lawful as they stand: a side that goes along a parallel
//! from -180° to 180° exactly, as in a box around the world, unless the ring runs back along or across it; and
//! a counterclockwise box along meridians and parallels that is more than 350° wide, as global products and the bounds of
//! what lies on both sides of ±180° have.

use std::borrow::Cow;

use earthcatalog_model::Geometry;
use earthcatalog_model::geometry::{Position, Shape};

use crate::{GridError, Result};

mod cut;
mod reading;

pub(crate) use cut::polygons_of;
pub(crate) use reading::{twice_area, unwrap_all};

/// What [`normalise`] made of a geometry.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// The geometry, within ±180°.
    pub geometry: Geometry,
    /// False if it is the one that was given.
    pub changed: bool,
}

/// The geometry as it lies in the plane between -180° and 180°; None if there is no position in it.
///
/// ```
/// use earthcatalog_grid::normalise;
/// use earthcatalog_model::geometry::{Geometry, Position, Shape};
///
/// let ring = [(179.0, 0.0), (-179.0, 0.0), (-179.0, 1.0), (179.0, 1.0), (179.0, 0.0)];
/// let ring = ring.map(|(x, y)| Position::xy(x, y)).to_vec();
/// let found = normalise(&Geometry::xy(Shape::Polygon(vec![ring])))?;
/// assert!(found.is_some_and(|n| n.changed && matches!(n.geometry.shape, Shape::MultiPolygon(parts) if parts.len() == 2)));
/// # Ok::<(), earthcatalog_grid::GridError>(())
/// ```
///
/// # Errors
/// If a position is not finite or beyond a pole, a line has fewer than two positions, a ring fewer than three distinct
/// ones, or a ring goes around a pole more than once. The message names the place, such as `coordinates[0][3]`.
pub fn normalise(geometry: &Geometry) -> Result<Option<Normalised>> {
    Ok(ready(geometry)?.map(|found| {
        let changed = matches!(found, Cow::Owned(_));
        Normalised { geometry: found.into_owned(), changed }
    }))
}

/// The same without a copy where nothing changes.
pub(crate) fn ready(geometry: &Geometry) -> Result<Option<Cow<'_, Geometry>>> {
    if geometry.is_empty() {
        return Ok(None);
    }
    let state = state(&geometry.shape);
    if state == State::Wrong {
        diagnose(&geometry.shape, "coordinates")?;
    }
    if state == State::Planar {
        return Ok(Some(Cow::Borrowed(geometry)));
    }
    let shape = mend(&geometry.shape, "coordinates")?;
    Ok(Some(Cow::Owned(Geometry { shape, dims: geometry.dims })))
}

/// Longitudes beyond this are no longitudes that anyone counted up to.
const MOST_LON: f64 = 1e6;

/// A longitude within ±180°; those which are there already stay.
pub(crate) fn wrap(lon: f64) -> f64 {
    lon - 360.0 * cut::strip(lon, lon == -180.0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Planar,
    Mend,
    Wrong,
}

fn state(shape: &Shape) -> State {
    match shape {
        Shape::Point(p) => point_state(p),
        Shape::MultiPoint(points) => worst(points.iter().map(point_state)),
        Shape::LineString(line) => line_state(line),
        Shape::MultiLineString(lines) => worst(lines.iter().map(|line| line_state(line))),
        Shape::Polygon(rings) => polygon_state(rings),
        Shape::MultiPolygon(polygons) => worst(polygons.iter().map(|rings| polygon_state(rings))),
        Shape::GeometryCollection(shapes) => worst(shapes.iter().map(state)),
    }
}

fn worst(states: impl Iterator<Item = State>) -> State {
    states.max().unwrap_or(State::Planar)
}

fn point_state(p: &Position) -> State {
    match p.x.abs() {
        x if !(x <= MOST_LON && p.y.abs() <= 90.0) => State::Wrong,
        x if x > 180.0 => State::Mend,
        _ => State::Planar,
    }
}

fn line_state(line: &[Position]) -> State {
    if line.len() < 2 {
        return State::Wrong;
    }
    let jumps = reading::steps(line).any(|(a, b)| reading::jumps(a, b) && !reading::spans_the_world(a, b));
    let state = worst(line.iter().map(point_state));
    if jumps { state.max(State::Mend) } else { state }
}

fn polygon_state(rings: &[Vec<Position>]) -> State {
    worst(rings.iter().enumerate().map(|(i, ring)| ring_state(ring, i == 0)))
}

fn ring_state(ring: &[Position], outer: bool) -> State {
    if !reading::has_three_positions(ring) {
        return State::Wrong;
    }
    let state = worst(ring.iter().map(point_state));
    let planar = state != State::Planar || (reading::is_closed(ring) && !reading::ring_jumps(ring, outer));
    if planar { state } else { State::Mend }
}

/// The error of a shape that has one.
fn diagnose(shape: &Shape, path: &str) -> Result<()> {
    match shape {
        Shape::Point(p) => check_position(p, path),
        Shape::MultiPoint(points) => check_positions(points, path),
        Shape::LineString(line) => check_line(line, path),
        Shape::MultiLineString(lines) => each(lines, path, |line, path| check_line(line, path)),
        Shape::Polygon(rings) => each(rings, path, |ring, path| check_ring(ring, path)),
        Shape::MultiPolygon(polygons) => {
            each(polygons, path, |rings, path| each(rings, path, |ring, path| check_ring(ring, path)))
        }
        Shape::GeometryCollection(shapes) => {
            each(shapes, &geometries(path), |shape, path| diagnose(shape, &format!("{path}.coordinates")))
        }
    }
}

/// The path of a collection's members in place of that of its coordinates.
fn geometries(path: &str) -> String {
    format!("{}geometries", path.strip_suffix("coordinates").unwrap_or(path))
}

fn each<T>(values: &[T], path: &str, mut check: impl FnMut(&T, &str) -> Result<()>) -> Result<()> {
    values.iter().enumerate().try_for_each(|(i, value)| check(value, &format!("{path}[{i}]")))
}

fn check_positions(line: &[Position], path: &str) -> Result<()> {
    each(line, path, check_position)
}

fn check_line(line: &[Position], path: &str) -> Result<()> {
    check_positions(line, path)?;
    if line.len() < 2 { wrong(path, "a line of fewer than two positions".to_owned()) } else { Ok(()) }
}

fn check_ring(ring: &[Position], path: &str) -> Result<()> {
    check_positions(ring, path)?;
    if reading::has_three_positions(ring) {
        return Ok(());
    }
    wrong(path, TOO_FEW.to_owned())
}

const TOO_FEW: &str = "a ring of fewer than three distinct positions";

pub(crate) fn check_position(p: &Position, path: &str) -> Result<()> {
    match (p.x, p.y) {
        (x, _) if !x.is_finite() => wrong(path, format!("longitude {x} is no finite number")),
        (_, y) if !y.is_finite() => wrong(path, format!("latitude {y} is no finite number")),
        (_, y) if y.abs() > 90.0 => wrong(path, format!("latitude {y} is beyond 90")),
        (x, _) if x.abs() > MOST_LON => wrong(path, format!("longitude {x} is out of range")),
        _ => Ok(()),
    }
}

fn wrong<T>(path: &str, what: String) -> Result<T> {
    Err(GridError::Position { path: path.to_owned(), what })
}

fn mend(shape: &Shape, path: &str) -> Result<Shape> {
    Ok(match shape {
        Shape::Point(p) => Shape::Point(wrapped(p)),
        Shape::MultiPoint(points) => Shape::MultiPoint(points.iter().map(wrapped).collect()),
        Shape::LineString(line) => lines_shape(mend_line(line)),
        Shape::MultiLineString(lines) => {
            Shape::MultiLineString(lines.iter().flat_map(|line| mend_line(line)).collect())
        }
        Shape::Polygon(rings) => polygons_shape(mend_polygon(rings, path)?),
        Shape::MultiPolygon(polygons) => Shape::MultiPolygon(mend_polygons(polygons, path)?),
        Shape::GeometryCollection(shapes) => {
            Shape::GeometryCollection(mend_shapes(shapes, &geometries(path))?)
        }
    })
}

fn mend_shapes(shapes: &[Shape], path: &str) -> Result<Vec<Shape>> {
    shapes.iter().enumerate().map(|(i, shape)| mend(shape, &format!("{path}[{i}].coordinates"))).collect()
}

type Rings = Vec<Vec<Position>>;

fn mend_polygons(polygons: &[Rings], path: &str) -> Result<Vec<Rings>> {
    let mut mended = Vec::with_capacity(polygons.len());
    for (i, rings) in polygons.iter().enumerate() {
        mended.extend(mend_polygon(rings, &format!("{path}[{i}]"))?);
    }
    Ok(mended)
}

fn wrapped(p: &Position) -> Position {
    Position { x: wrap(p.x), ..*p }
}

fn mend_line(line: &[Position]) -> Rings {
    if line_state(line) == State::Planar {
        return vec![line.to_vec()];
    }
    cut::lines_of(&reading::unwrap_line(line))
}

fn mend_polygon(rings: &[Vec<Position>], path: &str) -> Result<Vec<Rings>> {
    if polygon_state(rings) == State::Planar {
        return Ok(vec![rings.to_vec()]);
    }
    let closed: Rings = rings.iter().map(|ring| reading::closed(ring)).collect();
    if polygon_state(&closed) == State::Planar {
        return Ok(vec![closed]);
    }
    let unwrapped: Rings =
        closed.iter().enumerate().map(|(i, ring)| reading::unwrap_ring(ring, i == 0)).collect();
    let polygons = polygons_of(unwrapped).map_err(|ring| GridError::Position {
        path: format!("{path}[{ring}]"),
        what: "a ring that goes around a pole more than once".to_owned(),
    })?;
    // Positions a turn apart were distinct only as they were written.
    let sound = polygons.iter().flatten().all(|ring| reading::has_three_positions(ring));
    if sound { Ok(polygons) } else { wrong(path, TOO_FEW.to_owned()) }
}

fn lines_shape(mut lines: Rings) -> Shape {
    if lines.len() == 1 { Shape::LineString(lines.remove(0)) } else { Shape::MultiLineString(lines) }
}

pub(crate) fn polygons_shape(mut polygons: Vec<Rings>) -> Shape {
    if polygons.len() == 1 { Shape::Polygon(polygons.remove(0)) } else { Shape::MultiPolygon(polygons) }
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;
