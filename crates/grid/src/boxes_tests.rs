use super::*;
use crate::{S2Grid, cells_for_geometry, normalise};

/// The boxes that a box consists of: west, south, east, north of each part.
fn parts(sides: [f64; 4]) -> Vec<[f64; 4]> {
    let [west, south, east, north] = sides;
    let geometry = box_geometry(west, south, east, north).unwrap();
    assert!(!normalise(&geometry).unwrap().unwrap().changed, "{geometry:?}");
    let bounds = |shape: Shape| {
        let b = Geometry::xy(shape).bbox().unwrap();
        [b.west, b.south, b.east, b.north]
    };
    match geometry.shape {
        Shape::MultiPolygon(all) => all.into_iter().map(|rings| bounds(Shape::Polygon(rings))).collect(),
        Shape::MultiLineString(all) => all.into_iter().map(|line| bounds(Shape::LineString(line))).collect(),
        shape => vec![bounds(shape)],
    }
}

fn check(sides: [f64; 4], expected: &[[f64; 4]]) {
    assert_eq!(parts(sides), expected, "{sides:?}");
}

#[test]
fn boxes_across_180_are_two() {
    check([170.0, -20.0, -170.0, -10.0], &[[170.0, -20.0, 180.0, -10.0], [-180.0, -20.0, -170.0, -10.0]]);
    check([170.0, 0.0, 190.0, 1.0], &[[170.0, 0.0, 180.0, 1.0], [-180.0, 0.0, -170.0, 1.0]]);
    check([10.0, 0.0, -10.0, 1.0], &[[10.0, 0.0, 180.0, 1.0], [-180.0, 0.0, -10.0, 1.0]]);
    check([170.0, 5.0, -170.0, 5.0], &[[170.0, 5.0, 180.0, 5.0], [-180.0, 5.0, -170.0, 5.0]]);
}

#[test]
fn boxes_that_end_at_180_are_one() {
    check([170.0, 0.0, 180.0, 1.0], &[[170.0, 0.0, 180.0, 1.0]]);
    check([170.0, 0.0, -180.0, 1.0], &[[170.0, 0.0, 180.0, 1.0]]);
    check([180.0, 0.0, -170.0, 1.0], &[[-180.0, 0.0, -170.0, 1.0]]);
    check([-180.0, 0.0, -170.0, 1.0], &[[-180.0, 0.0, -170.0, 1.0]]);
}

#[test]
fn longitudes_that_run_on() {
    check([190.0, 0.0, 200.0, 1.0], &[[-170.0, 0.0, -160.0, 1.0]]);
    check([-200.0, 0.0, -190.0, 1.0], &[[160.0, 0.0, 170.0, 1.0]]);
    check([0.0, -5.0, 360.0, 5.0], &[[-180.0, -5.0, 180.0, 5.0]]);
    check([-180.0, -90.0, 180.0, 90.0], &[[-180.0, -90.0, 180.0, 90.0]]);
}

#[test]
fn boxes_without_area() {
    let shape = |w, s, e, n| box_geometry(w, s, e, n).unwrap().shape;
    assert!(matches!(shape(1.0, 2.0, 1.0, 2.0), Shape::Point(_)));
    assert!(matches!(shape(1.0, 2.0, 1.0, 3.0), Shape::LineString(_)));
    assert!(matches!(shape(1.0, 2.0, 3.0, 2.0), Shape::LineString(_)));
}

/// A box that was cut touches no cell far from it.
#[test]
fn a_box_across_180_stays_where_it_is() {
    let grid = S2Grid::new(4).unwrap();
    let cells = cells_for_geometry(&grid, &box_geometry(170.0, -20.0, -170.0, -10.0).unwrap()).unwrap();
    let africa = cells_for_geometry(&grid, &box_geometry(-20.0, -35.0, 50.0, 35.0).unwrap()).unwrap();
    assert!(cells.len() < 25 && !cells.iter().any(|cell| africa.contains(cell)), "{cells:?}");
}

#[test]
fn errors_name_the_side() {
    let wrong = |[w, s, e, n]: [f64; 4], message: &str| {
        assert_eq!(box_geometry(w, s, e, n).unwrap_err().to_string(), message);
    };
    wrong([0.0, -95.0, 1.0, 1.0], "bbox[0..2]: latitude -95 is beyond 90");
    wrong([0.0, 0.0, 1.0, 90.1], "bbox[2..4]: latitude 90.1 is beyond 90");
    wrong([f64::NAN, 0.0, 1.0, 1.0], "bbox[0..2]: longitude NaN is no finite number");
    wrong([0.0, 0.0, f64::INFINITY, 1.0], "bbox[2..4]: longitude inf is no finite number");
    wrong([0.0, 5.0, 1.0, 4.0], "bbox: south 5 is above north 4");
}
