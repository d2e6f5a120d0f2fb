//! Coverings that are known: the whole world, and points in which cells meet.

use earthcatalog_grid::{CellId, Geometry, Grid, H3Grid, S2Grid, box_geometry, cells_for_geometry};
use earthcatalog_model::geometry::{Position, Shape};

use crate::cells::Judge;

fn cells(grid: &dyn Grid, geometry: &Geometry) -> Vec<CellId> {
    cells_for_geometry(grid, geometry).unwrap()
}

fn point(lon: f64, lat: f64) -> Geometry {
    Geometry::xy(Shape::Point(Position::xy(lon, lat)))
}

#[test]
fn the_world_is_every_cell() {
    let world = box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    for level in 0..=7 {
        assert_eq!(cells(&S2Grid::new(level).unwrap(), &world).len(), 6 << (2 * level));
    }
    for (resolution, count) in [(0, 122), (1, 842), (2, 5882), (3, 41162)] {
        assert_eq!(cells(&H3Grid::new(resolution).unwrap(), &world).len(), count);
    }
    let mut none = Vec::new();
    let message = S2Grid::new(30).unwrap().cover(&world, &mut none).unwrap_err().to_string();
    assert!(message.contains("s2:30") && none.is_empty(), "{message}");
}

/// What a covering finds is put behind what is there, and nothing is if it fails.
#[test]
fn coverings_are_appended() {
    let mut found = vec![CellId::none()];
    S2Grid::new(4).unwrap().cover(&point(1.0, 2.0), &mut found).unwrap();
    assert_eq!(found.len(), 2);
    assert!(S2Grid::new(4).unwrap().cover(&point(1.0, 92.0), &mut found).is_err());
    assert_eq!((found.len(), &found[0]), (2, &CellId::none()));
}

/// A corner of S2 cells at ±180° on the equator belongs to four cells, the pole to four, a corner of the cube to three.
#[test]
fn corners_belong_to_all_cells_around() {
    let count = |lon: f64, lat: f64| cells(&S2Grid::new(4).unwrap(), &point(lon, lat)).len();
    assert_eq!(count(0.0, 0.0), 4);
    assert_eq!(count(180.0, 0.0), 4);
    assert_eq!(count(-180.0, 0.0), 4);
    assert_eq!(count(12.0, 90.0), 4);
    assert_eq!(count(45.0, (0.5f64).sqrt().atan().to_degrees()), 3);
    assert_eq!(count(45.0, 0.0), 4);
    assert_eq!(count(180.0, 10.0), 2);
    assert_eq!(count(10.0, 10.0), 1);
}

/// The corners of every coarse cell belong to that cell, and to two others at least, of S2 and of H3.
#[test]
fn every_corner_has_its_neighbours() {
    let world = box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    for (judge, others) in [(Judge::s2(2), 3), (Judge::h3(0), 2), (Judge::h3(1), 2)] {
        let grid = judge.grid();
        for cell in cells(&*grid, &world) {
            let id = match judge {
                Judge::S2(_) => s2::cellid::CellID::from_token(cell.as_str()).0,
                Judge::H3(_) => u64::from_str_radix(cell.as_str(), 16).unwrap(),
            };
            for (lon, lat) in judge.corners(id) {
                let found = cells(&*grid, &point(lon, lat));
                assert!(found.contains(&cell) && found.len() >= others, "{lon},{lat} of {cell}: {found:?}");
            }
        }
    }
}

/// Lines that have a million cells or more are refused at once, and those that have a few less are covered.
#[test]
fn lines_that_are_too_long_for_a_grid() {
    let line = |east: f64| {
        let ends = [Position::xy(0.0, 0.1), Position::xy(east, 0.101)];
        Geometry::xy(Shape::LineString(ends.to_vec()))
    };
    for (spec, short, long) in [("s2:30", 0.02, 170.0), ("h3:15", 0.02, 170.0), ("s2:20", 1.0, 170.0)] {
        let grid = earthcatalog_grid::build(&spec.parse().unwrap(), None).unwrap();
        assert!(cells(&*grid, &line(short)).len() > 1000, "{spec}");
        assert!(cells_for_geometry(&*grid, &line(long)).is_err(), "{spec}");
    }
}

/// A line between two points that are the same but for the last bits of the smallest numbers is in the cells of both.
#[test]
fn lines_of_hardly_any_length() {
    for north in [0.0, 5e-324, 1e-300, 1e-170, 1e-16] {
        let ends = [Position::xy(360.0, 0.0), Position::xy(360.0, north)];
        let line = Geometry::xy(Shape::LineString(ends.to_vec()));
        for judge in [Judge::s2(4), Judge::s2(30), Judge::h3(1), Judge::h3(15)] {
            let own = judge.name(judge.id(0.0, 0.0));
            assert!(cells(&*judge.grid(), &line).contains(&own), "{north} in {own}");
        }
    }
}
