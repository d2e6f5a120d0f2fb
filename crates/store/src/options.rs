//! What a user can say about stores: anonymity, bucket maps, time limits, further options.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, scrub};

/// How stores are opened. Credentials and endpoints come from the environment (`AWS_*` with `AWS_ENDPOINT_URL`
/// and `AWS_ALLOW_HTTP`, `AZURE_*`, `GOOGLE_*`), `extra` goes before them.
///
/// `Debug` shows the names in `extra`, never the values.
#[derive(Clone, Default)]
pub struct StoreOptions {
    /// Send unsigned requests: for public buckets. Needs no region on AWS.
    pub anonymous: bool,
    /// Buckets that are found elsewhere.
    pub maps: Vec<BucketMap>,
    /// Limit for one request, its body included; one minute if not given. Connecting has five seconds.
    pub timeout: Option<Duration>,
    /// Settings by the names of the environment variables, in any case: `AWS_REGION`, `azure_storage_account_name`.
    /// `max_retries` (10 if not given) bounds the repetitions of a failed request.
    pub extra: Vec<(String, String)>,
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<&str> = self.extra.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("StoreOptions")
            .field("anonymous", &self.anonymous)
            .field("maps", &self.maps)
            .field("timeout", &self.timeout)
            .field("extra", &extra)
            .finish()
    }
}

/// A bucket of an inventory that is found elsewhere: in a folder, under a prefix of another bucket, at another
/// endpoint. Written `NAME=URL`; the object's key is appended under the URL.
///
/// An empty name maps the objects that have no bucket (local files): `=/data` allows those under `/data`, by
/// their path relative to it or by their absolute path.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketMap {
    /// The bucket's name in the inventory.
    pub bucket: String,
    /// Where it is: a URL or a local path.
    pub url: String,
}

impl fmt::Debug for BucketMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.bucket, scrub(&self.url))
    }
}

impl FromStr for BucketMap {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('=') {
            Some((bucket, url)) if !url.is_empty() => Ok(Self { bucket: bucket.into(), url: url.into() }),
            _ => Err(Error::url(
                text,
                "a bucket map is written NAME=URL, such as its-live-data=file:///data/its-live",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let map = text.parse::<BucketMap>().ok();
        assert_eq!(map.as_ref().map(|m| (m.bucket.as_str(), m.url.as_str())), expected, "{text}");
    }

    #[test]
    fn bucket_maps_are_parsed() {
        check("a=file:///x", Some(("a", "file:///x")));
        check("a=/x=y", Some(("a", "/x=y")));
        check("=/data", Some(("", "/data")));
        check("a", None);
        check("a=", None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let options = StoreOptions {
            maps: vec![BucketMap { bucket: "a".into(), url: "https://me:hunter2@h/x?sig=hunter2".into() }],
            extra: vec![("AWS_SECRET_ACCESS_KEY".into(), "hunter2".into())],
            ..StoreOptions::default()
        };
        let text = format!("{options:?} {options:#?}");
        assert!(!text.contains("hunter2") && text.contains("AWS_SECRET_ACCESS_KEY"), "{text}");
    }
}
