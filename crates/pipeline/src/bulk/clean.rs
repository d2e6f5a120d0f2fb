//! The end of a run's temporary files: after its commit, or when it is given up.

use std::collections::HashSet;

use earthcatalog_catalog::{Filter, Table};
use earthcatalog_store::Base;
use futures::{StreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;

use super::markers;
use super::paths::Paths;
use super::plan::BulkPlan;
use super::write::Written;
use crate::error::Result;

/// Deletions at once.
const AT_ONCE: usize = 64;

/// How often a file, and a run's files, are removed at most.
const ATTEMPTS: u32 = 3;

/// What was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// Files of the run: chunks, staged objects, tasks, markers.
    pub files: u64,
    /// Files of rows that were written for it, and that the table does not have.
    pub data_files: u64,
    /// Bytes of all.
    pub bytes: u64,
}

/// Gives a run up: its staging goes, and what it wrote that is not part of the table. Its id is free again.
///
/// Tasks of it that are still at work fail, or leave files that [`gc`](crate::gc) finds.
///
/// # Errors
/// Those of the store; doing it again goes on where it ended.
pub async fn clean(base: &Base, table: &dyn Table, run: &str) -> Result<Cleaned> {
    let plan = BulkPlan::read(base, run).await?;
    let paths = plan.paths()?;
    let mut cleaned = Cleaned::default();
    remove_data(base, table, &paths, &mut cleaned).await?;
    remove_staging(base, &plan, &paths, &[], &mut cleaned).await?;
    Ok(cleaned)
}

/// Takes all files of a run away but those of the names to keep. The plan goes last: while it is there, all can be done
/// again. A listing that breaks off is no reason to leave thousands of files.
pub(super) async fn remove_staging(
    base: &Base,
    plan: &BulkPlan,
    paths: &Paths,
    keep: &[&str],
    cleaned: &mut Cleaned,
) -> Result<()> {
    for _ in 1..ATTEMPTS {
        match remove_once(base, plan, paths, keep, cleaned).await {
            Ok(()) => return Ok(()),
            Err(error) => tracing::info!(%error, "staged files could not be removed, and are tried again"),
        }
    }
    remove_once(base, plan, paths, keep, cleaned).await
}

async fn remove_once(
    base: &Base,
    plan: &BulkPlan,
    paths: &Paths,
    keep: &[&str],
    cleaned: &mut Cleaned,
) -> Result<()> {
    let plan_path = base.path(&paths.plan());
    let keep: Vec<Path> = keep.iter().map(|name| base.path(&paths.file(name))).collect();
    let stays = |path: &Path| *path == plan_path || keep.contains(path);
    let mut folders = vec![paths.folder()];
    let staging = paths.staging_folder(&plan.staging);
    if staging != paths.folder() {
        folders.push(staging);
    }
    for folder in &folders {
        let found = markers::list(base, folder).await?;
        let found: Vec<(Path, u64)> = found.into_iter().filter(|(path, _)| !stays(path)).collect();
        cleaned.files += found.len() as u64;
        cleaned.bytes += found.iter().map(|(_, bytes)| bytes).sum::<u64>();
        delete(base, found.into_iter().map(|(path, _)| path).collect()).await?;
    }
    cleaned.files += 1;
    base.delete(&paths.plan()).await?;
    for folder in &folders {
        base.sweep(folder).await;
    }
    Ok(())
}

/// Takes away what the run wrote and the table does not have.
async fn remove_data(base: &Base, table: &dyn Table, paths: &Paths, cleaned: &mut Cleaned) -> Result<()> {
    let head = table.head().await?;
    let files = match &head {
        Some(head) => table.files(head, &Filter::default()).await?,
        None => Vec::new(),
    };
    let live: HashSet<String> = files.into_iter().map(|file| file.path).collect();
    let mut gone = Vec::new();
    for (path, _) in markers::list(base, &paths.written_folder()).await? {
        let Some(name) = path.filename().and_then(|name| name.strip_suffix(".json")) else { continue };
        let Some(written) = Written::read(base, paths, name).await? else { continue };
        for file in written.files.into_iter().filter(|file| !live.contains(&file.path)) {
            cleaned.data_files += 1;
            cleaned.bytes += file.bytes;
            gone.push(base.resolve(&file.path)?);
        }
    }
    delete(base, gone).await
}

/// Deletes all that can be deleted; the error is one of those that there were.
async fn delete(base: &Base, paths: Vec<Path>) -> Result<()> {
    let mut deletes = stream::iter(paths)
        .map(|path| async move { delete_one(base, &path).await })
        .buffer_unordered(AT_ONCE);
    let mut outcome = Ok(());
    while let Some(deleted) = deletes.next().await {
        outcome = outcome.and(deleted);
    }
    outcome
}

/// What is gone already is no error: another may be at it. The store itself does not repeat a deletion whose answer was
/// lost.
async fn delete_one(base: &Base, path: &Path) -> Result<()> {
    let mut attempt = 1;
    loop {
        match base.store().delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => return Ok(()),
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(earthcatalog_store::Error::from_store(path.as_ref(), &error).into()),
        }
    }
}
