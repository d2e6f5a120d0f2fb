//! Boxes, as `--bbox` and STAC API write them.

use earthcatalog_grid::box_geometry;
use earthcatalog_model::{Bbox, Geometry};

use crate::error::{Error, Result};

/// Reads `west,south,east,north` in degrees, or six numbers with heights between (RFC 7946 §5), which are dropped.
/// West > east crosses 180°.
///
/// # Errors
/// When these are not four or six finite numbers.
pub fn parse_bbox(text: &str) -> Result<Bbox> {
    let numbers: Option<Vec<f64>> =
        text.split(',').map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect();
    match numbers.as_deref() {
        Some([west, south, east, north] | [west, south, _, east, north, _]) => {
            Ok(Bbox::new(*west, *south, *east, *north))
        }
        _ => Err(Error::Bbox { text: text.chars().take(80).collect() }),
    }
}

/// Reads a box as [`parse_bbox`] does and gives the geometry that it stands for, cut at 180°.
///
/// # Errors
/// As [`parse_bbox`], and when a side is nowhere on Earth or south is above north.
pub fn bbox_geometry(text: &str) -> Result<Geometry> {
    let b = parse_bbox(text)?;
    Ok(box_geometry(b.west, b.south, b.east, b.north)?)
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::geometry::Shape;

    use super::*;

    fn check(text: &str, expected: [f64; 4]) {
        let b = parse_bbox(text).unwrap();
        assert_eq!([b.west, b.south, b.east, b.north], expected, "{text}");
    }

    #[test]
    fn four_or_six_numbers() {
        check("-60,60,-20,85", [-60.0, 60.0, -20.0, 85.0]);
        check(" 170, -20 ,-170,-10.5", [170.0, -20.0, -170.0, -10.5]);
        check("1,2,-100,3,4,9000", [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,nan", "1,2,3,inf", "1;2;3;4", "1,2,3,4,"] {
            let error = parse_bbox(text).unwrap_err().to_string();
            assert!(error.contains("west,south,east,north"), "{text}: {error}");
        }
        assert!(bbox_geometry("0,95,1,96").is_err());
        assert!(bbox_geometry("0,50,10,40").is_err());
    }

    #[test]
    fn a_box_may_cross_180() {
        let geometry = bbox_geometry("170,-20,-170,-10").unwrap();
        assert!(matches!(geometry.shape, Shape::MultiPolygon(parts) if parts.len() == 2));
    }
}
