//! The S2 grid: cells by their tokens, level 0 to 30.

use earthcatalog_model::{CellId, Geometry};
use s2::cellid::CellID;

use crate::cover::cover_with;
use crate::descent::Tree;
use crate::outline;
use crate::part::Part;
use crate::patch::Patch;
use crate::sphere::{V3, add, scale, sub, unit};
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

    fn roots(&self, _part: &Part<'_>, roots: &mut Vec<Square>) {
        roots.extend((0..6).map(|face| Square { face, level: 0, i: 0, j: 0 }));
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

    fn count(&self, node: Square) -> u64 {
        1 << (2 * self.level.saturating_sub(node.level))
    }

    fn push_all(&self, node: Square, cells: &mut Vec<u64>) {
        let first = node.id().child_begin_at_level(u64::from(self.level));
        let step = first.lsb() << 1;
        cells.extend((0..self.count(node)).map(|n| first.0.wrapping_add(n.wrapping_mul(step))));
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

/// Points of adjacent squares are computed from different planes; they agree this well.
const MARGIN: f64 = 2e-15;

impl Square {
    fn of(id: CellID) -> Self {
        let (face, i, j, _) = id.face_ij_orientation();
        let level = id.level().min(30);
        let at = |leaf: i32| (leaf as u32) >> (30 - level);
        Self { face, level: level as u8, i: at(i), j: at(j) }
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
        let chord = 0.5 * (u.1 - u.0).hypot(v.1 - v.0) / out;
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
