//! The covering of a union is the union of the coverings.

use std::collections::BTreeSet;

use earthcatalog_grid::{CellId, Geometry, Grid, Regions, cells_for_geometry};
use earthcatalog_model::geometry::Shape;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::geometries::{Part, geometry, parts};
use crate::regions::file;

fn check(grid: &dyn Grid, parts: &[Part]) {
    let covered = |geometry: &Geometry| cells_for_geometry(grid, geometry).unwrap();
    let one_by_one: BTreeSet<CellId> =
        parts.iter().flat_map(|part| covered(&geometry(std::slice::from_ref(part)))).collect();
    let nested = Shape::GeometryCollection(vec![geometry(parts).shape]);
    let together = covered(&Geometry::xy(nested));
    let differ: Vec<&CellId> = together.iter().filter(|cell| !one_by_one.contains(*cell)).collect();
    assert!(differ.is_empty(), "{}: {differ:?} only in the union of {parts:?}", grid.spec());
    assert_eq!(together.len(), one_by_one.len(), "{}: {parts:?}", grid.spec());
}

#[test]
fn coverings_of_unions_are_unions_of_coverings() {
    let regions = Regions::read("regions", "name", file(60).as_bytes()).unwrap();
    for_each_case(cases(2000), |rng| {
        let judge = Judge::any(rng);
        let size = judge.size() * 10f64.powf(rng.between(-2.0, 1.0));
        let crowds = judge.corners_of_any(rng);
        let mut all = parts(rng, size, &crowds);
        all.extend(parts(rng, size, &crowds));
        check(&*judge.grid(), &all);
        check(&regions, &all);
    });
}
