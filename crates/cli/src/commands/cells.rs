//! `cells`: the cells of a grid that a geometry touches.

use std::sync::Arc;

use earthcatalog::model::{CellId, Geometry};
use earthcatalog::{Covering, Error, Grid, GridSpec};
use serde::Serialize;

use crate::args::CellsArgs;
use crate::args::value::Value;
use crate::commands::open;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::Settings;

#[derive(Serialize)]
struct Document {
    grid: String,
    all: bool,
    count: Option<usize>,
    cells: Vec<CellId>,
}

/// Prints the cells, one a line, or as the options say.
pub(crate) async fn run(args: &CellsArgs, settings: &Settings, output: &mut Output) -> Result<Exit> {
    if output.is_json() && (args.sql || args.geojson) {
        return Err(Failure::usage("--json cannot be used with --sql or --geojson")
            .hint("--geojson prints a JSON document already"));
    }
    let Some(geometry) = args.place.geometry() else {
        return Err(Failure::usage("no place was named").hint("give --bbox or --intersects"));
    };
    let grid = grid(args.grid.as_ref(), settings).await?;
    let covering = covering(&*grid, geometry)?;
    if args.geojson {
        outlines(&*grid, covering, output)?;
    } else if args.sql {
        output.line(&covering.sql())?;
    } else if output.is_json() {
        output.document(&document(&grid.spec(), covering))?;
    } else {
        lines(&covering, output)?;
    }
    Ok(Exit::Done)
}

/// The grid that was asked for, else the catalog's, else that of the settings: a catalog's cells are named by its own
/// grid, whatever new ones are to have.
async fn grid(asked: Option<&GridSpec>, settings: &Settings) -> Result<Arc<dyn Grid>> {
    if asked.is_none() && settings.named_catalog().is_some() {
        return Ok(open(settings).await?.grid().await?);
    }
    let spec = asked.or(settings.ingest.grid.as_ref()).ok_or_else(|| {
        Failure::usage("no grid was named")
            .hint("give --grid SPEC, e.g. s2:4 or h3:1, or --catalog BASE for that of a catalog")
    })?;
    Ok(earthcatalog::open_grid(spec, &settings.config()).await?)
}

fn covering(grid: &dyn Grid, geometry: &Geometry) -> Result<Covering> {
    Covering::of(grid, geometry).map_err(|error| Error::from(error).into())
}

fn lines(covering: &Covering, output: &mut Output) -> Result<()> {
    let Covering::Cells(cells) = covering else { return output.line("all") };
    for cell in cells {
        output.line(cell.as_str())?;
        if output.is_closed() {
            break;
        }
    }
    Ok(())
}

fn document(spec: &GridSpec, covering: Covering) -> Document {
    let grid = spec.show();
    match covering {
        Covering::All => Document { grid, all: true, count: None, cells: Vec::new() },
        Covering::Cells(cells) => Document { grid, all: false, count: Some(cells.len()), cells },
    }
}

/// A FeatureCollection, written feature by feature: there may be a million.
fn outlines(grid: &dyn Grid, covering: Covering, output: &mut Output) -> Result<()> {
    let Covering::Cells(cells) = covering else {
        let all = format!("all cells of {} are too many to draw", grid.spec().show());
        return Err(Failure::usage(all).hint("use a coarser grid"));
    };
    output.text("{\"type\":\"FeatureCollection\",\"features\":[")?;
    let mut between = "\n";
    for cell in &cells {
        output.text(between)?;
        output.text(&feature(grid, cell)?)?;
        between = ",\n";
        if output.is_closed() {
            break;
        }
    }
    output.line("\n]}")
}

fn feature(grid: &dyn Grid, cell: &CellId) -> Result<String> {
    let outline = grid.outline(cell).map_err(Error::from)?;
    let name = serde_json::Value::from(cell.as_str());
    let mut text =
        format!(r#"{{"type":"Feature","id":{name},"properties":{{"grid_partition":{name}}},"geometry":"#);
    outline.to_geojson(&mut text);
    text.push('}');
    Ok(text)
}
