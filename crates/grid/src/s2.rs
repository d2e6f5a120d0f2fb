//! The S2 grid: cells by their tokens, level 0 to 30.

use earthcatalog_model::{CellId, Geometry};
use s2::cellid::CellID;

use crate::cover::cover_with;
use crate::descent::Tree;
use crate::outline;
use crate::part::Part;
use crate::patch::{Patch, middle};
use crate::sphere::{V3, add, scale, unit};
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
        cover_with(self, geometry, &self.spec(), cells, |id| CellId::new(CellID(id).to_token()))
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
    type Node = CellID;

    fn roots(&self, _part: &Part<'_>, roots: &mut Vec<CellID>) {
        roots.extend((0..6).map(CellID::from_face));
    }

    fn cap(&self, node: CellID) -> (V3, f64) {
        let patch = Square::of(node).patch();
        (patch.centre, patch.radius)
    }

    fn children(&self, node: CellID, children: &mut Vec<CellID>) -> bool {
        let below = node.level() < u64::from(self.level);
        if below {
            children.extend(node.children());
        }
        below
    }

    fn with_patch<R>(&self, node: CellID, look: impl FnOnce(&Patch) -> R) -> R {
        look(&Square::of(node).patch())
    }

    fn count(&self, node: CellID) -> u64 {
        1 << (2 * (u64::from(self.level).saturating_sub(node.level())))
    }

    fn push_all(&self, node: CellID, cells: &mut Vec<u64>) {
        let level = u64::from(self.level);
        let (first, end) = (node.child_begin_at_level(level), node.child_end_at_level(level));
        let step = first.lsb() << 1;
        let mut id = first.0;
        for _ in 0..self.count(node) {
            cells.push(id);
            id = id.wrapping_add(step);
        }
        debug_assert_eq!(id, end.0);
    }
}

/// A square of a face of the cube: bounds of u and of v.
#[derive(Debug, Clone, Copy)]
struct Square {
    face: u8,
    u: (f64, f64),
    v: (f64, f64),
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

/// Leaf cells along a side of a face.
const LEAVES: f64 = (1u64 << 30) as f64;

/// Points of adjacent squares are computed from different planes; they agree this well.
const MARGIN: f64 = 2e-15;

impl Square {
    fn of(id: CellID) -> Self {
        let (face, i, j, _) = id.face_ij_orientation();
        let size = 1i64 << (30 - id.level().min(30));
        let side = |at: i32| {
            let low = i64::from(at) & -size;
            (st_to_uv(low as f64 / LEAVES), st_to_uv((low + size) as f64 / LEAVES))
        };
        Self { face, u: side(i), v: side(j) }
    }

    fn point(&self, u: f64, v: f64) -> V3 {
        let [u_axis, v_axis, out] = AXES[usize::from(self.face.min(5))];
        unit(&add(&out, &add(&scale(&u_axis, u), &scale(&v_axis, v))))
    }

    fn corners(&self) -> [V3; 4] {
        let ((u0, u1), (v0, v1)) = (self.u, self.v);
        [self.point(u0, v0), self.point(u1, v0), self.point(u1, v1), self.point(u0, v1)]
    }

    fn patch(&self) -> Patch {
        let corners = self.corners();
        Patch::new(&corners, middle(&corners), MARGIN)
    }
}

#[cfg(test)]
#[path = "s2_tests.rs"]
mod tests;
