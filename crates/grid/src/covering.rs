//! The covering of a query as an answer: cells by name, or all that there are.

use earthcatalog_model::geometry::{Position, Shape};
use earthcatalog_model::{CellId, Geometry, cell::NO_CELL};

use crate::sql::{cell_list_sql, quoted};
use crate::{Grid, GridError, Result, normalise};

/// The cells that share a point with a geometry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covering {
    /// Every cell of the grid, of which there are more than [`MAX_CELLS`](crate::MAX_CELLS): the geometry is the whole world.
    All,
    /// These, sorted, each once.
    Cells(Vec<CellId>),
}

impl Covering {
    /// The covering of a geometry. The whole world is [`Covering::All`] where a grid is too fine to list its cells.
    ///
    /// ```
    /// use earthcatalog_grid::{Covering, box_geometry, build};
    ///
    /// let world = box_geometry(-180.0, -90.0, 180.0, 90.0)?;
    /// let coarse = Covering::of(&*build(&"s2:1".parse()?, None)?, &world)?;
    /// assert!(matches!(coarse, Covering::Cells(cells) if cells.len() == 24));
    /// assert_eq!(Covering::of(&*build(&"s2:30".parse()?, None)?, &world)?, Covering::All);
    /// # Ok::<(), earthcatalog_grid::GridError>(())
    /// ```
    ///
    /// # Errors
    /// If a position of the geometry is nowhere on Earth, or what is not the whole world touches more than
    /// [`MAX_CELLS`](crate::MAX_CELLS) cells.
    pub fn of(grid: &dyn Grid, geometry: &Geometry) -> Result<Self> {
        match cells_for_geometry(grid, geometry) {
            Ok(cells) => Ok(Self::Cells(cells)),
            Err(GridError::TooManyCells { .. }) if is_the_world(geometry)? => Ok(Self::All),
            Err(error) => Err(error),
        }
    }

    /// The condition in SQL that a row is in one of the cells: [`cell_list_sql`], and of all cells
    /// `grid_partition <> '__none__'`, because items without a geometry are nowhere in the world.
    pub fn sql(&self) -> String {
        match self {
            Self::All => format!("grid_partition <> {}", quoted(NO_CELL)),
            Self::Cells(cells) => cell_list_sql(cells),
        }
    }
}

/// The cells that share a point with a geometry: sorted, each once.
///
/// ```
/// use earthcatalog_grid::{box_geometry, build, cells_for_geometry};
///
/// let grid = build(&"h3:1".parse()?, None)?;
/// let cells = cells_for_geometry(&*grid, &box_geometry(-50.0, 66.0, -49.0, 67.0)?)?;
/// assert_eq!(cells.iter().map(|cell| cell.as_str()).collect::<Vec<_>>(), ["8106fffffffffff"]);
/// # Ok::<(), earthcatalog_grid::GridError>(())
/// ```
///
/// # Errors
/// As [`Grid::cover`].
pub fn cells_for_geometry(grid: &dyn Grid, geometry: &Geometry) -> Result<Vec<CellId>> {
    let mut cells = Vec::new();
    grid.cover(geometry, &mut cells)?;
    Ok(cells)
}

/// True if one of the polygons, without a hole, is all of the plane between -180° and 180°.
fn is_the_world(geometry: &Geometry) -> Result<bool> {
    let normal = normalise::ready(geometry)?;
    Ok(normal.is_some_and(|normal| has_the_world(&normal.shape)))
}

fn has_the_world(shape: &Shape) -> bool {
    match shape {
        Shape::Polygon(rings) => fills_the_plane(rings),
        Shape::MultiPolygon(polygons) => polygons.iter().any(|rings| fills_the_plane(rings)),
        Shape::GeometryCollection(shapes) => shapes.iter().any(has_the_world),
        _ => false,
    }
}

fn fills_the_plane(rings: &[Vec<Position>]) -> bool {
    let [ring] = rings else { return false };
    let on_the_border = |p: &Position| p.x.abs() == 180.0 || p.y.abs() == 90.0;
    ring.iter().all(on_the_border) && normalise::twice_area(ring).abs() == 2.0 * 360.0 * 180.0
}

#[cfg(test)]
#[path = "covering_tests.rs"]
mod tests;
