//! Lines and rings whose longitudes run on beyond ±180°, cut there and put together anew.
//!
//! A ring is cut into chains where it passes 180°, and each chain is moved into the strip between -180° and 180°. All
//! crossings of a polygon, its holes' too, are sorted by latitude; inside and outside alternate along the meridian,
//! so that the first is joined with the second, the third with the fourth, on both sides. A polygon around
//! a pole has an odd number of them: the pole is the one that is missing.

use earthcatalog_model::geometry::Position;

use super::reading::twice_area;
use crate::part::crossing;

type Ring = Vec<Position>;

/// The number of the strip, 360° wide, of a longitude. A longitude on the line between two belongs to the western one,
/// as if the line were a hair further east, or with `east` to the eastern one.
pub(super) fn strip(lon: f64, east: bool) -> f64 {
    let at = (lon - 180.0) / 360.0;
    if east { at.floor() + 1.0 } else { at.ceil() }
}

/// A piece of a ring between two crossings; `from` and `to` number them, and say on which side of the strip they are.
#[derive(Debug, Clone)]
struct Chain {
    positions: Ring,
    from: Option<End>,
    to: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End {
    crossing: usize,
    east: bool,
}

/// Cuts a line into chains. `latitudes` are those of all crossings so far.
fn chains(line: &[Position], latitudes: &mut Vec<f64>) -> Vec<Chain> {
    let mut done = Vec::new();
    let Some(first) = line.first() else { return done };
    let mut at = strip(first.x, false);
    let mut chain = Chain { positions: vec![moved(first, at)], from: None, to: None };
    for (a, b) in super::reading::steps(line) {
        let end = strip(b.x, false);
        while at != end {
            let eastwards = end > at;
            let border = 360.0 * (if eastwards { at } else { at - 1.0 }) + 180.0;
            let p = between(a, b, border);
            let number = latitudes.len();
            latitudes.push(p.y);
            chain.positions.push(Position { x: if eastwards { 180.0 } else { -180.0 }, ..p });
            chain.to = Some(End { crossing: number, east: eastwards });
            let from = Some(End { crossing: number, east: !eastwards });
            let start = Position { x: if eastwards { -180.0 } else { 180.0 }, ..p };
            done.push(std::mem::replace(&mut chain, Chain { positions: vec![start], from, to: None }));
            at += if eastwards { 1.0 } else { -1.0 };
        }
        chain.positions.push(moved(b, at));
    }
    done.push(chain);
    done
}

fn moved(p: &Position, strip: f64) -> Position {
    Position { x: p.x - 360.0 * strip, ..*p }
}

/// The position of a step at a longitude.
fn between(a: &Position, b: &Position, x: f64) -> Position {
    let t = ((x - a.x) / (b.x - a.x)).clamp(0.0, 1.0);
    let mix = |a: f64, b: f64| if a == b { a } else { a * (1.0 - t) + b * t };
    Position { x, y: mix(a.y, b.y), z: mix(a.z, b.z), m: mix(a.m, b.m) }
}

/// A line within ±180°, in pieces.
pub(super) fn lines_of(line: &[Position]) -> Vec<Ring> {
    let all: Vec<Ring> =
        chains(line, &mut Vec::new()).into_iter().map(|chain| tidy(chain.positions)).collect();
    let long: Vec<Ring> = all.iter().filter(|line| line.len() > 1).cloned().collect();
    if !long.is_empty() {
        return long;
    }
    all.into_iter()
        .take(1)
        .map(|mut line| {
            line.extend(line.first().copied());
            line
        })
        .collect()
}

/// Polygons within ±180° from one whose closed rings run on beyond it; the number of the ring that makes no sense.
pub(crate) fn polygons_of(rings: Vec<Ring>) -> Result<Vec<Vec<Ring>>, usize> {
    let mut cut = Cut::default();
    for (i, ring) in rings.iter().enumerate() {
        cut.add(ring, i > 0).ok_or(i)?;
    }
    cut.close_pole();
    let outer = cut.join();
    let polygons = with_holes(outer, cut.whole);
    Ok(if polygons.is_empty() {
        rings.first().map(|ring| vec![vec![flat(ring)]]).unwrap_or_default()
    } else {
        polygons
    })
}

/// A ring without area, all of which is at ±180° or at a pole, where any longitude will do.
fn flat(ring: &[Position]) -> Ring {
    let most = ring.iter().map(|p| p.x.abs()).fold(180.0, f64::max);
    let at_pole = ring.iter().all(|p| p.y.abs() == 90.0);
    let on = |p: &Position| Position { x: if at_pole { p.x / most * 80.0 } else { 180.0 }, ..*p };
    let open = ring.len().saturating_sub(1);
    ring.iter().take(open).chain(ring.first()).map(on).collect()
}

/// The polygon in pieces.
#[derive(Default)]
struct Cut {
    latitudes: Vec<f64>,
    chains: Vec<Chain>,
    /// Rings that cross nothing: outer ones, holes.
    whole: (Vec<Ring>, Vec<Ring>),
    around: Vec<Around>,
}

/// What is known of a ring around a pole.
struct Around {
    /// Its mean latitude, in some unit.
    mean: f64,
    eastwards: bool,
}

impl Cut {
    /// None if the ring goes around the globe more than once.
    fn add(&mut self, ring: &[Position], hole: bool) -> Option<()> {
        let turns = (ring.last()?.x - ring.first()?.x) / 360.0;
        if turns.abs() > 1.5 {
            return None;
        }
        if turns.abs() > 0.5 {
            let twice = |(a, b): (&Position, &Position)| (b.x - a.x) * (a.y + b.y);
            let area: f64 = super::reading::steps(ring).map(twice).sum();
            self.around.push(Around { mean: area / turns, eastwards: turns > 0.0 });
        }
        let mut found = chains(ring, &mut self.latitudes);
        let last = found.pop()?;
        if found.is_empty() {
            let whole = if hole { &mut self.whole.1 } else { &mut self.whole.0 };
            whole.push(last.positions);
            return Some(());
        }
        // The ring began somewhere in the middle of a chain.
        if let Some(first) = found.first_mut() {
            first.positions.splice(0..1, last.positions);
            first.from = last.from;
        }
        self.chains.append(&mut found);
        Some(())
    }

