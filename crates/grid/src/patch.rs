//! Cells as convex patches of the sphere, and whether a line or a point touches one.

use crate::sphere::{Piece, V3, dot, normal, square, sub};

/// Corners of a cell at most: an H3 pentagon with a distortion vertex on each side.
const MOST: usize = 10;

/// The corners of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corners {
    all: [V3; MOST],
    count: usize,
}

impl Corners {
    pub(crate) fn get(&self) -> &[V3] {
        self.all.get(..self.count).unwrap_or_default()
    }
}

impl FromIterator<V3> for Corners {
    fn from_iter<I: IntoIterator<Item = V3>>(corners: I) -> Self {
        let mut found = Self { all: [[0.0; 3]; MOST], count: 0 };
        for (place, corner) in found.all.iter_mut().zip(corners) {
            *place = corner;
            found.count += 1;
        }
        found
    }
}

/// The part of the sphere on the inner side of some planes, all of which go nearly through its centre.
#[derive(Debug, Clone)]
pub(crate) struct Patch {
    corners: [V3; MOST],
    /// Inward unit normals of the sides, and how far inside of a side's plane (or beyond, if negative) all of it lies.
    sides: [(V3, f64); MOST],
    count: usize,
    /// A point inside.
    pub(crate) centre: V3,
    /// All of it is within this many radians of the centre.
    pub(crate) radius: f64,
    margin: f64,
}

impl Patch {
    /// The patch with these corners, counterclockwise seen from outside; none may be further than 80° from the centre.
    /// Where a corner is dented, the dent is filled. Everything is widened by `margin` radians.
    pub(crate) fn new(corners: &[V3], centre: V3, margin: f64) -> Self {
        let mut patch = Self::of_corners(corners, centre, margin);
        patch.find_sides();
        patch
    }

    /// The same when the inward unit normals of the sides are known and nothing is dented.
    pub(crate) fn convex(corners: &[V3], inward: &[V3], centre: V3, margin: f64) -> Self {
        let mut patch = Self::of_corners(corners, centre, margin);
        for (side, inward) in patch.sides.iter_mut().zip(inward) {
            *side = (*inward, -margin);
        }
        patch
    }

    fn of_corners(corners: &[V3], centre: V3, margin: f64) -> Self {
        let mut patch = Self {
            corners: [[0.0; 3]; MOST],
            sides: [([0.0; 3], 0.0); MOST],
            count: corners.len().min(MOST),
            centre,
            radius: radius(corners, &centre) + margin,
            margin,
        };
        for (to, from) in patch.corners.iter_mut().zip(corners) {
            *to = *from;
        }
        patch
    }

    fn find_sides(&mut self) {
        let corners = self.corners;
        let Some(corners) = corners.get(..self.count) else { return };
        let ends = corners.iter().cycle().skip(1);
        for ((side, a), b) in self.sides.iter_mut().zip(corners).zip(ends) {
            let inward = normal(a, b);
            let least = corners.iter().map(|c| dot(c, &inward)).fold(0.0, f64::min);
            // An arc between two corners in front of a plane may pass a little further in front of it than both.
            *side = (inward, 1.1 * least - self.margin);
        }
    }

    pub(crate) fn corners(&self) -> &[V3] {
        self.corners.get(..self.count).unwrap_or_default()
    }

    fn sides(&self) -> &[(V3, f64)] {
        self.sides.get(..self.count).unwrap_or_default()
    }

    /// True if the point is in it for sure.
    fn holds(&self, v: &V3) -> bool {
        self.sides().iter().all(|(inward, _)| dot(inward, v) >= 0.0)
    }

    /// True only if the point is well inside, where no other cell can be: further from all sides than what the margin
    /// allows for, and in no dent that was filled.
    pub(crate) fn surely_holds(&self, v: &V3) -> bool {
        let clear = 4.0 * self.margin + 1e-11;
        self.sides().iter().all(|(inward, _)| dot(inward, v) > clear)
    }

    /// False only if no point of the line is in it. True by mistake only within a thousandth of its size.
    pub(crate) fn touches(&self, piece: &Piece) -> bool {
        if self.is_beside(piece) {
            return false;
        }
        if piece.stray <= 1e-3 * self.radius || self.holds(&piece.a.v) || self.holds(&piece.b.v) {
            return true;
        }
        piece.halves().iter().any(|half| self.touches(half))
    }

    /// Separating planes: that of a side, or that of the arc. There are no others between convex shapes of this kind.
    fn is_beside(&self, piece: &Piece) -> bool {
        let outside = |(inward, least): &(V3, f64)| {
            dot(inward, &piece.a.v).max(dot(inward, &piece.b.v)) < least - piece.stray
        };
        self.sides().iter().any(outside) || self.is_on_one_side(&piece.normal, piece.stray + self.margin)
    }

    fn is_on_one_side(&self, plane: &V3, margin: f64) -> bool {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for corner in self.corners() {
            let d = dot(corner, plane);
            (least, most) = (least.min(d), most.max(d));
        }
        least > margin || most < -margin
    }
}

/// The angle from the centre to the furthest corner; exact for small ones, never too small.
fn radius(corners: &[V3], centre: &V3) -> f64 {
    let chord = corners.iter().map(|c| square(&sub(c, centre))).fold(0.0, f64::max).sqrt();
    2.0 * (0.5 * chord).min(1.0).asin() * (1.0 + 1e-12)
}

#[cfg(test)]
impl Patch {
    /// How far a point is beyond the furthest side.
    pub(crate) fn outside(&self, v: &V3) -> f64 {
        self.sides()
            .iter()
            .map(|(inward, least)| (least + self.margin) - dot(inward, v))
            .fold(f64::MIN, f64::max)
    }

    /// How far a point is from the nearest side.
    pub(crate) fn inside(&self, v: &V3) -> f64 {
        self.sides().iter().map(|(inward, _)| dot(inward, v)).fold(f64::MAX, f64::min)
    }
}
