//! Anything at all: it is covered or refused, and never panics.

use earthcatalog_grid::{Geometry, cells_for_geometry, normalise};
use earthcatalog_model::geometry::{Position, Shape};
use geo::Validation;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::planar::planar;
use crate::random::Random;

/// True if it was covered, false if it was refused.
fn is_covered(judge: &Judge, geometry: &Geometry) -> bool {
    match cells_for_geometry(&*judge.grid(), geometry) {
        Ok(cells) => {
            assert!(!cells.is_empty() || geometry.is_empty(), "{geometry:?}");
            true
        }
        Err(error) => {
            assert!(error.to_string().contains("coordinates"), "{error}");
            false
        }
    }
}

/// What was normalised once is normal. Of a ring that crosses itself it is anyone's reading what is inside, and a second
/// look may take another: such a one need only stay where coordinates are.
fn check_normal(geometry: &Geometry) {
    let Ok(Some(normal)) = normalise(geometry) else { return };
    let again = normalise(&normal.geometry).unwrap().unwrap();
    assert!(!again.changed || !planar(&normal.geometry).is_valid(), "{geometry:?}\n{normal:?}");
    let within = |b: earthcatalog_model::Bbox| b.west >= -180.0 && b.east <= 180.0;
    assert!(again.geometry.bbox().is_some_and(within));
}

#[test]
fn nonsense_does_no_harm() {
    let (mut covered, mut refused) = (0, 0);
    for_each_case(cases(4000), |rng| {
        let geometry = nonsense(rng);
        check_normal(&geometry);
        for judge in [Judge::s2(3), Judge::h3(1)] {
            if is_covered(&judge, &geometry) { covered += 1 } else { refused += 1 }
        }
    });
    println!("{covered} covered, {refused} refused");
}

fn nonsense(rng: &mut Random) -> Geometry {
    let odd =
        [0.0, -0.0, 180.0, -180.0, 90.0, -90.0, 360.0, 540.0, -540.0, 1e-300, 179.999_999_999, 1e7, f64::NAN];
    let mut number =
        |wide: f64| if rng.below(3) == 0 { odd[rng.below(odd.len())] } else { rng.between(-wide, wide) };
    let mut line: Vec<Position> =
        (0..6).map(|_| Position::xy(number(400.0), number(90.0).clamp(-90.0, 90.0))).collect();
    line.truncate(rng.below(7));
    let closed = || line.iter().chain(line.first()).copied().collect::<Vec<_>>();
    Geometry::xy(match rng.below(6) {
        0 => Shape::MultiPoint(line),
        1 => Shape::LineString(line),
        2 => Shape::Polygon(vec![line]),
        3 => Shape::Polygon(vec![closed(), closed()]),
        4 => Shape::MultiPolygon(vec![vec![closed()], vec![]]),
        _ => Shape::GeometryCollection(vec![
            Shape::Polygon(vec![closed()]),
            Shape::MultiLineString(vec![line.clone()]),
        ]),
    })
}
