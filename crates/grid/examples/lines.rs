//! Geometries in, answers out, a line each: `… --example lines -- s2:4 < geometries.ndjson` prints the cells of each as a JSON
//! array, `-- normalise` its normal form. What is wrong with a geometry is printed in its place, as a JSON string.

use std::io::{BufRead, Write};

use earthcatalog_grid::{Geometry, Grid, build, cells_for_geometry, normalise};
use earthcatalog_model::Json;

type Answer = Result<String, Box<dyn std::error::Error>>;

fn read(line: &str) -> Result<Geometry, Box<dyn std::error::Error>> {
    let read = Geometry::from_geojson(&Json::parse(line.as_bytes())?)?.ok_or("the geometry is empty")?;
    Ok(read.geometry)
}

fn normal(geometry: &Geometry) -> Answer {
    let mut text = String::new();
    normalise(geometry)?.ok_or("the geometry is empty")?.geometry.to_geojson(&mut text);
    Ok(text)
}

/// Names of S2 and H3 cells need no escapes, those of regions might.
fn cells(grid: &dyn Grid, geometry: &Geometry) -> Answer {
    let cells = cells_for_geometry(grid, geometry)?;
    let names: Vec<String> = cells.iter().map(|cell| format!("{:?}", cell.as_str())).collect();
    Ok(format!("[{}]", names.join(",")))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let what = std::env::args().nth(1).ok_or("give a grid, or the word normalise")?;
    let grid = if what == "normalise" { None } else { Some(build(&what.parse()?, None)?) };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = read(&line?).and_then(|geometry| match &grid {
            Some(grid) => cells(&**grid, &geometry),
            None => normal(&geometry),
        });
        writeln!(out, "{}", answer.unwrap_or_else(|error| format!("{:?}", error.to_string())))?;
    }
    Ok(())
}
