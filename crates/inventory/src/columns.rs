//! Which column is what, by its name: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html>
//! and the ways in which others write these names.

use crate::error::{Error, Result};

/// What a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Bucket,
    Key,
    Size,
    LastModified,
    Etag,
    VersionId,
    IsLatest,
    IsDeleteMarker,
}

impl Column {
    /// By name: letter case, underscores, hyphens and spaces do not matter.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let plain: String = name
            .trim_start_matches('\u{feff}')
            .chars()
            .filter(|c| !matches!(c, '_' | '-' | ' '))
            .flat_map(char::to_lowercase)
            .collect();
        Some(match plain.as_str() {
            "bucket" | "bucketname" => Self::Bucket,
            "key" | "objectkey" => Self::Key,
            "size" => Self::Size,
            "lastmodified" | "lastmodifieddate" => Self::LastModified,
            "etag" => Self::Etag,
            "versionid" => Self::VersionId,
            "islatest" => Self::IsLatest,
            "isdeletemarker" => Self::IsDeleteMarker,
            _ => return None,
        })
    }
}

/// What each column of a file is; of two with one meaning the first counts.
pub(crate) fn assign<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for name in names {
        let column = Column::named(name).filter(|column| !columns.contains(&Some(*column)));
        columns.push(column);
    }
    columns
}

/// Refuses a file without keys, or whose bucket no one knows.
pub(crate) fn require(
    name: &str,
    columns: &[Option<Column>],
    names: &[&str],
    default_bucket: Option<&str>,
    hint: &'static str,
) -> Result<()> {
    if !columns.contains(&Some(Column::Key)) {
        return Err(Error::NoKey { name: name.to_owned(), seen: list(names), hint });
    }
    if default_bucket.is_none() && !columns.contains(&Some(Column::Bucket)) {
        return Err(Error::NoBucket { name: name.to_owned() });
    }
    Ok(())
}

/// At most 30 names of at most 40 characters: the file may be anything.
fn list(names: &[&str]) -> String {
    let short = |name: &&str| name.chars().take(40).flat_map(char::escape_debug).collect::<String>();
    let mut list = names.iter().take(30).map(short).collect::<Vec<_>>().join(", ");
    if names.len() > 30 {
        list.push_str(&format!(" and {} more", names.len() - 30));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<Column>) {
        assert_eq!(Column::named(name), expected, "{name}");
    }

    #[test]
    fn names_are_known_however_written() {
        check("bucket", Some(Column::Bucket));
        check("\u{feff}Bucket", Some(Column::Bucket));
        check("KEY", Some(Column::Key));
        check("last_modified", Some(Column::LastModified));
        check("last_modified_date", Some(Column::LastModified));
        check("LastModifiedDate", Some(Column::LastModified));
        check("Last Modified", Some(Column::LastModified));
        check("e_tag", Some(Column::Etag));
        check("ETag", Some(Column::Etag));
        check("IsDeleteMarker", Some(Column::IsDeleteMarker));
        check("storage_class", None);
    }

    #[test]
    fn the_first_of_two_counts() {
        let columns = assign(["key", "Key", "x"]);
        assert_eq!(columns, [Some(Column::Key), None, None]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |names: &[&str], bucket| {
            let columns = assign(names.iter().copied());
            require("inv", &columns, names, bucket, "").map_err(|e| e.to_string()).err().unwrap_or_default()
        };
        assert!(error(&["bucket", "name"], None).contains("no column `key`; it has: bucket, name"));
        assert!(error(&["key"], None).contains("--bucket"));
        assert_eq!(error(&["key"], Some("b")), "");
    }
}
