//! The grid as table properties, in the names that earthcatalog 0.6.1 reads.

use std::collections::BTreeMap;

use earthcatalog_grid::GridSpec;
use earthcatalog_store::scrub;

use crate::error::{Error, Result};

const TYPE: &str = "earthcatalog.grid.type";
const RESOLUTION: &str = "earthcatalog.grid.resolution";
const BOUNDARIES: &str = "earthcatalog.grid.boundaries_path";
const ID_FIELD: &str = "earthcatalog.grid.id_field";

/// What 0.6.1 takes for an H3 catalog that does not say; and it takes a catalog that says nothing for one of H3.
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

/// The grid that a table's properties name. A table that names none was made by earthcatalog 0.6.1 without a
/// configuration of its grid: its cells are H3's of resolution 1. Our own tables always name theirs.
///
/// # Errors
/// [`Error::Options`] where they name one that does not exist.
pub fn grid_of(properties: &BTreeMap<String, String>) -> Result<GridSpec> {
    let get = |name: &str| properties.get(name).map(String::as_str);
    let text = match get(TYPE).unwrap_or("h3") {
        "geojson" => {
            format!("geojson:{}#{}", get(BOUNDARIES).unwrap_or_default(), get(ID_FIELD).unwrap_or_default())
        }
        kind => match get(RESOLUTION) {
            Some(resolution) => format!("{kind}:{resolution}"),
            None => format!("{kind}:{DEFAULT_H3}"),
        },
    };
    text.parse().map_err(|error: earthcatalog_grid::GridError| Error::Options {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(properties: &[(&str, &str)], expected: &str) {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        assert_eq!(grid_spec(&grid_of(&properties.collect()).unwrap()), expected);
    }

    #[test]
    fn what_a_table_does_not_say_is_what_the_python_package_takes_it_for() {
        check(&[], "h3:1");
        check(&[(TYPE, "h3")], "h3:1");
        check(&[(TYPE, "h3"), (RESOLUTION, "3")], "h3:3");
        check(&[(TYPE, "s2"), (RESOLUTION, "4")], "s2:4");
    }

    #[test]
    fn what_is_set_is_read_back() {
        let spec: GridSpec = "s2:7".parse().unwrap();
        let set = properties(&spec).into_iter().filter_map(|(name, value)| Some((name, value?)));
        assert_eq!(grid_of(&set.collect()).unwrap(), spec);
    }
}
