//! One item by its id.

use std::collections::HashSet;

use earthcatalog_catalog::{Filter, Head, Table};
use earthcatalog_hash_index::IdsReader;
use earthcatalog_model::{IdHash, PartitionKey};
use earthcatalog_store::Base;
use futures::{StreamExt, TryStreamExt};

use crate::columns::Columns;
use crate::error::Result;
use crate::rows;

/// The table property that names the file `ids`.
const HASH_INDEX: &str = "earthcatalog.hash_index_path";

/// Files looked into at once.
const FILES: usize = 8;

/// The item of that id, as JSON; None where the table at `head` has none.
///
/// Files are tried whose bounds of `id` include it, and those first that the hash index names. The index only orders:
/// one that is stale, damaged or missing costs time and hides nothing. In a file, row groups are ruled out by their
/// bounds and bloom filters, and of the others the ids are read before anything else.
///
/// # Errors
/// When the table or one of its files cannot be read.
pub async fn get(base: &Base, table: &dyn Table, head: &Head, id: &str) -> Result<Option<String>> {
    let mut files = table.files(head, &Filter::default()).await?;
    let columns = Columns::of(&head.schema);
    files.retain(|file| columns.may_hold(file, id));
    let known = if files.is_empty() { HashSet::new() } else { indexed(base, head, id).await };
    files.sort_by_key(|file| !known.contains(&file.partition));
    let found = futures::stream::iter(files)
        .map(|file| async move { rows::find(base, &file, id).await })
        .buffered(FILES);
    found.try_filter_map(|item| async move { Ok(item) }).boxed().try_next().await
}

/// The partitions that the hash index has the id in; none where there is no index that says so.
async fn indexed(base: &Base, head: &Head, id: &str) -> HashSet<PartitionKey> {
    let Some(location) = head.properties.get(HASH_INDEX) else { return HashSet::new() };
    let Ok(path) = base.resolve(location) else { return HashSet::new() };
    let hits = async {
        let reader = IdsReader::open(base.store(), &path).await?;
        reader.probe(vec![IdHash::of(id)]).try_collect::<Vec<_>>().await
    };
    match hits.await {
        Ok(hits) => hits.into_iter().filter_map(|hit| hit.partitions).flatten().collect(),
        Err(error) => {
            tracing::debug!(%error, "the hash index is no help");
            HashSet::new()
        }
    }
}

#[cfg(test)]
#[path = "get_tests.rs"]
mod tests;
