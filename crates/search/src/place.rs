//! Where a query's geometry is: its cells, and the boxes of its parts.

use std::collections::BTreeSet;

use earthcatalog_grid::{Grid, GridError, GridSpec, normalise};
use earthcatalog_model::geometry::{Position, Shape};
use earthcatalog_model::{Bbox, CellId, Geometry};

use crate::error::Result;

/// What a file must have something of to hold an item that touches the geometry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// The cells that the geometry touches; None where cells tell nothing.
    pub(crate) cells: Option<BTreeSet<CellId>>,
    boxes: Vec<Bbox>,
}

impl Place {
    /// The place of a geometry; None for an empty one.
    pub(crate) fn new(grid: &dyn Grid, geometry: &Geometry) -> Result<Option<Self>> {
        let Some(normal) = normalise(geometry)? else { return Ok(None) };
        let mut boxes = Vec::new();
        shape_boxes(&normal.geometry.shape, &mut boxes);
        Ok(Some(Self { cells: cells(grid, geometry)?, boxes }))
    }

    /// False only if nothing within `extent` can touch the geometry.
    pub(crate) fn may_touch(&self, extent: &Bbox) -> bool {
        self.boxes.iter().any(|b| overlap(b, extent))
    }
}

/// The covering, where one that shares no cell with an item shares no point with it either.
///
/// Regions need not be everywhere: a query and an item may meet where there is none, so that cells tell nothing. So it
/// is where a grid is too fine for the query; the boxes of files are then what is left.
fn cells(grid: &dyn Grid, geometry: &Geometry) -> Result<Option<BTreeSet<CellId>>> {
    if matches!(grid.spec(), GridSpec::GeoJson { .. }) {
        return Ok(None);
    }
    let mut cells = Vec::new();
    match grid.cover(geometry, &mut cells) {
        Ok(()) => Ok(Some(cells.into_iter().collect())),
        Err(GridError::TooManyCells { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn overlap(a: &Bbox, b: &Bbox) -> bool {
    a.west <= b.east && b.west <= a.east && a.south <= b.north && b.south <= a.north
}

fn shape_boxes(shape: &Shape, boxes: &mut Vec<Bbox>) {
    match shape {
        Shape::Point(p) => around([p], boxes),
        Shape::MultiPoint(ps) => ps.iter().for_each(|p| around([p], boxes)),
        Shape::LineString(line) => around(line, boxes),
        Shape::MultiLineString(lines) => lines.iter().for_each(|line| around(line, boxes)),
        Shape::Polygon(rings) => around(rings.iter().flatten(), boxes),
        Shape::MultiPolygon(polygons) => {
            polygons.iter().for_each(|rings| around(rings.iter().flatten(), boxes))
        }
        Shape::GeometryCollection(shapes) => shapes.iter().for_each(|s| shape_boxes(s, boxes)),
    }
}

/// The box around positions, and those that are the same points of the Earth under other coordinates: ±180° are one
/// meridian, and at a pole all longitudes are one point.
fn around<'a>(positions: impl IntoIterator<Item = &'a Position>, boxes: &mut Vec<Bbox>) {
    let empty = Bbox::new(f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let b = positions
        .into_iter()
        .fold(empty, |b, p| Bbox::new(b.west.min(p.x), b.south.min(p.y), b.east.max(p.x), b.north.max(p.y)));
    let aliases = [
        (b.west <= -180.0, Bbox::new(180.0, b.south, 180.0, b.north)),
        (b.east >= 180.0, Bbox::new(-180.0, b.south, -180.0, b.north)),
        (b.south <= -90.0, Bbox::new(-180.0, -90.0, 180.0, -90.0)),
        (b.north >= 90.0, Bbox::new(-180.0, 90.0, 180.0, 90.0)),
    ];
    boxes.push(b);
    boxes.extend(aliases.into_iter().filter(|(there, _)| *there).map(|(_, alias)| alias));
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
