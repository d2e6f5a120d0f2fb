//! A picture of a covering: `cargo run -p earthcatalog-grid --example map -- h3:2 map.svg < footprint.geojson`

use std::io::Read;

use earthcatalog_grid::{Geometry, build};
use earthcatalog_model::Json;

mod draw;

/// A GeoJSON geometry from standard input, a picture into a file.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [spec, file] = arguments.as_slice() else { return Err("give a grid and a file to write".into()) };
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let read = Geometry::from_geojson(&Json::parse(&text)?)?.ok_or("the geometry is empty")?;
    std::fs::write(file, draw::map(&*build(&spec.parse()?, None)?, &read.geometry)?)?;
    Ok(())
}
