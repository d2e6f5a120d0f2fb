//! Coverings by the cells of a catalog's grid, or of a grid without a catalog.

use std::sync::Arc;

use earthcatalog_grid::{Covering, Grid, GridSpec, cells_for_geometry};
use earthcatalog_model::{CellId, Geometry};
use earthcatalog_store::Stores;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::error::Result;
use crate::sources::Sources;

/// The grid of a name. A file of regions is read from its URL or path, reached as `config` says.
///
/// ```
/// use earthcatalog::{Config, cell_list_sql, cells_for_geometry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let grid = earthcatalog::open_grid(&"s2:4".parse()?, &Config::default()).await?;
/// let fiji = earthcatalog::box_geometry(177.0, -19.0, -179.0, -16.0)?;
/// let condition = cell_list_sql(&cells_for_geometry(&*grid, &fiji)?);
/// assert_eq!(condition, "grid_partition IN ('6e1', '6e3', '71d', '71f')");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Where the file of regions cannot be read.
pub async fn open_grid(spec: &GridSpec, config: &Config) -> Result<Arc<dyn Grid>> {
    Sources::grid(&Stores::new(config.store.clone()), spec).await
}

impl Catalog {
    /// The cells of its grid that share a point with a geometry: sorted, each once, whether or not a row is in them.
    ///
    /// # Errors
    /// Where there is no catalog, or the geometry cannot be covered: [`earthcatalog_grid::Grid::cover`].
    pub async fn cells_for_geometry(&self, geometry: &Geometry) -> Result<Vec<CellId>> {
        Ok(cells_for_geometry(&*self.grid().await?, geometry)?)
    }

    /// The same, or all cells where the geometry is the whole world and the grid too fine to list them.
    ///
    /// # Errors
    /// As [`Catalog::cells_for_geometry`].
    pub async fn covering(&self, geometry: &Geometry) -> Result<Covering> {
        Ok(Covering::of(&*self.grid().await?, geometry)?)
    }
}
