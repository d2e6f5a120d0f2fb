//! Two geometries that intersect, as `geo` sees it in the plane, share a cell.

use earthcatalog_grid::{Geometry, cells_for_geometry};
use geo::Intersects;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::geometries::{geometry, part, parts, place};
use crate::planar::planar;
use crate::random::Random;

/// Two geometries near each other, of sizes that may differ much; a third of them have parts elsewhere too.
fn pair(rng: &mut Random, cell: f64) -> [Geometry; 2] {
    let (x, y) = place(rng, &[]);
    let large = (cell * 10f64.powf(rng.between(-2.0, 1.0))).min(40.0);
    [0, 1].map(|_| {
        let size = large * 10f64.powf(rng.between(-1.0, 0.0));
        let near = (x + rng.between(-large, large), (y + rng.between(-large, large)).clamp(-90.0, 90.0));
        let mut all = vec![part(rng, near, size)];
        if rng.below(3) == 0 {
            all.extend(parts(rng, size, &[]));
        }
        geometry(&all)
    })
}

#[test]
fn what_intersects_shares_a_cell() {
    let (mut all, mut met) = (0, 0);
    for_each_case(cases(4000), |rng| {
        let judge = Judge::any(rng);
        let [a, b] = pair(rng, judge.size());
        all += 1;
        if !planar(&a).intersects(&planar(&b)) {
            return;
        }
        met += 1;
        let grid = judge.grid();
        let (of_a, of_b) = (cells_for_geometry(&*grid, &a).unwrap(), cells_for_geometry(&*grid, &b).unwrap());
        assert!(of_a.iter().any(|cell| of_b.binary_search(cell).is_ok()), "{}: {a:?} {b:?}", grid.spec());
    });
    println!("{met} of {all} pairs intersect");
    assert!(all < 100 || met * 20 > all, "{met} of {all}");
}
