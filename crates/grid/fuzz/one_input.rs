//! What is done with one input, by the fuzzer and by the test that replays its corpus.

use earthcatalog_grid::{GridError, build, cells_for_geometry, normalise};
use earthcatalog_model::{Geometry, Json};

/// The first byte chooses one of these.
const GRIDS: [&str; 8] = ["s2:0", "s2:4", "s2:8", "s2:30", "h3:0", "h3:1", "h3:5", "h3:15"];

/// Covers the geometry of a GeoJSON text behind a byte that chooses the grid; panics where a promise is broken.
///
/// Returns false for what is no geometry.
pub(crate) fn try_one(input: &[u8]) -> bool {
    let Some((choice, text)) = input.split_first() else { return false };
    let Ok(json) = Json::parse(text) else { return false };
    let Ok(Some(read)) = Geometry::from_geojson(&json) else { return false };
    check(GRIDS[usize::from(*choice) % GRIDS.len()], &read.geometry);
    true
}

fn check(spec: &str, geometry: &Geometry) {
    let Ok(grid) = spec.parse().and_then(|spec| build(&spec, None)) else { unreachable!("{spec} is a grid") };
    let normal = normalise(geometry);
    match cells_for_geometry(&*grid, geometry) {
        Ok(cells) => {
            assert!(!cells.is_empty(), "there is a position, and it is in no cell");
            assert!(cells.is_sorted(), "the cells are not sorted");
            if let Some(cell) = cells.first() {
                assert!(grid.outline(cell).is_ok(), "{cell} is no cell of {spec}");
            }
        }
        Err(GridError::TooManyCells { .. }) => assert!(normal.is_ok()),
        Err(error) => assert_eq!(normal.err(), Some(error)),
    }
}
