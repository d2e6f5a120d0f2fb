//! The S2 grid: cells by their tokens, level 0 to 30.

use earthcatalog_model::{CellId, Geometry};
use s2::cellid::CellID;

use crate::cover::cover_with;
use crate::descent::Tree;
use crate::outline;
use crate::part::Part;
use crate::patch::Patch;
use crate::scratch::{Scratch, Shelf, lend};
use crate::sphere::{Place, ROUNDING, V3, add, dot, scale, sub, unit};
use crate::{Grid, GridError, GridSpec, Result};

/// S2 cells of one level. Names are tokens: the id in hexadecimal without its trailing zeros.
#[derive(Debug, Clone, Copy)]
pub struct S2Grid {
    level: u8,
}

impl S2Grid {
    /// The grid of a level.
    ///
    /// # Errors
    /// If the level is beyond 30.
    pub fn new(level: u8) -> Result<Self> {
        if level > 30 {
            return Err(GridError::Spec { given: format!("s2:{level}") });
        }
        Ok(Self { level })
    }

    fn find(&self, cell: &CellId) -> Result<CellID> {
        let id = CellID::from_token(cell.as_str());
        let known = id.is_valid() && id.level() == u64::from(self.level) && id.to_token() == cell.as_str();
        known.then_some(id).ok_or_else(|| crate::unknown_cell(cell, &self.spec()))
    }
}

impl Grid for S2Grid {
    fn spec(&self) -> GridSpec {
        GridSpec::S2 { level: self.level }
    }

    fn cover(&self, geometry: &Geometry, cells: &mut Vec<CellId>) -> Result<()> {
        cover_with(self, geometry, &self.spec(), cells, token)
    }

    fn outline(&self, cell: &CellId) -> Result<Geometry> {
        let id = self.find(cell)?;
        outline::of_corners(&Square::of(id).corners())
    }
}

/// The position along the S2 Hilbert curve: the id of the leaf cell of a point, degrees. Zero if that is nowhere.
///
/// ```
/// let near = |lon, lat| earthcatalog_grid::hilbert(lon, lat) >> 40;
/// assert_eq!(near(12.0, 47.0), near(12.001, 47.001));
/// ```
pub fn hilbert(lon: f64, lat: f64) -> u64 {
    if !lon.is_finite() || !lat.is_finite() {
        return 0;
    }
    CellID::from(s2::latlng::LatLng::from_degrees(lat.clamp(-90.0, 90.0), lon)).0
}

impl Tree for S2Grid {
    type Node = Square;

    fn only_cell_of(&self, place: &Place) -> Option<u64> {
        Square::surely_around(&place.v, self.level).map(|square| square.id().0)
    }

    fn roots(&self, part: &Part<'_>, roots: &mut Vec<Square>) {
        let few = part.cap().and_then(|(centre, radius)| Window::around(&centre, radius));
        match few {
            Some(window) => roots.extend(window.squares(self.level)),
            None => roots.extend((0..6).map(|face| Square { face, level: 0, i: 0, j: 0 })),
        }
    }

    fn cap(&self, node: Square) -> (V3, f64) {
        node.cap()
    }

    fn children(&self, node: Square, children: &mut Vec<Square>) -> bool {
        let below = node.level < self.level;
        if below {
            let (face, level, i, j) = (node.face, node.level + 1, 2 * node.i, 2 * node.j);
            let quarters = [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)];
            children.extend(quarters.map(|(i, j)| Square { face, level, i, j }));
        }
        below
    }

    fn with_patch<R>(&self, node: Square, look: impl FnOnce(&Patch) -> R) -> R {
        look(&node.patch())
    }

    fn surely_within(&self, _node: Square) -> f64 {
        0.0
    }

    fn diameter(&self) -> f64 {
        WIDEST / (1u64 << self.level) as f64
    }

    fn count(&self, node: Square) -> u64 {
        1 << (2 * self.level.saturating_sub(node.level))
    }

    fn push_all(&self, node: Square, cells: &mut Vec<u64>) {
        let first = node.id().child_begin_at_level(u64::from(self.level));
        let step = first.lsb() << 1;
        cells.extend((0..self.count(node)).map(|n| first.0.wrapping_add(n.wrapping_mul(step))));
    }

    fn with_scratch<R>(&self, work: impl FnOnce(&mut Scratch<Square>) -> R) -> R {
        thread_local! {
            static SHELF: Shelf<Square> = const { Shelf::new(None) };
        }
        lend(&SHELF, work)
    }
}

