//! The hash index after a run: what it learnt as new files, and the description of the index that its commit sets.

use std::collections::BTreeMap;

use earthcatalog_hash_index::{
    Before, Ids, IdsSegmentWriter, IndexFile, IndexFiles, Objects, ObjectsWriter, Summary, is_due, upload,
};
use earthcatalog_model::IdHash;
use earthcatalog_store::Base;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::duplicates::{RUN_IDS, Resolution};
use crate::error::Result;
use crate::existing::Existing;
use crate::fates::Fates;
use crate::ingest::Job;
use crate::known::{INDEX, INDEX_PATH, Known};
use crate::scratch::Scratch;
use crate::worker::on_rayon;
use crate::write::FileWriter;

/// Segments of objects that are read beside their base before they are merged into it.
const SEGMENTS: usize = 16;

/// Puts a temporary file into the catalog, as a file of the index.
pub(crate) async fn put_index(
    writer: &FileWriter,
    scratch: &Scratch,
    name: &str,
    summary: Summary,
) -> Result<IndexFile> {
    let path = format!("warehouse_index/{name}-{}.parquet", writer.nonce());
    writer.will_put(&path);
    let base = writer.base();
    upload(&scratch.file(name), base.store(), &base.path(&path)).await?;
    Ok(IndexFile { path, rows: summary.rows, bytes: summary.bytes })
}

/// The properties that name an index.
pub(crate) fn named(base: &Base, files: &IndexFiles) -> Result<BTreeMap<String, Option<String>>> {
    let path = files.ids.first().map(|file| base.location(&file.path));
    Ok([(INDEX.to_owned(), Some(files.to_json()?)), (INDEX_PATH.to_owned(), path)].into())
}

impl Job<'_> {
    /// Puts a temporary file of the run into the catalog, as a file of the index.
    pub(crate) async fn put_index(&self, name: &str, summary: Summary) -> Result<IndexFile> {
        put_index(&self.writer, &self.scratch, name, summary).await
    }

    /// The index of a table that the run has written whole.
    pub(crate) async fn first_index(&self, resolution: &Resolution, fates: Fates) -> Result<IndexFiles> {
        let mut files = IndexFiles::new(self.run.nonce.as_str());
        files.unique_items = resolution.unique;
        files.ids.push(self.put_index(RUN_IDS, resolution.ids).await?);
        let sink = self.scratch.create("objects")?;
        let log = fates.into_log();
        let objects = on_rayon(move || log.write(ObjectsWriter::base(sink)?)).await??;
        files.objects.push(self.put_index("objects", objects).await?);
        Ok(files)
    }

    /// The index after a change of a table that has rows.
    pub(crate) async fn next_index(
        &self,
        known: &Known,
        existing: &Existing,
        fates: Fates,
    ) -> Result<IndexFiles> {
        let mut files = known.files.clone();
        self.add_ids(&mut files, existing).await?;
        self.add_objects(&mut files, fates).await?;
        Ok(files)
    }

    /// Ids are merged at the end of each run: earthcatalog 0.6.1 counts the rows of one file.
    async fn add_ids(&self, files: &mut IndexFiles, existing: &Existing) -> Result<()> {
        let segment = self.ids_segment(existing).await?;
        if segment.rows == 0 {
            return Ok(());
        }
        let segment = self.put_index("ids-segment", segment).await?;
        let mut all: Vec<Path> = files.ids.iter().map(|file| self.parts.base.path(&file.path)).collect();
        all.push(self.parts.base.path(&segment.path));
        let ids = Ids::open(self.parts.base.store(), &all).await?;
        let merged = ids.merge(self.scratch.create("ids-merged")?).await?;
        files.unique_items = merged.rows;
        files.ids = vec![self.put_index("ids-merged", merged).await?];
        self.writer.remove(std::iter::once(segment.path.as_str())).await;
        Ok(())
    }

    /// The ids that the run added, moved or deleted.
    async fn ids_segment(&self, existing: &Existing) -> Result<Summary> {
        let ids = Ids::open(self.scratch.store(), &[Scratch::path(RUN_IDS)]).await?;
        let mut segment = Segment {
            writer: IdsSegmentWriter::new(self.scratch.create("ids-segment")?)?,
            deleted: &existing.deleted,
        };
        let mut batches = ids.batches();
        while let Some(batch) = batches.try_next().await? {
            for row in 0..batch.len() {
                let id = batch.hash(row);
                if existing.outlived.contains(&id) {
                    continue;
                }
                segment.delete_up_to(Some(&id))?;
                let before = if existing.met.contains(&id) { Before::Present } else { Before::Absent };
                segment.writer.write(&id, &batch.partitions(row).unwrap_or_default(), before)?;
            }
        }
        segment.delete_up_to(None)?;
        Ok(segment.writer.finish()?.0)
    }

    async fn add_objects(&self, files: &mut IndexFiles, fates: Fates) -> Result<()> {
        let log = fates.into_log();
        if log.is_empty() {
            return Ok(());
        }
        let sink = self.scratch.create("objects-segment")?;
        let segment = on_rayon(move || log.write(ObjectsWriter::segment(sink)?)).await??;
        files.objects.push(self.put_index("objects-segment", segment).await?);
        if !is_due(&files.objects, SEGMENTS) {
            return Ok(());
        }
        let all: Vec<Path> = files.objects.iter().map(|file| self.parts.base.path(&file.path)).collect();
        let objects = Objects::open(self.parts.base.store(), &all).await?;
        let merged = objects.merge(self.scratch.create("objects-merged")?).await?;
        let segment = files.objects.pop();
        files.objects = vec![self.put_index("objects-merged", merged).await?];
        self.writer.remove(segment.iter().map(|file| file.path.as_str())).await;
        Ok(())
    }
}

/// A segment as it is written, and the deletions that it is yet to get, in order.
struct Segment<'d> {
    writer: IdsSegmentWriter<std::fs::File>,
    deleted: &'d [IdHash],
}

impl Segment<'_> {
    fn delete_up_to(&mut self, next: Option<&IdHash>) -> Result<()> {
        while let Some((first, rest)) = self.deleted.split_first() {
            if next.is_some_and(|next| first > next) {
                break;
            }
            self.writer.delete(first, Before::Present)?;
            self.deleted = rest;
        }
        Ok(())
    }
}
