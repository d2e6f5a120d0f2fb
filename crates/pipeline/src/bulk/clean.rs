//! The end of a run's temporary files: after its commit, or when it is given up.

use earthcatalog_store::Base;
use futures::{StreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::Serialize;

use super::markers;
use super::paths::Paths;
use super::plan::BulkPlan;
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
    /// Their bytes.
    pub bytes: u64,
}

/// Gives a run up: its staging goes, and its id is free again.
///
/// Files of rows that it wrote stay for [`gc`](crate::gc), which knows what any snapshot refers to and waits for its grace
/// period: a driver that was taken for dead may be committing them at this moment. Tasks that are still at work fail, or
/// leave more such files.
///
/// # Errors
/// Those of the store; doing it again goes on where it ended.
pub async fn clean(base: &Base, run: &str) -> Result<Cleaned> {
    let plan = BulkPlan::find(base, run).await?;
    let paths = plan.paths()?;
    let mut cleaned = Cleaned::default();
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
