//! The end of a run: rejections and index into the store, then one snapshot that names all.

use std::io::Read;

use bytes::Bytes;
use earthcatalog_catalog::{Change, CommitId, Operation};

use crate::duplicates::Resolution;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::grid_properties;
use crate::ingest::Job;
use crate::intake::Intake;
use crate::report::Report;
use crate::worker::blocking;

/// The table property that names the index of ids.
const HASH_INDEX: &str = "earthcatalog.hash_index_path";

/// Makes the snapshot and notes it in the report.
pub(crate) async fn commit(
    job: &Job<'_>,
    intake: &mut Intake,
    resolution: Resolution,
    report: &mut Report,
) -> Result<()> {
    if job.options.stop.is_stopped() {
        return Err(Error::Interrupted);
    }
    report.rejected_path = job.put_rejections(intake).await?;
    let index = put_index(job, resolution).await?;
    job.observer.on_event(&Event::Committing { files: report.files, rows: report.rows });
    let mut properties = grid_properties::properties(&job.parts.grid.spec());
    properties.insert(HASH_INDEX.to_owned(), Some(index));
    let change = Change {
        id: CommitId::new(job.run.nonce.clone()),
        operation: Operation::ReplaceAll,
        add: intake.take_data_files(),
        schema: Some((*intake.schema()).clone()),
        properties,
        decided_on: Some(job.run.snapshot),
        summary: [("earthcatalog.run-id".to_owned(), job.run.id.clone())].into(),
    };
    report.snapshot_id = job.parts.table.commit(change).await?.snapshot_id;
    Ok(())
}

/// The index of ids, under a name of this attempt; its location.
async fn put_index(job: &Job<'_>, resolution: Resolution) -> Result<String> {
    let rel = format!("warehouse_index/ids-{}.parquet", job.run.nonce);
    let bytes = blocking(move || -> Result<Bytes> {
        let mut bytes = Vec::new();
        let mut ids = resolution.ids;
        ids.read_to_end(&mut bytes).map_err(Error::Temporary)?;
        Ok(bytes.into())
    })
    .await??;
    job.writer.put_other(&rel, bytes).await?;
    Ok(job.parts.base.location(&rel))
}