/// A rectangle of s and t on a face, of which a circle is a part.
struct Window {
    face: u8,
    s: (f64, f64),
    t: (f64, f64),
}

/// Radians: larger circles are rare, and covered from the faces down.
const LARGEST: f64 = 0.1;

impl Window {
    /// None if the circle is large or reaches over the border of a face.
    fn around(centre: &V3, radius: f64) -> Option<Self> {
        let (face, u, v) = face_uv(centre)?;
        // The projection stretches by the square of the secant of the distance from the middle of the face.
        let (from_middle, tangent) = ((u * u + v * v).sqrt(), radius.tan());
        let furthest = (from_middle + tangent) / (1.0 - from_middle * tangent);
        let reach = (radius + ROUNDING) * (1.0 + furthest * furthest);
        let within = radius <= LARGEST && u.abs() + reach < 1.0 && v.abs() + reach < 1.0;
        let range = |at: f64| (uv_to_st(at - reach), uv_to_st(at + reach));
        within.then(|| Self { face: face as u8, s: range(u), t: range(v) })
    }

    /// The one to four squares that it is in, of a level or, if they were more there, a coarser one.
    fn squares(&self, level: u8) -> impl Iterator<Item = Square> {
        let width = (self.s.1 - self.s.0).max(self.t.1 - self.t.0);
        let finest = (-width.log2()).clamp(0.0, 30.0) as u8;
        let (face, level) = (self.face, level.min(finest));
        let side = (1u64 << level) as f64;
        let range = |(low, high): (f64, f64)| (low * side) as u32..=(high * side) as u32;
        let columns = range(self.t);
        range(self.s).flat_map(move |i| columns.clone().map(move |j| Square { face, level, i, j }))
    }
}

/// A cell of any level as a square of a face of the cube: column and row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Square {
    face: u8,
    level: u8,
    i: u32,
    j: u32,
}

/// The axes of the faces: u, v, and outwards.
const AXES: [[V3; 3]; 6] = [
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
    [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]],
    [[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]],
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]],
];

/// The quadratic transform that makes cells of one level nearly equal in area (S2's `kQuadraticProjection`).
fn st_to_uv(s: f64) -> f64 {
    if s >= 0.5 { (4.0 * s * s - 1.0) / 3.0 } else { (1.0 - 4.0 * (1.0 - s) * (1.0 - s)) / 3.0 }
}

/// The inverse of [`st_to_uv`].
fn uv_to_st(u: f64) -> f64 {
    if u >= 0.0 { 0.5 * (1.0 + 3.0 * u).sqrt() } else { 1.0 - 0.5 * (1.0 - 3.0 * u).sqrt() }
}

/// The face of the cube on which a point is, and where on it.
fn face_uv(point: &V3) -> Option<(usize, f64, f64)> {
    let along = |face: &usize| AXES.get(*face).map_or(-1.0, |[_, _, out]| dot(out, point));
    let face = (0..6).max_by(|a, b| along(a).total_cmp(&along(b)))?;
    let [u, v, out] = AXES.get(face)?;
    let depth = dot(out, point);
    Some((face, dot(u, point) / depth, dot(v, point) / depth))
}

/// Of the width of a face: further than this from a side, no rounding reaches it.
const CLEAR: f64 = 1e-14;

