//! The bulk runs of a catalog that have not ended.

use earthcatalog_store::Base;
use serde::Serialize;

use super::again::again;
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

/// The open runs, the oldest first.
///
/// # Errors
/// Where the catalog's folder of runs cannot be read.
pub async fn open_runs(base: &Base) -> Result<Vec<OpenRun>> {
    let folder = base.path("runs");
    let folders = again(|| async {
        match base.store().list_with_delimiter(Some(&folder)).await {
            Ok(listed) => Ok(listed.common_prefixes),
            Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(base.error("runs", &error).into()),
        }
    })
    .await?;
    let plans: Vec<String> = folders
        .iter()
        .filter_map(|folder| Paths::of(folder.filename()?).ok())
        .map(|paths| paths.plan())
        .collect();
    let plans: Vec<Option<BulkPlan>> = markers::read_all(base, plans).await?;
    let mut runs: Vec<OpenRun> = plans.into_iter().flatten().map(|plan| OpenRun { plan }).collect();
    runs.sort_by_key(|run| run.plan.started.micros());
    Ok(runs)
}
