//! Static STAC catalogs: the items that a catalog or collection and all below it link to.
//!
//! Documents are read level by level, those of a level side by side, and looked at in the order of the links: items come in
//! that order, however fast the documents do. A document that is linked to twice is read once, so that a circle ends. What is
//! found is kept in a temporary file, as a listing that is asked for twice must be the same.

mod document;
mod links;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use earthcatalog_model::{KeyHash, ObjectRef};
use futures::StreamExt;
use futures::stream::{self, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::blocks::Blocks;
use crate::build::Row;
use crate::error::{Error, Result};
use crate::kept::Packer;
use crate::open::Inventory;
use document::{Document, Step, read};

/// Documents that are read at once.
const AT_ONCE: usize = 32;

/// How far a crawl goes: what is deeper, or more, is no catalog that someone made by hand or by a sane program.
const LIMITS: Limits = Limits { depth: 64, documents: 1_000_000 };

#[derive(Debug, Clone, Copy)]
struct Limits {
    depth: usize,
    documents: usize,
}

/// Finds the place of a document by its bucket and key.
pub trait Locate: Send + Sync + 'static {
    /// The store and the path in it, or why there is none.
    ///
    /// # Errors
    /// Where the name is no place, or none that may be read.
    fn locate(&self, object: &ObjectRef) -> std::result::Result<(Arc<dyn ObjectStore>, Path), String>;
}

/// Crawls a catalog from its root. `name` is what the listing is called, `root` the root's bucket and key.
///
/// # Errors
/// Where a document cannot be read or is none, which is named with the one that links to it; where a link has no target that
/// could be an object; where there are too many documents or levels.
pub async fn crawl(name: &str, root: ObjectRef, places: Arc<dyn Locate>) -> Result<Box<dyn Inventory>> {
    within(name, root, places, LIMITS).await
}

async fn within(
    name: &str,
    root: ObjectRef,
    places: Arc<dyn Locate>,
    limits: Limits,
) -> Result<Box<dyn Inventory>> {
    let mut packer = Packer::new(Arc::new(Blocks::new()?));
    let mut seen = HashSet::from([KeyHash::of(&root.bucket, &root.key)]);
    let mut level = vec![Step { object: root, of: None }];
    for _ in 0..limits.depth {
        let mut next = Vec::new();
        let reads = std::mem::take(&mut level).into_iter().map(|step| read(step, places.clone()));
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        while let Some(found) = reads.try_next().await? {
            let Document { step, is_item, items, children } = found;
            if is_item {
                packer.push(&Row::of(&step.object))?;
            }
            items.iter().try_for_each(|item| packer.push(&Row::of(item)))?;
            let of: Arc<str> = step.object.href().into();
            for object in children {
                if seen.insert(KeyHash::of(&object.bucket, &object.key)) {
                    next.push(Step { object, of: Some(of.clone()) });
                }
            }
        }
        if seen.len() > limits.documents {
            return Err(far(name, format!("leads to more than {} documents", limits.documents)));
        }
        if next.is_empty() {
            return Ok(Box::new(packer.finish(name)?));
        }
        level = next;
    }
    Err(far(name, format!("goes on below {} levels", limits.depth)))
}

fn far(name: &str, message: String) -> Error {
    Error::Items { name: name.to_owned(), message: format!("{message}: begin with a catalog below it") }
}

impl fmt::Debug for dyn Locate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locate")
    }
}

#[cfg(test)]
#[path = "crawl_tests.rs"]
mod tests;
