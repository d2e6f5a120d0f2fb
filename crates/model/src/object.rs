//! A line of an inventory.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// One object of a bucket, as a listing names it. Only `bucket` and `key` are always there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The bucket's name, without a scheme. For `http(s)` sources the origin, for local files empty.
    pub bucket: String,
    /// The key as the store knows it: decoded, without a leading slash added or taken away.
    pub key: String,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When the object was last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
    /// The entity tag, without quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The version, in a versioned listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// False for a version that a newer one of the same key has replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_latest: Option<bool>,
    /// True for the mark that a deletion leaves in a versioned bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_delete_marker: Option<bool>,
}

impl ObjectRef {
    /// An object of which no more than its name is known.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), ..Self::default() }
    }
}
