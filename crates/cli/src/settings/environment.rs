//! The environment of the process, taken once, so that tests can give another.

use std::collections::BTreeMap;

use earthcatalog::scrub;

/// What the names of our variables begin with.
const PREFIX: &str = "EARTHCATALOG_";

/// Beginnings of the variables that storage reads.
const STORAGE: [&str; 5] = ["AWS_", "GOOGLE_", "AZURE_", "HTTP_PROXY", "HTTPS_PROXY"];

/// Ends of the names of storage variables that hold nothing secret.
const PLAIN: [&str; 9] = [
    "REGION",
    "ENDPOINT",
    "ENDPOINT_URL",
    "ENDPOINT_URL_S3",
    "ALLOW_HTTP",
    "PROFILE",
    "REQUEST_PAYER",
    "_NAME",
    "STYLE_REQUEST",
];

/// Environment variables; empty ones count as absent.
#[derive(Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own. What is not UTF-8 is left out.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::from_pairs(std::env::vars_os().filter_map(text))
    }

    /// From names and values.
    pub(crate) fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let owned = pairs.into_iter().map(|(k, v)| (k.into(), v.into()));
        Self(owned.filter(|(_, v): &(String, String)| !v.is_empty()).collect())
    }

    /// A variable by its full name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The name of the variable of a setting, e.g. `EARTHCATALOG_MAP_BUCKET`.
    pub(crate) fn name_of(key: &str) -> String {
        format!("{PREFIX}{}", key.to_ascii_uppercase().replace('-', "_"))
    }

    /// Variables that look like ours and are not: `EARTHCATALOG_MEMROY`.
    pub(crate) fn unknown(&self, keys: &[&str]) -> Vec<String> {
        let ours = |name: &String| {
            name == "EARTHCATALOG_CONFIG" || keys.iter().any(|key| Self::name_of(key) == *name)
        };
        self.0.keys().filter(|name| name.starts_with(PREFIX) && !ours(name)).cloned().collect()
    }

    /// The variables that storage reads, what may be secret hidden.
    pub(crate) fn storage(&self) -> BTreeMap<String, String> {
        let reads = |name: &str| STORAGE.iter().any(|start| name.to_ascii_uppercase().starts_with(start));
        let shown = |(name, value): (&String, &String)| (name.clone(), shown(name, value));
        self.0.iter().filter(|(name, _)| reads(name)).map(shown).collect()
    }
}

fn shown(name: &str, value: &str) -> String {
    if PLAIN.iter().any(|end| name.ends_with(end)) { scrub(value) } else { "***".to_owned() }
}
