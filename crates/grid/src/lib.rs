//! Coverings of geometries by grid cells that miss nothing: S2, H3, GeoJSON regions.
//!
//! A covering holds every cell that shares a point with the geometry. Edges are straight in longitude and latitude
//! (RFC 7946 §3.1.1), geometries and cells are closed sets: what only touches a cell is in it. Two geometries that
//! share a point therefore share a cell, and a search that covers its query in the same way misses nothing.
//!
//! ```
//! use earthcatalog_grid::{CellId, GridSpec, box_geometry, build};
//!
//! let grid = build(&"s2:4".parse()?, None)?;
//! let mut cells = Vec::new();
//! grid.cover(&box_geometry(170.0, -45.0, -170.0, -40.0)?, &mut cells)?; // across 180°
//! assert!(cells.contains(&CellId::new("72b")) && cells.len() == 8, "{cells:?}");
//! let outline = grid.outline(&cells[0])?;
//! assert!(outline.bbox().is_some_and(|b| b.south < -40.0));
//! # Ok::<(), earthcatalog_grid::GridError>(())
//! ```
//!
//! No I/O, no threads, no global state but tables of H3 cells that are filled as they are needed, and a thread's buffers, so
//! that a covering by S2 or H3 allocates nothing once they are large enough.

mod bands;
mod boxes;
mod cover;
mod covering;
mod descent;
mod error;
mod h3;
pub mod normalise;
mod outline;
mod part;
mod patch;
mod planar;
mod regions;
mod s2;
mod scratch;
mod spec;
mod sphere;
mod sql;

use std::sync::Arc;

pub use earthcatalog_model::{CellId, Geometry};

pub use boxes::box_geometry;
pub use covering::{Covering, cells_for_geometry};
pub use error::{GridError, Result};
pub use h3::H3Grid;
pub use normalise::{Normalised, normalise};
pub use regions::Regions;
pub use s2::{S2Grid, hilbert};
pub use spec::GridSpec;
pub use sql::cell_list_sql;

/// The most cells that a covering may have.
pub const MAX_CELLS: usize = 1_000_000;

/// A division of the globe into named cells, which may overlap and need not be everywhere.
///
/// An implementor owes a covering without a miss: every cell that shares a point with the geometry, closed sets, edges
/// straight in longitude and latitude. Cells too many are only waste.
pub trait Grid: Send + Sync {
    /// The name of the grid.
    fn spec(&self) -> GridSpec;

    /// Appends every cell that shares a point with the geometry: sorted, each once; none for an empty geometry.
    /// The geometry need not be [normalised](normalise()).
    ///
    /// # Errors
    /// If a position of the geometry is nowhere on Earth, or there are more than [`MAX_CELLS`] cells.
    fn cover(&self, geometry: &Geometry, cells: &mut Vec<CellId>) -> Result<()>;

    /// The outline of a cell: a polygon or several, within ±180°.
    ///
    /// # Errors
    /// If the grid has no such cell.
    fn outline(&self, cell: &CellId) -> Result<Geometry>;
}

/// The grid of a name.
///
/// `regions`: the bytes of the GeoJSON file, which only [`GridSpec::GeoJson`] needs.
///
/// # Errors
/// If the level is out of range, or the regions are missing or cannot be read.
pub fn build(spec: &GridSpec, regions: Option<&[u8]>) -> Result<Arc<dyn Grid>> {
    Ok(match spec {
        GridSpec::S2 { level } => Arc::new(S2Grid::new(*level)?),
        GridSpec::H3 { resolution } => Arc::new(H3Grid::new(*resolution)?),
        GridSpec::GeoJson { url, field } => {
            let missing = || GridError::Regions { what: "the file was not given".to_owned() };
            Arc::new(Regions::read(url, field, regions.ok_or_else(missing)?)?)
        }
    })
}

fn unknown_cell(cell: &CellId, spec: &GridSpec) -> GridError {
    GridError::UnknownCell { cell: cell.to_string(), spec: spec.to_string() }
}
