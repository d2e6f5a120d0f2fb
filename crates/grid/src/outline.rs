//! The outlines of cells as polygons that are straight in longitude and latitude.

use earthcatalog_model::Geometry;
use earthcatalog_model::geometry::{Position, Shape};

use crate::normalise::{polygons_of, polygons_shape, unwrap_all};
use crate::sphere::{V3, add, lon_lat, scale, square, sub, unit};
use crate::{GridError, Result};

/// The polygon with these corners, joined by great-circle arcs, each drawn in steps of at most 2° and at least four.
pub(crate) fn of_corners(corners: &[V3]) -> Result<Geometry> {
    let ring = lifted(&drawn(corners));
    let around =
        |_| GridError::Position { path: "outline".to_owned(), what: "goes around a pole twice".to_owned() };
    let polygons = polygons_of(vec![unwrap_all(&ring)]).map_err(around)?;
    Ok(Geometry { shape: polygons_shape(polygons), ..Geometry::xy(Shape::MultiPoint(Vec::new())) })
}

/// Radians: 2°.
const STEP: f64 = 0.035;

/// The closed ring of points.
fn drawn(corners: &[V3]) -> Vec<V3> {
    let ends = corners.iter().cycle().skip(1);
    let mut points = Vec::new();
    for (a, b) in corners.iter().zip(ends) {
        let steps = (square(&sub(a, b)).sqrt() / STEP).ceil().max(4.0) as usize;
        points.extend((0..steps).map(|i| mix(a, b, i as f64 / steps as f64)));
    }
    points.extend(corners.first());
    points
}

fn mix(a: &V3, b: &V3, t: f64) -> V3 {
    if t == 0.0 { *a } else { unit(&add(&scale(a, 1.0 - t), &scale(b, t))) }
}

/// The positions of a closed ring. The pole, which has no longitude, becomes a step along its parallel from the
/// longitude of the point before it to that of the point behind it.
fn lifted(points: &[V3]) -> Vec<Position> {
    let is_pole = |v: &V3| v[0].hypot(v[1]) < 1e-15;
    let turns = points.iter().position(|v| !is_pole(v)).unwrap_or(0);
    let open = points.get(..points.len().saturating_sub(1)).unwrap_or_default();
    let ring: Vec<&V3> = open.iter().cycle().skip(turns).take(open.len() + 1).collect();
    let mut positions: Vec<Position> = Vec::with_capacity(ring.len() + 1);
    for (at, v) in ring.iter().enumerate() {
        if !is_pole(v) {
            let (lon, lat) = lon_lat(v);
            positions.push(Position::xy(lon, lat));
            continue;
        }
        let pole = 90f64.copysign(v[2]);
        let before = positions.last().map(|p| p.x);
        let behind = ring.get(at + 1).map(|v| lon_lat(v).0);
        positions.extend(before.into_iter().chain(behind).map(|lon| Position::xy(lon, pole)));
    }
    positions
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;
