//! Which names may be columns.

/// Columns that are not properties of items: those of the item itself, and our own.
pub(crate) const RESERVED: [&str; 15] = [
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
    "collection",
    "grid_partition",
    "year",
    "_source",
    "_extra",
    "_bbox",
];

/// Longest name of a column, bytes.
const MAX_NAME: usize = 128;

/// True for names that every reader bears: not empty, no dot (a path in Iceberg and in SQL), no control character.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(|c| c == '.' || c.is_control())
}

/// True if a property of this name may be a column at top level.
pub(crate) fn is_free(name: &str) -> bool {
    is_plain(name) && !RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// The form in which two names must differ: many readers ignore case.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// True for columns that are members of `properties`.
pub(crate) fn is_property(column: &str) -> bool {
    !RESERVED.contains(&column)
}
