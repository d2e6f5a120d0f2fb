//! The grid as table properties, in the names that earthcatalog 0.6.1 reads.

use std::collections::BTreeMap;

use earthcatalog_grid::GridSpec;
use earthcatalog_store::scrub;

use crate::error::{Error, Result};

const TYPE: &str = "earthcatalog.grid.type";
const RESOLUTION: &str = "earthcatalog.grid.resolution";
const BOUNDARIES: &str = "earthcatalog.grid.boundaries_path";
const ID_FIELD: &str = "earthcatalog.grid.id_field";

/// What 0.6.1 takes for an H3 catalog that does not say.
const DEFAULT_H3: u8 = 1;

/// The properties that name a grid. All four are set or taken out, so that none is left of another grid.
pub(crate) fn properties(spec: &GridSpec) -> BTreeMap<String, Option<String>> {
    let (kind, resolution, url, field) = match spec {
        GridSpec::S2 { level } => ("s2", Some(level.to_string()), None, None),
        GridSpec::H3 { resolution } => ("h3", Some(resolution.to_string()), None, None),
        GridSpec::GeoJson { url, field } => ("geojson", None, Some(scrub(url)), Some(field.clone())),
    };
    let pairs =
        [(TYPE, Some(kind.to_owned())), (RESOLUTION, resolution), (BOUNDARIES, url), (ID_FIELD, field)];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The grid that a table's properties name; None where they name none.
///
/// # Errors
/// [`Error::Options`] where they name one that does not exist.
pub fn grid_of(properties: &BTreeMap<String, String>) -> Result<Option<GridSpec>> {
    let get = |name: &str| properties.get(name).map(String::as_str);
    let text = match get(TYPE) {
        None => return Ok(None),
        Some("geojson") => {
            format!("geojson:{}#{}", get(BOUNDARIES).unwrap_or_default(), get(ID_FIELD).unwrap_or_default())
        }
        Some(kind) => match get(RESOLUTION) {
            Some(resolution) => format!("{kind}:{resolution}"),
            None => format!("{kind}:{DEFAULT_H3}"),
        },
    };
    text.parse().map(Some).map_err(|error: earthcatalog_grid::GridError| Error::Options {
        message: format!("the catalog's table properties name a grid that cannot be used: {error}"),
        hint: format!("see the table properties {TYPE} and those beside it"),
    })
}

/// The grid's name as the command line takes it, without secrets.
pub fn grid_spec(spec: &GridSpec) -> String {
    match spec {
        GridSpec::GeoJson { url, field } => {
            GridSpec::GeoJson { url: scrub(url), field: field.clone() }.to_string()
        }
        plain => plain.to_string(),
    }
}
