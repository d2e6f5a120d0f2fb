//! A URL as a bucket and a key, as the rest of the workspace names them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Bucket and key of a URL: `s3://bucket/key` is of `bucket`, `gs://` and `az://` keep their scheme, `http(s)` has the
/// origin for a bucket and its path is decoded. `file://` and plain paths are of the empty bucket.
///
/// # Errors
/// What names no object.
pub(crate) fn object_of(href: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), String> {
    let Some((scheme, rest)) = href.split_once("://") else { return Ok(("".into(), href.into())) };
    if scheme == "file" {
        return Ok(("".into(), rest.into()));
    }
    let (root, key) = rest.split_once('/').unwrap_or((rest, ""));
    if root.is_empty() || key.is_empty() {
        return Err("the URL names no object: it needs a bucket and a key, s3://bucket/key".to_owned());
    }
    if root.contains('@') && matches!(scheme, "s3" | "s3a" | "gs" | "http" | "https") {
        return Err("a URL must not hold credentials".to_owned());
    }
    match scheme {
        "s3" | "s3a" => Ok((root.into(), key.into())),
        "http" | "https" => {
            if key.contains(['?', '#']) {
                return Err("a URL with a query or fragment cannot be fetched as an object".to_owned());
            }
            let key = percent_decode_str(key).decode_utf8().map_err(|_| "the URL's path is no UTF-8")?;
            Ok((format!("{scheme}://{root}").into(), key))
        }
        "gs" | "az" | "abfs" | "abfss" | "adl" | "azure" => {
            Ok((format!("{scheme}://{root}").into(), key.into()))
        }
        _ => {
            Err("the URL's scheme is unknown: use s3://, gs://, az://, abfs://, https://, http:// or file://"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(href: &str, bucket: &str, key: &str) {
        assert_eq!(object_of(href), Ok((bucket.into(), key.into())), "{href}");
    }

    #[test]
    fn urls_are_buckets_and_keys() {
        check("s3://b/a/b%20c+d.json", "b", "a/b%20c+d.json");
        check("gs://b/k", "gs://b", "k");
        check("az://c/k", "az://c", "k");
        check("https://h:8080/a%20b/c", "https://h:8080", "a b/c");
        check("file:///data/x.json", "", "/data/x.json");
        check("/data/x.json", "", "/data/x.json");
    }

    #[test]
    fn what_names_no_object_is_refused() {
        for href in ["s3://b", "s3://b/", "s3:///k", "ftp://h/k", "https://h/k?sig=1", "https://u:p@h/k"] {
            assert!(object_of(href).is_err_and(|e| !e.contains("sig") && !e.contains("u:p")), "{href}");
        }
    }
}
