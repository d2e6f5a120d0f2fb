//! The options that say where and when: `--bbox`, `--intersects`, `--datetime`.

use std::io::Read;

use clap::Args;
use earthcatalog::model::{Bbox, Geometry, Json};
use earthcatalog::{Query, box_geometry};

use super::interval::Interval;
use super::value::read;
use crate::failure::{Failure, Result};

const EXAMPLE: &str = "\
Example: earthcatalog files --catalog s3://my-bucket/catalog --bbox -60,60,-20,85 --datetime 2020-01-01/..

The files are all that can hold an answer, and they may hold more: filter their rows as well.";

/// `files`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct FilesArgs {
    #[command(flatten)]
    pub(crate) query: QueryArgs,
}

/// Where and when.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// A box in degrees, west,south,east,north; west > east crosses 180°
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, value_parser = read::<Bbox>, conflicts_with = "intersects")]
    pub(crate) bbox: Option<Bbox>,

    /// A GeoJSON geometry or feature, or @ and a file that holds one (@- is stdin)
    #[arg(long, value_name = "GEOJSON|@FILE", allow_hyphen_values = true)]
    pub(crate) intersects: Option<String>,

    /// A time or an interval, both ends included: 2020, 2020-05, 2020-05-01, 2020-05-01T12:00:00Z, A/B, A/.. or ../B
    #[arg(long, value_name = "T|A/B", value_parser = read::<Interval>)]
    pub(crate) datetime: Option<Interval>,
}

impl QueryArgs {
    /// The query, its file read.
    pub(crate) fn query(&self) -> Result<Query> {
        let geometry = match (&self.bbox, &self.intersects) {
            (Some(bbox), _) => Some(box_geometry(bbox.west, bbox.south, bbox.east, bbox.north)?),
            (None, Some(text)) => Some(intersects(text)?),
            (None, None) => None,
        };
        let interval = self.datetime.unwrap_or_default();
        Ok(Query::new(geometry, interval.start, interval.end))
    }
}

fn intersects(text: &str) -> Result<Geometry> {
    let text = match text.strip_prefix('@') {
        Some(file) => read_file(file)?,
        None => text.to_owned(),
    };
    geometry(&text).map_err(|why| {
        Failure::usage(format!("--intersects is no GeoJSON geometry: {why}"))
            .hint("give a GeoJSON geometry or feature, or @ and the name of a file that holds one")
    })
}

fn read_file(file: &str) -> Result<String> {
    let mut text = String::new();
    let done = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| text),
        _ => std::fs::read_to_string(file),
    };
    done.map_err(|error| {
        Failure::usage(format!("cannot read the geometry of --intersects from {file:?}")).caused_by(&error)
    })
}

/// The geometry of a GeoJSON text: a geometry, or a feature's.
fn geometry(text: &str) -> Result<Geometry, String> {
    let json = Json::parse(text.trim().as_bytes()).map_err(|error| error.to_string())?;
    let inner = match json.get("type").and_then(Json::as_str) {
        Some("Feature") => json.get("geometry").ok_or("the feature has no geometry")?,
        Some("FeatureCollection") => {
            return Err("a FeatureCollection is not one geometry: give one of its features".into());
        }
        _ => &json,
    };
    let read = Geometry::from_geojson(inner).map_err(|error| error.to_string())?;
    Ok(read.ok_or("it is empty")?.geometry)
}
