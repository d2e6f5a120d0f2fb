//! The bulk runs of a catalog that have not ended.

use earthcatalog_store::Base;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;

use super::markers;
use super::paths::Paths;
use super::plan::BulkPlan;
use crate::error::Result;

/// A run that has a plan and no end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpenRun {
    /// Its plan.
    #[serde(flatten)]
    pub plan: BulkPlan,
}

/// Plans that are read at once.
const AT_ONCE: usize = 16;

/// The open runs, the oldest first.
///
/// # Errors
/// Where the catalog's folder of runs cannot be read.
pub async fn open_runs(base: &Base) -> Result<Vec<OpenRun>> {
    let folder = base.path("runs");
    let listed = match base.store().list_with_delimiter(Some(&folder)).await {
        Ok(listed) => listed,
        Err(object_store::Error::NotFound { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(base.error("runs", &error).into()),
    };
    let names = listed.common_prefixes.iter().filter_map(|folder| Paths::of(folder.filename()?).ok());
    let reads = names.map(|paths| async move { markers::read::<BulkPlan>(base, &paths.plan()).await });
    let plans: Vec<Option<BulkPlan>> =
        stream::iter(reads).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut runs: Vec<OpenRun> = plans.into_iter().flatten().map(|plan| OpenRun { plan }).collect();
    runs.sort_by_key(|run| run.plan.started.micros());
    Ok(runs)
}
