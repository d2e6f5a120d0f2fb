//! What an object is called in a URL, and whose URL one is: the one place that knows.
//!
//! `s3://bucket/key` is of `bucket`; `gs://`, `az://` and their like keep their scheme in the bucket; `http(s)` has the origin for
//! a bucket, and its path is percent-encoded, as it is a URL and the others are not. Local paths are of the empty bucket.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::object::ObjectRef;

/// What a path in an http URL must not hold unencoded.
const URL_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// Schemes that name a container of Azure's.
const AZURE: [&str; 5] = ["az", "abfs", "abfss", "adl", "azure"];

impl ObjectRef {
    /// What it is called: `s3://bucket/key`; of an origin a URL, of a local file the path.
    pub fn href(&self) -> String {
        let (bucket, key) = (self.bucket.trim_end_matches('/'), self.key.as_str());
        match bucket {
            "" => key.to_owned(),
            _ if is_http(bucket) => format!("{bucket}/{}", utf8_percent_encode(key, URL_PATH)),
            _ if bucket.contains(':') && bucket.contains("://") => format!("{bucket}/{key}"),
            _ => format!("s3://{bucket}/{key}"),
        }
    }
}

fn is_http(bucket: &str) -> bool {
    bucket.starts_with("http://") || bucket.starts_with("https://")
}

/// Bucket and key of what [`ObjectRef::href`] gave. Nothing is refused: a name that no one gave is an object that no one has.
pub fn split_href(href: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    let Some((scheme, rest)) = href.split_once("://") else { return ("".into(), href.into()) };
    let (root, key) = rest.split_once('/').unwrap_or((rest, ""));
    match scheme {
        "file" => ("".into(), rest.into()),
        "s3" | "s3a" => (root.into(), key.into()),
        "http" | "https" => {
            (format!("{scheme}://{root}").into(), percent_decode_str(key).decode_utf8_lossy())
        }
        _ => (format!("{scheme}://{root}").into(), key.into()),
    }
}

/// Bucket and key of a URL that someone else wrote.
///
/// # Errors
/// What names no object: another scheme, no bucket or no key, credentials, a query.
pub fn read_href(href: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), String> {
    let Some((scheme, rest)) = href.split_once("://") else { return Ok(split_href(href)) };
    if scheme == "file" {
        return Ok(split_href(href));
    }
    let is_web = matches!(scheme, "http" | "https");
    let is_plain = is_web || matches!(scheme, "s3" | "s3a" | "gs");
    if !is_plain && !AZURE.contains(&scheme) {
        return Err(
            "the URL's scheme is unknown: use s3://, gs://, az://, abfs://, https://, http:// or file://"
                .to_owned(),
        );
    }
    let (root, key) = rest.split_once('/').unwrap_or((rest, ""));
    match () {
        () if root.is_empty() || key.is_empty() => {
            Err("the URL names no object: it needs a bucket and a key, s3://bucket/key".to_owned())
        }
        () if is_plain && root.contains('@') => Err("a URL must not hold credentials".to_owned()),
        () if is_web && key.contains(['?', '#']) => {
            Err("a URL with a query or fragment cannot be fetched as an object".to_owned())
        }
        () if is_web && percent_decode_str(key).decode_utf8().is_err() => {
            Err("the URL's path is no UTF-8".to_owned())
        }
        () => Ok(split_href(href)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(href: &str, bucket: &str, key: &str) {
        assert_eq!(read_href(href), Ok((bucket.into(), key.into())), "{href}");
    }

    #[test]
    fn urls_are_buckets_and_keys() {
        check("s3://b/a/b%20c+d.json", "b", "a/b%20c+d.json");
        check("s3a://b/k", "b", "k");
        check("gs://b/k", "gs://b", "k");
        check("az://c/k", "az://c", "k");
        check("abfss://c@account.dfs.core.windows.net/k", "abfss://c@account.dfs.core.windows.net", "k");
        check("https://h:8080/a%20b/c", "https://h:8080", "a b/c");
        check("file:///data/x.json", "", "/data/x.json");
        check("/data/x.json", "", "/data/x.json");
    }

    #[test]
    fn what_names_no_object_is_refused() {
        for href in [
            "s3://b",
            "s3://b/",
            "s3:///k",
            "ftp://h/k",
            "memory://m/k",
            "https://h/k?sig=1",
            "https://h/%FF",
            "https://u:p@h/k",
        ] {
            assert!(read_href(href).is_err_and(|e| !e.contains("sig") && !e.contains("u:p")), "{href}");
        }
    }

    #[test]
    fn names() {
        let href = |bucket: &str, key: &str| ObjectRef::new(bucket, key).href();
        assert_eq!(href("b", "x/y%2F"), "s3://b/x/y%2F");
        assert_eq!(href("gs://b", "x"), "gs://b/x");
        assert_eq!(href("https://h", "a b?c"), "https://h/a%20b%3Fc");
        assert_eq!(href("", "/data/x"), "/data/x");
    }

    proptest! {
        #[test]
        fn what_was_named_is_found_again(
            bucket in prop::sample::select(vec!["b", "gs://b", "az://c", "https://h:1", "http://h", "memory://m"]),
            key in "\\PC{1,20}",
        ) {
            let object = ObjectRef::new(bucket, key);
            let href = object.href();
            let (bucket, key) = split_href(&href);
            prop_assert_eq!((&*bucket, &*key), (object.bucket.as_str(), object.key.as_str()));
            if bucket != "memory://m" {
                prop_assert_eq!(read_href(&href), Ok((bucket, key)));
            }
        }
    }
}
