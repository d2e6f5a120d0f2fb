//! Live listings: the objects that are below some folders of stores, now.
//!
//! A store gives a listing page by page, one after the other. So a folder is parted by its sub-folders, which are listed
//! side by side, until there are enough; what comes is kept in a temporary file, as a listing asked for twice may be two.
//! The order is that of the folders as they are named, and within one that of the keys: how it was parted does not show.

mod walk;

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use tokio::task::JoinSet;

use crate::blocks::{Block, Blocks};
use crate::error::{Error, Result};
use crate::kept::{Kept, Sum};
use crate::open::Inventory;
use walk::{Run, Visit, visit};

/// Listings under way at once.
const LISTINGS: usize = 16;

/// Folders that wait for their turn, so that no more are needed: what comes then is listed as it is.
const ENOUGH: usize = 4 * LISTINGS;

/// A folder of a store, and what its objects are called.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The folder there; empty for the whole store.
    pub path: Path,
    /// What is cut off a place in the store to make a key: the root of the bucket.
    pub root: Path,
    /// What is put before: a slash where keys are local paths.
    pub lead: &'static str,
    /// The bucket of its objects.
    pub bucket: String,
    /// Its URL, for people, without user and query.
    pub url: String,
}

impl Folder {
    /// The key of an object of this folder.
    pub(crate) fn key(&self, location: &str) -> String {
        let below = location.strip_prefix(self.root.as_ref()).unwrap_or(location);
        format!("{}{}", self.lead, below.trim_start_matches('/'))
    }
}

/// Lists all that is below the folders. `name` is what the listing is called.
///
/// Listing goes on while the future is polled; dropping it ends the requests.
///
/// # Errors
/// Where a store does not answer, or does not list; where nothing is below a folder, as its name is then most likely
/// wrong; where the temporary file cannot be written.
pub async fn list(name: &str, folders: Vec<Folder>) -> Result<Box<dyn Inventory>> {
    let blocks = Arc::new(Blocks::new()?);
    let folders: Arc<[Folder]> = folders.into();
    let (mut runs, mut sum) = (Vec::new(), Sum::default());
    let mut rows = vec![0; folders.len()];
    // The last first, so that what waits stays little.
    let mut waiting: Vec<(usize, Path)> =
        folders.iter().map(|folder| folder.path.clone()).enumerate().rev().collect();
    let mut running = JoinSet::new();
    loop {
        while running.len() < LISTINGS
            && let Some((folder, path)) = waiting.pop()
        {
            let visit = Visit {
                is_root: folders.get(folder).is_some_and(|root| root.path == path),
                is_enough: waiting.len() >= ENOUGH,
                folder,
                path,
            };
            let (folders, blocks) = (folders.clone(), blocks.clone());
            running.spawn(async move { visit_one(&folders, visit, &blocks).await });
        }
        let Some(done) = running.join_next().await else { break };
        let (folder, found) =
            done.map_err(|e| Error::Worker { name: name.to_owned(), message: e.to_string() })??;
        sum.add(found.sum);
        rows.iter_mut().skip(folder).take(1).for_each(|rows| *rows += found.sum.rows);
        runs.extend(found.runs.into_iter().map(|run| (folder, run)));
        waiting.extend(found.folders.into_iter().rev().map(|path| (folder, path)));
    }
    if let Some((folder, _)) = folders.iter().zip(rows).find(|(_, rows)| *rows == 0) {
        return Err(Error::NothingListed { name: folder.url.clone() });
    }
    Ok(Box::new(Kept::new(name, sum, blocks, in_order(runs))))
}

async fn visit_one(folders: &[Folder], of: Visit, blocks: &Blocks) -> Result<(usize, walk::Found)> {
    let folder = of.folder;
    match folders.get(folder) {
        Some(root) => Ok((folder, visit(root, &of, blocks).await?)),
        None => Ok((folder, walk::Found::default())),
    }
}

/// By the first key: the keys of two runs are never mixed.
fn in_order(mut runs: Vec<(usize, Run)>) -> Vec<Block> {
    runs.sort_by(|(a, left), (b, right)| (a, &left.first).cmp(&(b, &right.first)));
    runs.into_iter().map(|(_, run)| run.block).collect()
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