    fn close_pole(&mut self) {
        let Some(ring) = self.around.first().filter(|_| self.around.len() % 2 == 1) else { return };
        let north = if ring.mean.abs() < 1e-6 { ring.eastwards } else { ring.mean > 0.0 };
        let pole = if north { 90.0 } else { -90.0 };
        // The height at the pole is as unknown as that of any other point: that of the nearest crossing will do.
        let nearest = self.chains.iter().flat_map(|c| c.positions.first()).copied();
        let nearest = nearest.min_by(|a, b| (a.y - pole).abs().total_cmp(&(b.y - pole).abs()));
        let Some(like) = nearest else { return };
        let crossing = self.latitudes.len();
        self.latitudes.push(pole);
        self.chains.push(Chain {
            positions: [180.0, -180.0].map(|x| Position { x, y: pole, ..like }).to_vec(),
            from: Some(End { crossing, east: true }),
            to: Some(End { crossing, east: false }),
        });
    }

    /// The crossing that each is joined with.
    fn partners(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.latitudes.len()).collect();
        let latitude = |i: &usize| self.latitudes.get(*i).copied().unwrap_or_default();
        order.sort_by(|a, b| latitude(a).total_cmp(&latitude(b)));
        let mut partners: Vec<usize> = (0..order.len()).collect();
        for pair in order.chunks_exact(2) {
            if let [a, b] = *pair {
                partners.swap(a, b);
            }
        }
        partners
    }

    /// The rings that the chains make.
    fn join(&mut self) -> Vec<Ring> {
        let partners = self.partners();
        let mut rings = Vec::new();
        while let Some(mut chain) = self.chains.pop() {
            let mut ring = chain.positions;
            while let Some(next) = chain.to.and_then(|end| self.take_next(end, &partners)) {
                ring.extend_from_slice(&next.positions);
                chain = next;
            }
            rings.push(ring);
        }
        rings
    }

    /// The chain, turned if need be, that goes on from where one ended.
    fn take_next(&mut self, end: End, partners: &[usize]) -> Option<Chain> {
        let wanted = Some(End { crossing: *partners.get(end.crossing)?, east: end.east });
        let at = self.chains.iter().position(|chain| chain.from == wanted || chain.to == wanted)?;
        let mut chain = self.chains.swap_remove(at);
        if chain.from != wanted {
            chain.positions.reverse();
            std::mem::swap(&mut chain.from, &mut chain.to);
        }
        Some(chain)
    }
}

/// Polygons from rings of which the last two lists crossed nothing.
fn with_holes(joined: Vec<Ring>, whole: (Vec<Ring>, Vec<Ring>)) -> Vec<Vec<Ring>> {
    let outer = whole.0.into_iter().chain(joined).map(|ring| finished(ring, true)).filter(has_area);
    let mut polygons: Vec<Vec<Ring>> = outer.map(|ring| vec![ring]).collect();
    for hole in whole.1.into_iter().map(|ring| finished(ring, false)).filter(has_area) {
        // A hole that is in none, or not wholly in one, is invalid, but nothing of it is dropped.
        let home = polygons
            .iter_mut()
            .max_by_key(|polygon| polygon.first().map_or(0, |outer| enclosed(outer, &hole)));
        if let Some(polygon) = home {
            polygon.push(hole);
        }
    }
    polygons
}

/// Closed, without repetitions, and counterclockwise or not.
fn finished(ring: Ring, counterclockwise: bool) -> Ring {
    let mut ring = tidy(ring);
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    if (twice_area(&ring) > 0.0) != counterclockwise {
        ring.reverse();
    }
    ring
}

fn tidy(mut line: Ring) -> Ring {
    line.dedup_by(|a, b| a.x == b.x && a.y == b.y);
    line
}

/// False for what is left of a ring that only touches 180° or a pole.
fn has_area(ring: &Ring) -> bool {
    let flat =
        |same: &dyn Fn(&Position, &Position) -> bool| super::reading::steps(ring).all(|(a, b)| same(a, b));
    ring.len() > 3 && !flat(&|a, b| a.x == b.x) && !flat(&|a, b| a.y == b.y && a.y.abs() == 90.0)
}

/// How many positions of a hole are in a ring.
fn enclosed(outer: &[Position], hole: &[Position]) -> usize {
    let around =
        |p: &Position| super::reading::steps(outer).map(|(a, b)| crossing(a, b, p.x, p.y)).sum::<i32>() != 0;
    hole.iter().filter(|p| around(p)).count()
}
