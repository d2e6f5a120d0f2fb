//! Where a link of a document leads, in buckets and keys.

use std::borrow::Cow;

use earthcatalog_model::{ObjectRef, read_href};
use percent_encoding::percent_decode_str;

/// The object that `href` names in the document `base`.
///
/// Keys are taken as they are written, except that those of `http(s)` are decoded, as everywhere. A document that is no local
/// file itself cannot lead to one.
///
/// # Errors
/// Why it names none.
pub(super) fn target(base: &ObjectRef, href: &str) -> Result<ObjectRef, String> {
    let is_local = base.bucket.is_empty();
    if href.contains("://") {
        let (bucket, key) = read_href(href)?;
        if bucket.is_empty() && !is_local {
            return Err("it leads from a remote document to a local file".to_owned());
        }
        return Ok(ObjectRef::new(bucket, key));
    }
    let is_http = base.bucket.starts_with("http://") || base.bucket.starts_with("https://");
    let path = if is_http { decoded(href)? } else { Cow::Borrowed(href) };
    if path.starts_with("//") || path.is_empty() {
        return Err("it is no path".to_owned());
    }
    let whole = match path.strip_prefix('/') {
        Some(rest) => Cow::Borrowed(rest),
        None => {
            let folder = base.key.trim_start_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder);
            Cow::Owned(format!("{folder}/{path}"))
        }
    };
    let key = plain(&whole)?;
    Ok(ObjectRef::new(base.bucket.as_str(), if is_local { format!("/{key}") } else { key }))
}

/// A path of a URL; what follows a `#` is no part of it.
fn decoded(href: &str) -> Result<Cow<'_, str>, String> {
    let path = href.split('#').next().unwrap_or_default();
    if path.contains('?') {
        return Err("a URL with a query cannot be fetched as an object".to_owned());
    }
    percent_decode_str(path).decode_utf8().map_err(|_| "its path is no UTF-8".to_owned())
}

/// Without `.` and `..`.
fn plain(path: &str) -> Result<String, String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or("it leads above the root")?;
            }
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => Err("it names no file".to_owned()),
        false => Ok(parts.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bucket: &str, key: &str, href: &str, expected: Option<(&str, &str)>) {
        let found = target(&ObjectRef::new(bucket, key), href).ok();
        let found = found.as_ref().map(|object| (object.bucket.as_str(), object.key.as_str()));
        assert_eq!(found, expected, "{bucket} {key} {href}");
    }

    #[test]
    fn links_are_relative_to_their_document() {
        let s3 = |href, key| check("b", "a/c/catalog.json", href, Some(("b", key)));
        s3("./x/y.json", "a/c/x/y.json");
        s3("x y%20.json", "a/c/x y%20.json");
        s3("../d/../e.json", "a/e.json");
        s3("/e.json", "e.json");
        check("b", "catalog.json", "x.json", Some(("b", "x.json")));
        check("b", "catalog.json", "../x.json", None);
        check("b", "a/catalog.json", "..", None);
        check("b", "a/catalog.json", "", None);
        check("b", "a/catalog.json", "s3://c/x.json", Some(("c", "x.json")));
        check("b", "a/catalog.json", "https://h/x%20y", Some(("https://h", "x y")));
        check("https://h", "a/catalog.json", "x%20y.json#part", Some(("https://h", "a/x y.json")));
        check("https://h", "a/catalog.json", "/x", Some(("https://h", "x")));
        check("https://h", "a/catalog.json", "x?page=2", None);
        check("https://h", "a/catalog.json", "//other/x", None);
        check("", "/data/catalog.json", "x/y.json", Some(("", "/data/x/y.json")));
        check("", "/data/catalog.json", "/other/y.json", Some(("", "/other/y.json")));
        check("", "/data/catalog.json", "../../../etc/passwd", None);
    }

    #[test]
    fn a_remote_document_leads_to_no_local_file() {
        for href in ["file:///etc/passwd", "file://localhost/etc/passwd"] {
            check("b", "catalog.json", href, None);
            check("https://h", "catalog.json", href, None);
        }
        check("", "/data/catalog.json", "file:///data/x.json", Some(("", "/data/x.json")));
    }
}
