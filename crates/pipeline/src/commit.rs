//! The end of a run: rejections and index into the store, then one snapshot that names all.

use std::collections::BTreeMap;
use std::sync::Arc;

use earthcatalog_catalog::{Change, CommitId, Operation};
use earthcatalog_model::{DataFile, TableSchema};
use futures::{StreamExt, TryStreamExt, stream};

use crate::duplicates::Resolution;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::existing::Existing;
use crate::fates::Fates;
use crate::grid_properties;
use crate::index_update::named;
use crate::ingest::Job;
use crate::intake::Intake;
use crate::known::{INDEX, INDEX_PATH, Known, on_index};
use crate::report::Report;

/// Files of the table that are written anew at once; each is in memory whole.
const FILES_AT_ONCE: usize = 4;

/// What a run found out, at its end.
pub(crate) struct Findings {
    pub(crate) resolution: Resolution,
    pub(crate) fates: Fates,
    /// The index and what is to be done to the table's rows; None where the run replaces them all.
    pub(crate) existing: Option<(Known, Existing)>,
}

/// Makes the snapshot and notes it in the report.
pub(crate) async fn commit(
    job: &Job<'_>,
    intake: &mut Intake,
    findings: Findings,
    report: &mut Report,
) -> Result<()> {
    if job.options.stop.is_stopped() {
        return Err(Error::Interrupted);
    }
    report.rejected_path = job.put_rejections(intake).await?;
    let Some(change) = change(job, intake, findings, report).await? else { return Ok(()) };
    job.observer.on_event(&Event::Committing { files: report.files, rows: report.rows });
    let makes_snapshot = change.operation != Operation::Properties;
    let committed = job.parts.table.commit(change).await?;
    report.snapshot_id = committed.snapshot_id.filter(|_| makes_snapshot);
    Ok(())
}

/// The change of the table; None if there is nothing to change.
async fn change(
    job: &Job<'_>,
    intake: &mut Intake,
    findings: Findings,
    report: &mut Report,
) -> Result<Option<Change>> {
    let Findings { resolution, fates, existing } = findings;
    let (mut properties, mut rewritten) = (BTreeMap::new(), Vec::new());
    let operation = match &existing {
        None => {
            properties = grid_properties::properties(&job.parts.grid.spec());
            Operation::ReplaceAll
        }
        Some((_, existing)) => {
            let remove;
            (remove, rewritten) = replace(job, existing, &intake.schema()).await?;
            report.rewritten_files += remove.len() as u64;
            operation(remove, rewritten.is_empty() && intake.files().next().is_none())
        }
    };
    let index = index(job, &resolution, fates, existing.as_ref(), &operation).await?;
    if operation == Operation::Properties && index.is_none() {
        return Ok(None);
    }
    properties.extend(index.unwrap_or_else(no_index));
    // Last: of many thousand files it takes more memory than the index does.
    let mut add = intake.data_files()?;
    add.extend(rewritten);
    Ok(Some(Change {
        id: CommitId::new(job.run.nonce.clone()),
        operation,
        add,
        schema: Some((*intake.schema()).clone()),
        properties,
        decided_on: Some(job.run.snapshot()),
        expects: job.run.head.as_ref().filter(|_| existing.is_some()).map(on_index).unwrap_or_default(),
        summary: [("earthcatalog.run-id".to_owned(), job.run.id.clone())].into(),
    }))
}

/// What becomes of the table's files where some go and some or none are added.
pub(crate) fn operation(remove: Vec<String>, nothing_to_add: bool) -> Operation {
    match (remove.is_empty(), nothing_to_add) {
        (true, true) => Operation::Properties,
        (true, false) => Operation::Append,
        (false, _) => Operation::Replace { remove },
    }
}

/// Writes the files anew from which rows go: the locations of the old ones, and the new ones.
async fn replace(
    job: &Job<'_>,
    existing: &Existing,
    schema: &Arc<TableSchema>,
) -> Result<(Vec<String>, Vec<DataFile>)> {
    let remove = existing.files.iter().map(|(file, _)| file.path.clone()).collect();
    // Collected, or the compiler cannot see that all this may move to another thread.
    let writes: Vec<_> = existing
        .files
        .iter()
        .map(|(file, ids)| job.writer.replace(file, ids.clone(), schema.clone()))
        .collect();
    let written: Vec<Option<DataFile>> =
        stream::iter(writes).buffer_unordered(FILES_AT_ONCE).try_collect().await?;
    Ok((remove, written.into_iter().flatten().collect()))
}

/// The properties that name the index after the run; None if it stays as it is.
pub(crate) async fn index(
    job: &Job<'_>,
    resolution: &Resolution,
    fates: Fates,
    existing: Option<&(Known, Existing)>,
    operation: &Operation,
) -> Result<Option<BTreeMap<String, Option<String>>>> {
    if !job.options.update_hash_index {
        // A run that changes no row leaves the index right.
        return Ok((*operation != Operation::Properties).then(no_index));
    }
    let Some((known, existing)) = existing else {
        return named(&job.parts.base, &job.first_index(resolution, fates).await?).map(Some);
    };
    let mut files = job.next_index(known, existing, fates).await?;
    if *operation != Operation::Properties {
        files.commit.clone_from(&job.run.nonce);
    } else if known.is_current && files == known.files {
        return Ok(None);
    }
    named(&job.parts.base, &files).map(Some)
}

/// No index is better than one that lies.
pub(crate) fn no_index() -> BTreeMap<String, Option<String>> {
    [(INDEX.to_owned(), None), (INDEX_PATH.to_owned(), None)].into()
}
