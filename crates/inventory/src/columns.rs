//! Which column is what, by its name: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html>
//! and the ways in which others write these names.

use crate::error::{Error, Result};
use crate::form::{Dialect, Form};

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
    /// Of Azure: what a row has that is of an earlier state of a blob.
    Snapshot,
}

impl Column {
    /// By name: letter case, underscores, hyphens and spaces do not matter.
    pub(crate) fn named(name: &str, dialect: Dialect) -> Option<Self> {
        let plain: String = name
            .trim_start_matches('\u{feff}')
            .chars()
            .filter(|c| !matches!(c, '_' | '-' | ' '))
            .flat_map(char::to_lowercase)
            .collect();
        match dialect {
            Dialect::Plain => Self::plain(&plain),
            Dialect::Gcs => Self::gcs(&plain),
            Dialect::Azure => Self::azure(&plain),
        }
    }

    /// <https://cloud.google.com/storage/docs/insights/inventory-reports#metadata_fields>
    fn gcs(name: &str) -> Option<Self> {
        Some(match name {
            "bucket" => Self::Bucket,
            "name" => Self::Key,
            "size" => Self::Size,
            "updated" => Self::LastModified,
            "etag" => Self::Etag,
            "generation" => Self::VersionId,
            _ => return None,
        })
    }

    /// <https://learn.microsoft.com/azure/storage/blobs/blob-inventory#custom-schema-fields-supported-for-blob-inventory>
    fn azure(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Key,
            "contentlength" => Self::Size,
            "lastmodified" => Self::LastModified,
            "etag" => Self::Etag,
            "versionid" => Self::VersionId,
            "iscurrentversion" => Self::IsLatest,
            "deleted" => Self::IsDeleteMarker,
            "snapshot" => Self::Snapshot,
            _ => return None,
        })
    }

    fn plain(name: &str) -> Option<Self> {
        Some(match name {
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
pub(crate) fn assign<'a>(names: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> Vec<Option<Column>> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for name in names {
        let column = Column::named(name, dialect).filter(|column| !columns.contains(&Some(*column)));
        columns.push(column);
    }
    columns
}

/// Refuses a file without keys, or whose bucket no one knows.
pub(crate) fn require(
    name: &str,
    columns: &[Option<Column>],
    names: &[&str],
    form: &Form,
    hint: &'static str,
) -> Result<()> {
    if !columns.contains(&Some(Column::Key)) {
        return Err(Error::NoKey { name: name.to_owned(), seen: list(names), hint });
    }
    let named = form.dialect == Dialect::Azure || form.options.default_bucket.is_some();
    if !named && !columns.contains(&Some(Column::Bucket)) {
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
    use crate::open::OpenOptions;

    fn check(name: &str, expected: Option<Column>) {
        assert_eq!(Column::named(name, Dialect::Plain), expected, "{name}");
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
        let columns = assign(["key", "Key", "x"], Dialect::Plain);
        assert_eq!(columns, [Some(Column::Key), None, None]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = |names: &[&str], bucket: Option<&str>| {
            let options = OpenOptions { default_bucket: bucket.map(str::to_owned), ..OpenOptions::default() };
            let form = Form { options: options.into(), ..Form::default() };
            let columns = assign(names.iter().copied(), Dialect::Plain);
            require("inv", &columns, names, &form, "").map_err(|e| e.to_string()).err().unwrap_or_default()
        };
        assert!(error(&["bucket", "name"], None).contains("no column `key`; it has: bucket, name"));
        assert!(error(&["key"], None).contains("--bucket"));
        assert_eq!(error(&["key"], Some("b")), "");
    }
}
