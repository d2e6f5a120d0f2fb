//! The options that say where and when: `--bbox`, `--intersects`, `--datetime`.

use clap::Args;
use earthcatalog::Query;
use earthcatalog::model::Geometry;
use earthcatalog::search::{Interval, bbox_geometry, read_geometry};

use super::maintenance::AtArgs;

const EXAMPLE: &str = "\
Example: earthcatalog files --catalog s3://my-bucket/catalog --bbox -60,60,-20,85 --datetime 2020-01-01/..

The files are all that can hold an answer, and they may hold more: filter their rows as well.";

/// `files`, as given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct FilesArgs {
    #[command(flatten)]
    pub(crate) query: QueryArgs,

    #[command(flatten)]
    pub(crate) at: AtArgs,
}

/// Where and when.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// A time or an interval, both ends included: 2020, 2020-05, 2020-05-01, 2020-05-01T12:00:00Z, A/B, A/.. or ../B
    #[arg(long, value_name = "T|A/B", value_parser = interval)]
    pub(crate) datetime: Option<Interval>,
}

/// Where.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// A box in degrees, west,south,east,north; west > east crosses 180°
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, value_parser = bbox, conflicts_with = "intersects")]
    pub(crate) bbox: Option<Geometry>,

    /// A geometry as GeoJSON or WKT, or @ and a file that holds one
    #[arg(long, value_name = "GEOMETRY|@FILE", allow_hyphen_values = true, value_parser = geometry)]
    pub(crate) intersects: Option<Geometry>,
}

impl PlaceArgs {
    /// The geometry, however it was given.
    pub(crate) fn geometry(&self) -> Option<&Geometry> {
        self.bbox.as_ref().or(self.intersects.as_ref())
    }
}

impl QueryArgs {
    /// The query.
    pub(crate) fn query(&self) -> Query {
        let interval = self.datetime.unwrap_or_default();
        Query::new(self.place.geometry().cloned(), interval.start, interval.end)
    }
}

fn bbox(text: &str) -> Result<Geometry, String> {
    bbox_geometry(text).map_err(|error| full(&error))
}

fn geometry(text: &str) -> Result<Geometry, String> {
    read_geometry(text).map_err(|error| full(&error))
}

fn interval(text: &str) -> Result<Interval, String> {
    text.parse().map_err(|error: earthcatalog::search::Error| full(&error))
}

/// The error with its causes, for a message of one line.
fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
