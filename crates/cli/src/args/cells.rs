//! The options of `cells`.

use clap::{ArgGroup, Args};
use earthcatalog::GridSpec;

use super::query::PlaceArgs;
use super::value::read;

const EXAMPLE: &str = "\
Example: earthcatalog cells --grid s2:4 --bbox 177,-19,-179,-16 --sql

One cell a line; `all` where the whole world has too many to list. With --catalog instead of --grid the cells are those of the \
catalog's grid, whether or not a row is in them.";

/// `cells`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, group = ArgGroup::new("place").args(["bbox", "intersects"]).required(true))]
pub(crate) struct CellsArgs {
    /// The grid.
    #[arg(
        long, value_name = "SPEC", value_parser = read::<GridSpec>,
        help = "The grid: s2:<level>, h3:<resolution> or geojson:<url>#<field> [default: the catalog's]"
    )]
    pub(crate) grid: Option<GridSpec>,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Print the condition on the column grid_partition, for DuckDB and others
    #[arg(long, conflicts_with = "geojson")]
    pub(crate) sql: bool,

    /// Print the cells' outlines as a GeoJSON FeatureCollection
    #[arg(long)]
    pub(crate) geojson: bool,
}
