//! Coverings against the cells of the geometry's own points: none may be missing.

use std::collections::HashSet;

use earthcatalog_grid::CellId;

use crate::cases::{cases, for_each_case};
use crate::cells::Judge;
use crate::geometries::{Part, geometry, lifted, parts};
use crate::points::points;
use crate::random::Random;

/// Covers a geometry and looks up its points; returns the number of points that were shown.
fn check(judge: &Judge, parts: &[Part], rng: &mut Random) -> usize {
    let geometry = lifted(rng, geometry(parts));
    let mut cells = Vec::new();
    let covered = judge.grid().cover(&geometry, &mut cells);
    assert!(covered.is_ok(), "{covered:?}: {geometry:?}");
    assert!(cells.is_sorted() && cells.windows(2).all(|pair| pair[0] != pair[1]));
    let cells: HashSet<CellId> = cells.into_iter().collect();
    let id = |x: f64, y: f64| judge.id(x, y);
    let (mut shown, mut last) = (0, 0);
    for part in parts {
        points(rng, part, &id, &mut |x, y| {
            shown += 1;
            let cell = id(x, y);
            if cell != last {
                last = cell;
                let cell = judge.name(cell);
                let spec = judge.grid().spec();
                assert!(cells.contains(&cell), "{cell} of {x},{y} is missing at {spec}: {parts:?}");
            }
        });
    }
    shown
}

/// From a thousandth of a cell to twenty cells; of one or two as a rule, because large ones take their time.
fn size(rng: &mut Random, judge: &Judge) -> f64 {
    let most = if rng.below(5) == 0 { 1.3 } else { 0.3 };
    judge.size() * 10f64.powf(rng.between(-3.0, most))
}

fn misses_nothing(count: u64, any: fn(&mut Random) -> Judge) {
    let mut shown = 0;
    for_each_case(count, |rng| {
        let judge = any(rng);
        let crowds = judge.corners_of_any(rng);
        let size = size(rng, &judge);
        let parts = parts(rng, size, &crowds);
        shown += check(&judge, &parts, rng);
    });
    println!("{shown} points, none missed");
}

#[test]
fn s2_misses_nothing() {
    misses_nothing(cases(3000), Judge::any_s2);
}

#[test]
fn h3_misses_nothing() {
    misses_nothing(cases(3000), Judge::any_h3);
}

/// Whatever the size of a cell: from a metre to the globe, at levels at which that can be listed.
#[test]
fn any_size_at_coarse_levels() {
    let mut shown = 0;
    for_each_case(cases(1000), |rng| {
        let judge =
            if rng.below(2) == 0 { Judge::s2(rng.below(6) as u8) } else { Judge::h3(rng.below(4) as u8) };
        let crowds = judge.corners_of_any(rng);
        let most = if rng.below(5) == 0 { 1.93 } else { 0.5 };
        let size = 10f64.powf(rng.between(-5.0, most));
        let parts = parts(rng, size, &crowds);
        shown += check(&judge, &parts, rng);
    });
    println!("{shown} points, none missed");
}
