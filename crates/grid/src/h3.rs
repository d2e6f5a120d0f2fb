//! The H3 grid: cells by their indexes, resolution 0 to 15.

use earthcatalog_model::{CellId, Geometry};
use h3o::{CellIndex, LatLng, Resolution};

use crate::cover::{cover_with, hexadecimal};
use crate::descent::Tree;
use crate::outline;
use crate::part::Part;
use crate::patch::{Corners, Patch};
use crate::scratch::{Scratch, Shelf, lend};
use crate::sphere::{Place, V3, lon_lat};
use crate::{Grid, GridError, GridSpec, Result};

mod kept;

use kept::{push_disk, with_known};

/// H3 cells of one resolution. Names are indexes in hexadecimal, such as `8107bffffffffff`.
#[derive(Debug, Clone, Copy)]
pub struct H3Grid {
    resolution: Resolution,
}

impl H3Grid {
    /// The grid of a resolution.
    ///
    /// # Errors
    /// If the resolution is beyond 15.
    pub fn new(resolution: u8) -> Result<Self> {
        let unknown = |_| GridError::Spec { given: format!("h3:{resolution}") };
        Ok(Self { resolution: Resolution::try_from(resolution).map_err(unknown)? })
    }

    fn find(&self, cell: &CellId) -> Result<CellIndex> {
        let found = cell.as_str().parse::<CellIndex>().ok();
        let known =
            found.filter(|index| index.resolution() == self.resolution && index.to_string() == cell.as_str());
        known.ok_or_else(|| crate::unknown_cell(cell, &self.spec()))
    }
}

impl Grid for H3Grid {
    fn spec(&self) -> GridSpec {
        GridSpec::H3 { resolution: u8::from(self.resolution) }
    }

    fn cover(&self, geometry: &Geometry, cells: &mut Vec<CellId>) -> Result<()> {
        cover_with(self, geometry, &self.spec(), cells, |id| hexadecimal(id << 4, 15))
    }

    fn outline(&self, cell: &CellId) -> Result<Geometry> {
        outline::of_corners(corners(self.find(cell)?).get())
    }
}

impl Tree for H3Grid {
    type Node = CellIndex;

    fn only_cell_of(&self, place: &Place) -> Option<u64> {
        let cell = LatLng::new(place.lat, place.lon).ok()?.to_cell(self.resolution);
        self.with_patch(cell, |patch| patch.surely_holds(&place.v)).then(|| u64::from(cell))
    }

    fn roots(&self, part: &Part<'_>, roots: &mut Vec<CellIndex>) {
        match part.cap().and_then(|(centre, radius)| self.start(&centre, radius)) {
            Some(start) => push_disk(start, roots),
            None => roots.extend(CellIndex::base_cells()),
        }
    }

    fn cap(&self, node: CellIndex) -> (V3, f64) {
        let resolution = node.resolution();
        let radius = if resolution == self.resolution { corner_reach(resolution) } else { reach(resolution) };
        let centre =
            with_known(node, |known| known.map(|known| known.patch.centre)).unwrap_or_else(|| centre(node));
        let radius = radius + 2.0 * polar_margin(&centre);
        (centre, radius)
    }

    fn children(&self, node: CellIndex, children: &mut Vec<CellIndex>) -> bool {
        let next = node.resolution().succ().filter(|next| *next <= self.resolution);
        if let Some(next) = next {
            children.extend(node.children(next));
        }
        next.is_some()
    }

    fn with_patch<R>(&self, node: CellIndex, look: impl FnOnce(&Patch) -> R) -> R {
        with_known(node, |known| match known {
            Some(known) => look(&known.patch),
            None => look(&patch(node)),
        })
    }

    fn surely_within(&self, node: CellIndex) -> f64 {
        bounds::INSIDE * scale(node.resolution())
    }

    fn diameter(&self) -> f64 {
        2.0 * corner_reach(self.resolution)
    }

    fn count(&self, node: CellIndex) -> u64 {
        node.children_count(self.resolution)
    }

    fn push_all(&self, node: CellIndex, cells: &mut Vec<u64>) {
        cells.extend(node.children(self.resolution).map(u64::from));
    }

    fn with_scratch<R>(&self, work: impl FnOnce(&mut Scratch<CellIndex>) -> R) -> R {
        thread_local! {
            static SHELF: Shelf<CellIndex> = const { Shelf::new(None) };
        }
        lend(&SHELF, work)
    }
}

/// Bounds of the sizes of cells, in radians at resolution 0; a resolution is a step of √7. Tests measure them.
mod bounds {
    /// From the centre of a cell to its furthest corner.
    pub(super) const CORNER: f64 = 0.225;
    /// From the centre of a cell to its nearest side.
    pub(super) const INSIDE: f64 = 0.09;
    /// From the centre of a cell to the furthest corner of a cell below it, over the former. Cells are no unions of
    /// their children: at √7 a step these stand out a little.
    pub(super) const REACH: f64 = 1.08;
    /// A circle of this radius around any point of a cell touches no cell but it and its neighbours.
    pub(super) const DISK: f64 = 0.09;
    /// Nor any cell below others than these.
    pub(super) const DEEP_DISK: f64 = 0.03;
}

/// 7^(-r/2)
fn scale(resolution: Resolution) -> f64 {
    7f64.powi(-i32::from(u8::from(resolution))).sqrt()
}

fn corner_reach(resolution: Resolution) -> f64 {
    bounds::CORNER * scale(resolution)
}

fn reach(resolution: Resolution) -> f64 {
    bounds::REACH * corner_reach(resolution)
}

impl H3Grid {
    /// The cell, as small as may be, that together with its neighbours is above all cells that a circle can touch.
    fn start(&self, centre: &V3, radius: f64) -> Option<CellIndex> {
        let fits = |r: &Resolution| {
            let bound = if *r == self.resolution { bounds::DISK } else { bounds::DEEP_DISK };
            radius <= bound * scale(*r)
        };
        let resolution = Resolution::range(Resolution::Zero, self.resolution).rfind(fits)?;
        let (lon, lat) = lon_lat(centre);
        Some(LatLng::new(lat, lon).ok()?.to_cell(resolution))
    }
}

fn place(point: LatLng) -> V3 {
    Place::new(point.lng(), point.lat()).v
}

fn centre(cell: CellIndex) -> V3 {
    place(LatLng::from(cell))
}

fn corners(cell: CellIndex) -> Corners {
    cell.boundary().iter().map(|corner| place(*corner)).collect()
}

/// H3 finds the cell of a point by another way than the corners of a cell; they agree this well, except near the poles.
const MARGIN: f64 = 1e-12;

/// What is to be added for a cell with a point there: h3o takes latitudes of corners and centres from an arcsine, which
/// keeps half of the digits at the poles, 0.2 m. That is a good part of the smallest cells.
fn polar_margin(v: &V3) -> f64 {
    (1e-15 / v[0].hypot(v[1])).min(4e-8)
}

fn patch(cell: CellIndex) -> Patch {
    let (corners, centre) = (corners(cell), centre(cell));
    let corners = corners.get();
    let polar = corners.iter().chain([&centre]).map(polar_margin).fold(0.0, f64::max);
    Patch::new(corners, centre, MARGIN + polar)
}

#[cfg(test)]
#[path = "h3_tests.rs"]
mod tests;
