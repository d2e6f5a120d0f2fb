//! Boxes of longitude and latitude, as STAC and GeoJSON (RFC 7946 §5) write them.

use earthcatalog_model::Geometry;
use earthcatalog_model::geometry::{Position, Shape};

use crate::normalise::{check_position, wrap};
use crate::{GridError, Result};

/// The box as a geometry within ±180°. West > east crosses 180° and gives two polygons; a box without width or height
/// gives a line or a point.
///
/// ```
/// use earthcatalog_grid::box_geometry;
/// use earthcatalog_model::geometry::Shape;
///
/// let fiji = box_geometry(177.0, -19.0, -179.0, -16.0)?;
/// assert!(matches!(fiji.shape, Shape::MultiPolygon(parts) if parts.len() == 2));
/// # Ok::<(), earthcatalog_grid::GridError>(())
/// ```
///
/// # Errors
/// If a side is not finite or beyond a pole, or south > north.
pub fn box_geometry(west: f64, south: f64, east: f64, north: f64) -> Result<Geometry> {
    check_position(&Position::xy(west, south), "bbox[0..2]")?;
    check_position(&Position::xy(east, north), "bbox[2..4]")?;
    if south > north {
        return Err(GridError::Position {
            path: "bbox".to_owned(),
            what: format!("south {south} is above north {north}"),
        });
    }
    let shapes: Vec<Shape> =
        spans(west, east).into_iter().map(|(w, e)| rectangle(w, south, e, north)).collect();
    Ok(Geometry::xy(together(shapes)))
}

/// The ranges of longitude within ±180° that go eastwards from one to the other.
fn spans(west: f64, east: f64) -> Vec<(f64, f64)> {
    if east - west >= 360.0 {
        return vec![(-180.0, 180.0)];
    }
    let (west, east) = (wrap(west), wrap(east));
    match (west, east) {
        _ if west <= east => vec![(west, east)],
        (180.0, _) => vec![(-180.0, east)],
        (_, -180.0) => vec![(west, 180.0)],
        _ => vec![(west, 180.0), (-180.0, east)],
    }
}

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Shape {
    let [sw, se, ne, nw] =
        [(west, south), (east, south), (east, north), (west, north)].map(|(x, y)| Position::xy(x, y));
    // Sides of more than 180° would look like jumps.
    let halfway = |y: f64| (east - west > 180.0).then(|| Position::xy(0.5 * (west + east), y));
    let bottom = [sw].into_iter().chain(halfway(south)).chain([se]);
    match (west == east, south == north) {
        (true, true) => Shape::Point(sw),
        (false, true) => Shape::LineString(bottom.collect()),
        (true, false) => Shape::LineString(vec![sw, ne]),
        (false, false) => {
            Shape::Polygon(vec![bottom.chain([ne]).chain(halfway(north)).chain([nw, sw]).collect()])
        }
    }
}

/// One shape of several of a kind.
fn together(mut shapes: Vec<Shape>) -> Shape {
    if shapes.len() == 1 {
        return shapes.remove(0);
    }
    let mut polygons = Vec::new();
    let mut lines = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Polygon(rings) => polygons.push(rings),
            Shape::LineString(line) => lines.push(line),
            Shape::Point(p) => lines.push(vec![p, p]),
            other => return other,
        }
    }
    if polygons.is_empty() { Shape::MultiLineString(lines) } else { Shape::MultiPolygon(polygons) }
}

#[cfg(test)]
#[path = "boxes_tests.rs"]
mod tests;
