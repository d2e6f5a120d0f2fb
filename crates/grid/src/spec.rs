//! The names of grids: `s2:4`, `h3:1`, `geojson:<url>#<field>`.

use std::fmt;
use std::str::FromStr;

use crate::{GridError, Result};

/// Which grid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GridSpec {
    /// S2 cells of a level, 0 to 30.
    S2 {
        /// The level.
        level: u8,
    },
    /// H3 cells of a resolution, 0 to 15.
    H3 {
        /// The resolution.
        resolution: u8,
    },
    /// The features of a GeoJSON FeatureCollection.
    GeoJson {
        /// Where it is.
        url: String,
        /// The property that holds the name of a region.
        field: String,
    },
}

impl Default for GridSpec {
    /// `s2:4`, 1,536 cells of some 600 km.
    fn default() -> Self {
        Self::S2 { level: 4 }
    }
}

impl fmt::Display for GridSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S2 { level } => write!(f, "s2:{level}"),
            Self::H3 { resolution } => write!(f, "h3:{resolution}"),
            Self::GeoJson { url, field } => write!(f, "geojson:{url}#{field}"),
        }
    }
}

impl FromStr for GridSpec {
    type Err = GridError;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || GridError::Spec { given: without_secrets(text) };
        let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
        match kind {
            "s2" => small(rest, 30).map(|level| Self::S2 { level }),
            "h3" => small(rest, 15).map(|resolution| Self::H3 { resolution }),
            "geojson" => regions(rest),
            _ => None,
        }
        .ok_or_else(unknown)
    }
}

fn small(text: &str, most: u8) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| digits && *n <= most)
}

fn regions(text: &str) -> Option<GridSpec> {
    let (url, field) = text.rsplit_once('#')?;
    let whole = !url.is_empty() && !field.is_empty();
    whole.then(|| GridSpec::GeoJson { url: url.to_owned(), field: field.to_owned() })
}

/// The text without what may be a password or a signature: user information and the query of a URL.
pub(crate) fn without_secrets(text: &str) -> String {
    let (url, field) =
        text.rsplit_once('#').map_or((text, ""), |(url, _)| (url, text.get(url.len()..).unwrap_or("")));
    let url = url.split('?').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return format!("{url}{field}") };
    let (host, path) =
        rest.split_once('/').map_or((rest, ""), |(host, _)| (host, rest.get(host.len()..).unwrap_or("")));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}{field}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: GridSpec) {
        assert_eq!(text.parse::<GridSpec>().unwrap(), expected);
        assert_eq!(expected.to_string(), text);
    }

    fn wrong(text: &str, shown: &str) {
        let message = text.parse::<GridSpec>().unwrap_err().to_string();
        assert!(message.starts_with(&format!("unknown grid {shown:?}: use s2:<level 0 to 30>")), "{message}");
    }

    #[test]
    fn names() {
        check("s2:4", GridSpec::S2 { level: 4 });
        check("s2:30", GridSpec::S2 { level: 30 });
        check("h3:15", GridSpec::H3 { resolution: 15 });
        check("geojson:a/b.json#id", GridSpec::GeoJson { url: "a/b.json".into(), field: "id".into() });
        check(
            "geojson:s3://b/x#y.json#id",
            GridSpec::GeoJson { url: "s3://b/x#y.json".into(), field: "id".into() },
        );
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "s2",
            "s2:",
            "s2:31",
            "s2:+4",
            "h3:16",
            "h3:-1",
            "geohash:4",
            "geojson:x",
            "geojson:#id",
            "geojson:x#",
        ] {
            wrong(text, text);
        }
        wrong("geohash:https://me:secret@host/x?sig=secret#id", "geohash:https://host/x#id");
    }
}