/// The longest diagonal of a cell, radians at level 0 (S2's `kMaxDiag` for its quadratic projection, rounded up).
const WIDEST: f64 = 2.4387;

/// Points of adjacent squares are computed from different planes; they agree this well.
const MARGIN: f64 = 2e-15;

impl Square {
    fn of(id: CellID) -> Self {
        let (face, i, j, _) = id.face_ij_orientation();
        let level = id.level().min(30);
        let at = |leaf: i32| (leaf as u32) >> (30 - level);
        Self { face, level: level as u8, i: at(i), j: at(j) }
    }

    /// The square of a level that holds a point, if it is well inside: so far from the sides that rounding cannot matter.
    fn surely_around(v: &V3, level: u8) -> Option<Self> {
        let (face, u, v) = face_uv(v)?;
        let side = (1u64 << level) as f64;
        let along = |u: f64| {
            let at = uv_to_st(u) * side;
            let inside = at.fract().min(1.0 - at.fract());
            (inside > CLEAR * side && at >= 0.0 && at < side).then_some(at as u32)
        };
        Some(Self { face: face as u8, level, i: along(u)?, j: along(v)? })
    }

    fn id(&self) -> CellID {
        let leaf = |at: u32| (u64::from(at) << (30 - self.level)) as i32;
        CellID::from_face_ij(self.face, leaf(self.i), leaf(self.j)).parent(u64::from(self.level))
    }

    /// The bounds of u and v.
    fn sides(&self) -> [(f64, f64); 2] {
        let step = 1.0 / (1u64 << self.level) as f64;
        [self.i, self.j].map(|at| (st_to_uv(f64::from(at) * step), st_to_uv((f64::from(at) + 1.0) * step)))
    }

    fn axes(&self) -> &'static [V3; 3] {
        &AXES[usize::from(self.face.min(5))]
    }

    fn point(&self, u: f64, v: f64) -> V3 {
        let [u_axis, v_axis, out] = self.axes();
        unit(&add(out, &add(&scale(u_axis, u), &scale(v_axis, v))))
    }

    fn corners(&self) -> [V3; 4] {
        let [(u0, u1), (v0, v1)] = self.sides();
        [self.point(u0, v0), self.point(u1, v0), self.point(u1, v1), self.point(u0, v1)]
    }

    /// Outside of the unit sphere, distances shrink when points are moved onto it, the more the further out they are:
    /// in proportion at least to the least distance of the square from the centre of the sphere.
    fn cap(&self) -> (V3, f64) {
        let [u, v] = self.sides();
        let nearest =
            |(low, high): (f64, f64)| if low * high <= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
        let out = (1.0 + nearest(u).powi(2) + nearest(v).powi(2)).sqrt();
        let chord = 0.5 * ((u.1 - u.0).powi(2) + (v.1 - v.0).powi(2)).sqrt() / out;
        // An angle is at most this much longer than its chord, up to 70°.
        (self.point(0.5 * (u.0 + u.1), 0.5 * (v.0 + v.1)), chord * (1.0 + chord * chord / 16.0))
    }

    fn patch(&self) -> Patch {
        let [(u0, u1), (v0, v1)] = self.sides();
        let [u, v, out] = self.axes();
        let plane = |axis: &V3, at: f64, sign: f64| unit(&scale(&sub(axis, &scale(out, at)), sign));
        let inward = [plane(v, v0, 1.0), plane(u, u1, -1.0), plane(v, v1, -1.0), plane(u, u0, 1.0)];
        let centre = self.point(0.5 * (u0 + u1), 0.5 * (v0 + v1));
        Patch::convex(&self.corners(), &inward, centre, MARGIN)
    }
}

/// The token of an id.
fn token(id: u64) -> CellId {
    let digits = (16 - id.trailing_zeros() / 4).max(1) as usize;
    crate::cover::hexadecimal(id, digits)
}

#[cfg(test)]
#[path = "s2_tests.rs"]
mod tests;
