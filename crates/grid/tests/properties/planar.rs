//! Geometries as `geo` knows them, in the plane between -180° and 180°.

use earthcatalog_grid::{Geometry, normalise};
use earthcatalog_model::geometry::{Position, Shape};

/// The geometry, normalised.
pub(crate) fn planar(geometry: &Geometry) -> geo::Geometry {
    of_shape(&normalise(geometry).unwrap().unwrap().geometry.shape)
}

fn coordinate(p: &Position) -> geo::Coord {
    geo::Coord { x: p.x, y: p.y }
}

fn line(line: &[Position]) -> geo::LineString {
    line.iter().map(coordinate).collect()
}

fn polygon(rings: &[Vec<Position>]) -> geo::Polygon {
    geo::Polygon::new(line(&rings[0]), rings[1..].iter().map(|l| line(l)).collect())
}

fn of_shape(shape: &Shape) -> geo::Geometry {
    match shape {
        Shape::Point(p) => geo::Point(coordinate(p)).into(),
        Shape::MultiPoint(points) => {
            geo::MultiPoint(points.iter().map(|p| geo::Point(coordinate(p))).collect()).into()
        }
        Shape::LineString(positions) => line(positions).into(),
        Shape::MultiLineString(lines) => geo::MultiLineString(lines.iter().map(|l| line(l)).collect()).into(),
        Shape::Polygon(rings) => polygon(rings).into(),
        Shape::MultiPolygon(polygons) => {
            geo::MultiPolygon(polygons.iter().map(|rings| polygon(rings)).collect()).into()
        }
        Shape::GeometryCollection(shapes) => {
            let all = shapes.iter().map(of_shape).collect();
            geo::Geometry::GeometryCollection(geo::GeometryCollection(all))
        }
    }
}
