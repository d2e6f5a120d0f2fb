//! A grid of one's own: the UTM zones, 60 strips of 6° between 80° S and 84° N, with a cell for each polar cap.
//!
//! `cargo run -p earthcatalog-grid --example utm`

use earthcatalog_grid::{CellId, Geometry, Grid, GridError, GridSpec, Result, box_geometry, normalise};

pub(crate) struct Utm;

/// West, south, east and north of a zone.
fn sides(name: &str) -> Option<(f64, f64, f64, f64)> {
    match name {
        "south" => Some((-180.0, -90.0, 180.0, -80.0)),
        "north" => Some((-180.0, 84.0, 180.0, 90.0)),
        _ => {
            let zone: u8 = name.parse().ok().filter(|zone| (1..=60).contains(zone))?;
            let west = f64::from(zone) * 6.0 - 186.0;
            Some((west, -80.0, west + 6.0, 84.0))
        }
    }
}

fn names() -> impl Iterator<Item = String> {
    ["north", "south"].map(String::from).into_iter().chain((1..=60).map(|zone| format!("{zone:02}")))
}

impl Grid for Utm {
    fn spec(&self) -> GridSpec {
        GridSpec::GeoJson { url: "utm".to_owned(), field: "zone".to_owned() }
    }

    /// By the boxes of the connected parts: too many cells here and there, none too few.
    fn cover(&self, geometry: &Geometry, cells: &mut Vec<CellId>) -> Result<()> {
        let Some(b) = normalise(geometry)?.and_then(|normal| normal.geometry.bbox()) else { return Ok(()) };
        let touches = |(west, south, east, north): (f64, f64, f64, f64)| {
            // 180° is also -180°, and a pole has every longitude.
            let around = (b.west == -180.0 && east == 180.0) || (b.east == 180.0 && west == -180.0);
            (around || (b.west <= east && b.east >= west)) && b.south <= north && b.north >= south
        };
        let mut found: Vec<CellId> =
            names().filter(|name| sides(name).is_some_and(touches)).map(CellId::new).collect();
        found.sort();
        cells.append(&mut found);
        Ok(())
    }

    fn outline(&self, cell: &CellId) -> Result<Geometry> {
        let unknown = || GridError::UnknownCell { cell: cell.to_string(), spec: "utm".to_owned() };
        let (west, south, east, north) = sides(cell.as_str()).ok_or_else(unknown)?;
        box_geometry(west, south, east, north)
    }
}

#[expect(clippy::print_stdout, reason = "an example")]
pub(crate) fn main() -> Result<()> {
    let mut cells = Vec::new();
    Utm.cover(&box_geometry(5.0, 47.0, 15.0, 55.0)?, &mut cells)?;
    println!("{cells:?}");
    Ok(())
}
