use super::*;
use crate::{S2Grid, box_geometry};

fn world() -> Geometry {
    box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap()
}

fn check(geometry: &Geometry, all: bool) {
    let found = Covering::of(&S2Grid::new(20).unwrap(), geometry);
    match found {
        Ok(covering) => assert!(all && covering == Covering::All, "{geometry:?}"),
        Err(error) => {
            assert!(!all, "{geometry:?}");
            assert_eq!(
                error.to_string(),
                "the geometry touches more than 1000000 cells of s2:20: use a coarser grid"
            );
        }
    }
}

#[test]
fn only_the_whole_world_is_all() {
    check(&world(), true);
    check(&box_geometry(0.0, -90.0, 360.0, 90.0).unwrap(), true);
    let Geometry { shape, .. } = world();
    check(&Geometry::xy(Shape::GeometryCollection(vec![Shape::Point(Position::xy(1.0, 2.0)), shape])), true);
    check(&box_geometry(-180.0, -90.0, 180.0, 89.0).unwrap(), false);
    check(&box_geometry(-179.0, -90.0, 180.0, 90.0).unwrap(), false);
    let Shape::Polygon(mut rings) = world().shape else { unreachable!("a box is a polygon") };
    rings.push([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)].map(|(x, y)| Position::xy(x, y)).to_vec());
    check(&Geometry::xy(Shape::Polygon(rings)), false);
}

#[test]
fn conditions() {
    assert_eq!(Covering::All.sql(), "grid_partition <> '__none__'");
    assert_eq!(Covering::Cells(vec![CellId::new("a")]).sql(), "grid_partition IN ('a')");
    assert_eq!(Covering::Cells(Vec::new()).sql(), "FALSE");
}
