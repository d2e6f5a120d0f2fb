//! What the items of a file are called as objects: see the module above.

use earthcatalog_model::{IdHash, Json, ObjectRef, Timestamp, read_href};
use percent_encoding::percent_decode_str;

use super::RowItem;

/// An object's name and version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) last_modified: Option<Timestamp>,
    pub(super) etag: String,
}

/// Of an item; of its place where it has no id or is no JSON.
pub(super) fn of_item(text: &[u8], file: &ObjectRef, at: &str) -> Named {
    let json = Json::parse(text).ok();
    let id = json.as_ref().and_then(|json| json.get("id")).and_then(Json::as_str).filter(|id| !id.is_empty());
    let (Some(json), Some(id)) = (&json, id) else { return of_place(file, at, text) };
    let updated = json.get("properties").and_then(|p| p.get("updated")).and_then(Json::as_str);
    let last_modified = updated.and_then(|text| Timestamp::parse(text).ok());
    let (bucket, key) =
        own_link(json, id).unwrap_or_else(|| (file.bucket.clone(), format!("{}#{id}", file.key)));
    Named { bucket, key, last_modified, etag: etag(text) }
}

/// Of an item of a row, which may say where it came from.
pub(super) fn of_row(item: &RowItem, file: &ObjectRef, at: &str) -> Named {
    let href = item.href.as_deref().filter(|href| !href.is_empty());
    let Some((bucket, key)) = href.and_then(|href| read_href(href).ok()) else {
        return of_item(item.json.as_bytes(), file, at);
    };
    let etag = item.etag.clone().unwrap_or_else(|| etag(item.json.as_bytes()));
    Named { bucket: bucket.into_owned(), key: key.into_owned(), last_modified: item.last_modified, etag }
}

/// Of a place in the file.
pub(super) fn of_place(file: &ObjectRef, at: &str, text: &[u8]) -> Named {
    Named {
        bucket: file.bucket.clone(),
        key: format!("{}#{at}", file.key),
        last_modified: None,
        etag: etag(text),
    }
}

fn etag(text: &[u8]) -> String {
    format!("{:?}", IdHash::of(&String::from_utf8_lossy(text)))
}

/// The object that the link `self` names. The item's id must be in it: a link that many items share, or that has been
/// left from elsewhere, would make one object of them.
fn own_link(json: &Json<'_>, id: &str) -> Option<(String, String)> {
    let Some(Json::Array(links)) = json.get("links") else { return None };
    let is_self = |link: &&Json<'_>| link.get("rel").and_then(Json::as_str) == Some("self");
    let href = links.iter().find(is_self)?.get("href")?.as_str()?;
    let (scheme, _) = href.split_once("://")?;
    if scheme == "file" {
        return None;
    }
    let (bucket, key) = read_href(href).ok()?;
    let has_id = key.contains(id) || percent_decode_str(&key).decode_utf8_lossy().contains(id);
    has_id.then(|| (bucket.into_owned(), key.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(item: &str, bucket: &str, key: &str) {
        let named = of_item(item.as_bytes(), &ObjectRef::new("b", "f.ndjson"), "line=3");
        assert_eq!((named.bucket.as_str(), named.key.as_str()), (bucket, key), "{item}");
    }

    fn linked(href: &str) -> String {
        format!(r#"{{"id":"x y","links":[{{"rel":"root","href":"r"}},{{"rel":"self","href":"{href}"}}]}}"#)
    }

    #[test]
    fn names() {
        check(&linked("s3://c/a/x y.json"), "c", "a/x y.json");
        check(&linked("https://h/items/x%20y"), "https://h", "items/x y");
        check(&linked("https://h/items/1"), "b", "f.ndjson#x y");
        check(&linked("./x y.json"), "b", "f.ndjson#x y");
        check(&linked("file:///x y.json"), "b", "f.ndjson#x y");
        check(&linked("https://h/x y?sig=1"), "b", "f.ndjson#x y");
        check(r#"{"id":"a","links":7}"#, "b", "f.ndjson#a");
        check(r#"{"id":""}"#, "b", "f.ndjson#line=3");
        check(r#"{"id":7}"#, "b", "f.ndjson#line=3");
        check("{", "b", "f.ndjson#line=3");
    }

    #[test]
    fn versions() {
        let of = |text: &str| of_item(text.as_bytes(), &ObjectRef::default(), "");
        let dated = of(r#"{"id":"a","properties":{"updated":"2020-01-01T00:00:00Z"}}"#);
        assert_eq!(dated.last_modified, Timestamp::parse("2020-01-01").ok());
        assert_eq!(of(r#"{"id":"a","properties":{"updated":"x"}}"#).last_modified, None);
        assert_ne!(of(r#"{"id":"a"}"#).etag, of(r#"{"id":"a" }"#).etag);
    }

    #[test]
    fn rows_may_know_where_they_came_from() {
        let item = RowItem {
            json: r#"{"id":"a"}"#.to_owned(),
            href: Some("s3://c/k".to_owned()),
            etag: Some("e".to_owned()),
            last_modified: None,
        };
        let named = of_row(&item, &ObjectRef::new("b", "f"), "row=1");
        assert_eq!((named.bucket.as_str(), named.key.as_str(), named.etag.as_str()), ("c", "k", "e"));
        let unknown = RowItem { href: None, etag: None, ..item };
        assert_eq!(of_row(&unknown, &ObjectRef::new("b", "f"), "row=1").key, "f#a");
    }
}
