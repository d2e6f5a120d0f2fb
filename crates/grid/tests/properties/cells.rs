//! The cells of points, which `s2` and `h3o` find in a way of their own, and random cells.

use earthcatalog_grid::{CellId, Grid, H3Grid, S2Grid};
use h3o::{CellIndex, LatLng, Resolution};
use s2::cellid::CellID;

use crate::geometries::place;
use crate::random::Random;

/// A grid beside the library that it names its cells by.
pub(crate) enum Judge {
    S2(u8),
    H3(Resolution),
}

impl Judge {
    pub(crate) fn s2(level: u8) -> Self {
        Self::S2(level)
    }

    pub(crate) fn h3(resolution: u8) -> Self {
        Self::H3(Resolution::try_from(resolution).unwrap())
    }

    /// Either grid, at any level; common ones more often.
    pub(crate) fn any(rng: &mut Random) -> Self {
        if rng.below(2) == 0 { Self::any_s2(rng) } else { Self::any_h3(rng) }
    }

    pub(crate) fn any_s2(rng: &mut Random) -> Self {
        Self::s2(if rng.below(2) == 0 { rng.below(31) as u8 } else { [0, 1, 4, 8][rng.below(4)] })
    }

    pub(crate) fn any_h3(rng: &mut Random) -> Self {
        Self::h3(if rng.below(2) == 0 { rng.below(16) as u8 } else { [0, 1, 1, 3][rng.below(4)] })
    }

    pub(crate) fn grid(&self) -> Box<dyn Grid> {
        match self {
            Self::S2(level) => Box::new(S2Grid::new(*level).unwrap()),
            Self::H3(resolution) => Box::new(H3Grid::new(u8::from(*resolution)).unwrap()),
        }
    }

    /// The size of a cell, degrees.
    pub(crate) fn size(&self) -> f64 {
        match self {
            Self::S2(level) => 90.0 / f64::from(1u32 << level),
            Self::H3(resolution) => 20.0 / 7f64.powf(f64::from(u8::from(*resolution)) / 2.0),
        }
    }

    /// The cell of a point, as a number.
    pub(crate) fn id(&self, lon: f64, lat: f64) -> u64 {
        match self {
            Self::S2(level) => {
                CellID::from(s2::latlng::LatLng::from_degrees(lat, lon)).parent(u64::from(*level)).0
            }
            Self::H3(resolution) => u64::from(LatLng::new(lat, lon).unwrap().to_cell(*resolution)),
        }
    }

    /// The name of a cell.
    pub(crate) fn name(&self, id: u64) -> CellId {
        CellId::new(match self {
            Self::S2(_) => CellID(id).to_token(),
            Self::H3(_) => format!("{id:x}"),
        })
    }

    /// The corners of a random cell; every fourth of H3 is a pentagon.
    pub(crate) fn corners_of_any(&self, rng: &mut Random) -> Vec<(f64, f64)> {
        let (lon, lat) = place(rng, &[]);
        match self {
            Self::H3(resolution) if rng.below(4) == 0 => {
                self.corners(u64::from(resolution.pentagons().nth(rng.below(12)).unwrap()))
            }
            _ => self.corners(self.id(lon, lat)),
        }
    }

    /// The corners of a cell, degrees.
    pub(crate) fn corners(&self, id: u64) -> Vec<(f64, f64)> {
        match self {
            Self::S2(_) => {
                let cell = s2::cell::Cell::from(CellID(id));
                let corner = |k| s2::latlng::LatLng::from(cell.vertex(k));
                (0..4).map(corner).map(|p| (p.lng.deg(), p.lat.deg())).collect()
            }
            Self::H3(_) => {
                let cell = CellIndex::try_from(id).unwrap();
                cell.boundary().iter().map(|p| (p.lng(), p.lat())).collect()
            }
        }
    }
}
