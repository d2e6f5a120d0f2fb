//! How the longitudes of a line or ring are meant: which steps jump, and where it goes when they are followed.

use earthcatalog_model::geometry::Position;

/// The pairs of neighbours.
pub(super) fn steps(line: &[Position]) -> impl Iterator<Item = (&Position, &Position)> {
    line.iter().zip(line.iter().skip(1))
}

/// True for a step of more than 180°.
pub(super) fn jumps(a: &Position, b: &Position) -> bool {
    (b.x - a.x).abs() > 180.0
}

/// True for a step from -180° to 180° or back.
pub(super) fn spans_the_world(a: &Position, b: &Position) -> bool {
    a.x.abs() == 180.0 && a.x == -b.x
}

pub(super) fn is_closed(ring: &[Position]) -> bool {
    ring.first().zip(ring.last()).is_some_and(|(a, b)| same(a, b))
}

/// The ring, its first position repeated at its end if it was not.
pub(super) fn closed(ring: &[Position]) -> Vec<Position> {
    let first = ring.first().filter(|_| !is_closed(ring));
    ring.iter().chain(first).copied().collect()
}

fn same(a: &Position, b: &Position) -> bool {
    a.x == b.x && a.y == b.y
}

pub(super) fn has_three_positions(ring: &[Position]) -> bool {
    let Some(first) = ring.first() else { return false };
    let Some(second) = ring.iter().find(|p| !same(p, first)) else { return false };
    ring.iter().any(|p| !same(p, first) && !same(p, second))
}

/// True if a closed ring, the outer one or a hole, has a step of more than 180° that means the short way.
pub(super) fn ring_jumps(ring: &[Position], outer: bool) -> bool {
    steps(ring).any(|(a, b)| jumps(a, b)) && !is_lawful(ring) && !(outer && is_world_box(ring))
}

/// True if all long steps go from -180° to 180° or back, and the ring is sound in the plane with them.
fn is_lawful(ring: &[Position]) -> bool {
    let mut balance = 0i32;
    for (a, b) in steps(ring).filter(|(a, b)| jumps(a, b)) {
        if !spans_the_world(a, b) {
            return false;
        }
        balance += if b.x > a.x { 1 } else { -1 };
    }
    balance == 0 || steps(ring).filter(|(a, b)| jumps(a, b)).all(|(a, b)| !is_met(a, b, ring))
}

/// True if the ring touches a side that spans the world somewhere between its ends. Along a pole, which is a point,
/// that means nothing.
fn is_met(a: &Position, b: &Position, ring: &[Position]) -> bool {
    if a.y == b.y && a.y.abs() == 90.0 {
        return false;
    }
    let above = |p: &Position| p.y - (a.y + (b.y - a.y) * (p.x - a.x) / (b.x - a.x));
    let within = |p: &Position| p.x.abs() < 180.0;
    steps(ring).any(|(p, q)| {
        let (u, v) = (above(p), above(q));
        (within(p) && u == 0.0) || (within(q) && v == 0.0) || u * v < 0.0
    })
}

/// True for a counterclockwise box along meridians and parallels that is nearly as wide as the world. Should it have been
/// meant the short way, its sides still touch about the same cells; the other way round, nearly all would be missed.
fn is_world_box(ring: &[Position]) -> bool {
    let along = |(a, b): (&Position, &Position)| (a.x == b.x) != (a.y == b.y);
    let wide = |(a, b): (&Position, &Position)| (b.x - a.x).abs() > 350.0;
    ring.len() == 5
        && ring.iter().all(|p| p.x.abs() <= 180.0)
        && steps(ring).all(along)
        && steps(ring).filter(|step| wide(*step)).count() == 2
        && twice_area(ring) > 0.0
}

/// Twice the area, positive for counterclockwise rings.
pub(crate) fn twice_area(ring: &[Position]) -> f64 {
    let Some(o) = ring.first() else { return 0.0 };
    steps(ring).map(|(a, b)| (a.x - o.x) * (b.y - o.y) - (b.x - o.x) * (a.y - o.y)).sum()
}

/// The ring with every step the short way, so that longitudes may leave ±180°.
pub(super) fn unwrap_ring(ring: &[Position], outer: bool) -> Vec<Position> {
    if ring_jumps(ring, outer) { unwrap_all(ring) } else { ring.to_vec() }
}

/// A line with every step the short way, save those that span the world.
pub(super) fn unwrap_line(line: &[Position]) -> Vec<Position> {
    unwrap(line, |a, b| jumps(a, b) && !spans_the_world(a, b))
}

/// Every step the short way.
pub(crate) fn unwrap_all(ring: &[Position]) -> Vec<Position> {
    unwrap(ring, jumps)
}

fn unwrap(line: &[Position], jumps: impl Fn(&Position, &Position) -> bool) -> Vec<Position> {
    let mut turns = 0.0;
    let first = line.first().copied();
    let rest = steps(line).map(|(a, b)| {
        if jumps(a, b) {
            turns -= ((b.x - a.x) / 360.0).round();
        }
        Position { x: b.x + 360.0 * turns, ..*b }
    });
    first.into_iter().chain(rest).collect()
}
