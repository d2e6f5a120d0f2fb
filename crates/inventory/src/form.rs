//! How a file is to be read: what the caller says of it, and whose columns it has.

use std::borrow::Cow;
use std::sync::Arc;

use crate::open::OpenOptions;

/// Whose names the columns bear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Those of S3, and of people's own exports.
    #[default]
    Plain,
    /// A Google Cloud Storage inventory report: the key is `name`; buckets are `gs://`.
    /// <https://cloud.google.com/storage/docs/insights/inventory-reports>
    Gcs,
    /// An Azure blob inventory: `Name` is the container, a slash, and the blob's name; containers are `az://`.
    /// <https://learn.microsoft.com/azure/storage/blobs/blob-inventory>
    Azure,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    pub(crate) options: Arc<OpenOptions>,
    pub(crate) dialect: Dialect,
}

impl Form {
    /// Bucket and key of a row.
    ///
    /// # Errors
    /// A blob's name without a container.
    pub(crate) fn place<'a>(&self, bucket: &'a str, key: &'a str) -> Result<(Cow<'a, str>, &'a str), String> {
        match self.dialect {
            Dialect::Plain => Ok((Cow::Borrowed(bucket), key)),
            Dialect::Gcs if bucket.is_empty() => Err("the bucket is empty".to_owned()),
            Dialect::Gcs => Ok((Cow::Owned(format!("gs://{bucket}")), key)),
            Dialect::Azure => match key.split_once('/') {
                Some((container, blob)) if !container.is_empty() && !blob.is_empty() => {
                    Ok((Cow::Owned(format!("az://{container}")), blob))
                }
                _ => Err(format!("the name {key:?} is no container/blob")),
            },
        }
    }
}
