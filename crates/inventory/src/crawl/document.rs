//! One document of a catalog, and its links.

use std::sync::Arc;

use earthcatalog_model::ObjectRef;
use object_store::ObjectStoreExt;
use serde::Deserialize;

use super::Locate;
use super::links::target;
use crate::error::{Error, Result};

/// The largest document.
const MAX_BYTES: u64 = 64 << 20;

/// A document to be read, and which one links to it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) object: ObjectRef,
    pub(super) of: Option<Arc<str>>,
}

/// What a document links to.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) step: Step,
    /// True if it is an Item itself.
    pub(super) is_item: bool,
    pub(super) items: Vec<ObjectRef>,
    pub(super) children: Vec<ObjectRef>,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "type")]
    kind: Option<String>,
    links: Option<Vec<Link>>,
}

#[derive(Debug, Deserialize)]
struct Link {
    rel: Option<String>,
    href: Option<String>,
}

/// Reads a document.
pub(super) async fn read(step: Step, places: Arc<dyn Locate>) -> Result<Document> {
    match fetch(&step.object, &*places).await.and_then(|bytes| parse(&step.object, &bytes)) {
        Ok((is_item, items, children)) => Ok(Document { step, is_item, items, children }),
        Err(message) => {
            let of = step.of.map(|of| format!(", to which {of} links,")).unwrap_or_default();
            Err(Error::Document { name: step.object.href(), of, message })
        }
    }
}

async fn fetch(object: &ObjectRef, places: &dyn Locate) -> std::result::Result<bytes::Bytes, String> {
    let (store, path) = places.locate(object).map_err(|message| format!("cannot be read: {message}"))?;
    let failed = |error: object_store::Error| match error {
        object_store::Error::NotFound { .. } => "is not there".to_owned(),
        other => format!("cannot be read: {other}"),
    };
    let answer = store.get(&path).await.map_err(failed)?;
    if answer.meta.size > MAX_BYTES {
        return Err(format!("has {} bytes, and is no catalog", answer.meta.size));
    }
    answer.bytes().await.map_err(failed)
}

type Links = (bool, Vec<ObjectRef>, Vec<ObjectRef>);

fn parse(object: &ObjectRef, bytes: &[u8]) -> std::result::Result<Links, String> {
    let text: Text =
        serde_json::from_slice(bytes).map_err(|e| format!("is no STAC catalog or collection: {e}"))?;
    match text.kind.as_deref() {
        Some("Feature") => return Ok((true, Vec::new(), Vec::new())),
        Some("FeatureCollection") => {
            return Err(
                "is a FeatureCollection: give it as items:URL, which takes its items as they are".to_owned()
            );
        }
        Some("Catalog" | "Collection") | None => {}
        Some(other) => return Err(format!("is of type {other:?}, and no STAC catalog or collection")),
    }
    let links = text.links.ok_or("has no links, and is no STAC catalog or collection")?;
    let of = |rel: &str| -> std::result::Result<Vec<ObjectRef>, String> {
        let hrefs = links.iter().filter(|link| link.rel.as_deref() == Some(rel));
        hrefs.map(|link| resolve(object, rel, link)).collect()
    };
    let (items, children) = (of("item")?, of("child")?);
    let of_an_api = links.iter().any(|link| link.rel.as_deref() == Some("items"));
    if items.is_empty() && children.is_empty() && of_an_api {
        return Err("is a collection of an API, whose items are no documents that it links to: download them and give them as \
                    items:URL"
            .to_owned());
    }
    Ok((false, items, children))
}

fn resolve(object: &ObjectRef, rel: &str, link: &Link) -> std::result::Result<ObjectRef, String> {
    let href = link.href.as_deref().ok_or_else(|| format!("has a link {rel:?} without an href"))?;
    target(object, href).map_err(|message| {
        // What may be a secret stands behind these.
        let shown = href.split(['?', '#']).next().unwrap_or_default();
        let shown = shown.rsplit_once('@').map_or(shown, |(_, host)| host);
        format!("has a link {rel:?} to {shown:?} that cannot be followed: {message}")
    })
}
