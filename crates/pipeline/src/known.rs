//! The hash index of the table as a run finds it, or made anew where it does not belong to the table's state.

use std::collections::BTreeMap;
use std::sync::Arc;

use earthcatalog_catalog::{CommitId, Filter, Head, Table};
use earthcatalog_hash_index::{
    self as index, IdLogOptions, Ids, IndexFile, IndexFiles, Objects, Rebuild, SourceObject, TableRow,
};
use earthcatalog_model::{DataFile, IdHash, KeyHash};
use earthcatalog_store::Base;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::error::Result;
use crate::event::Event;
use crate::ingest::Job;
use crate::parts::Href;
use crate::scan::scan;
use crate::scratch::Scratch;
use crate::worker::on_rayon;

/// The property that describes the index: the JSON of [`IndexFiles`].
pub(crate) const INDEX: &str = "earthcatalog.hash_index";

/// The property by which earthcatalog 0.6.1 finds the index: the location of a file with one row an id.
pub(crate) const INDEX_PATH: &str = "earthcatalog.hash_index_path";

/// Files that are read at once where an index is made anew.
const FILES_AT_ONCE: usize = 8;

/// See the module.
pub(crate) struct Known {
    pub(crate) files: IndexFiles,
    pub(crate) ids: Ids,
    pub(crate) objects: Objects,
    /// True if the files are in the catalog and named by it.
    pub(crate) is_current: bool,
}

impl Known {
    /// Opens the index of the run's head, or makes it from the table.
    pub(crate) async fn open(job: &Job<'_>, head: &Head) -> Result<Self> {
        let Some(described) = head.properties.get(INDEX) else {
            return Self::rebuild(job, head, "the catalog has none").await;
        };
        let files = match IndexFiles::from_json(described) {
            Err(error @ index::Error::Version { .. }) => return Err(error.into()),
            Err(error) => return Self::rebuild(job, head, &error.to_string()).await,
            Ok(files) if !is_current(head, &files) => {
                return Self::rebuild(job, head, "others have written to the table since").await;
            }
            Ok(files) => files,
        };
        match Self::at(job.parts.base.store(), files, |rel| job.parts.base.path(rel)).await {
            Ok(known) if known.ids.is_complete() => Ok(Self { is_current: true, ..known }),
            Ok(_) => Self::rebuild(job, head, "another program has rewritten it").await,
            Err(error) if is_broken(&error) => Self::rebuild(job, head, &error.to_string()).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn at(
        store: &Arc<dyn ObjectStore>,
        files: IndexFiles,
        path: impl Fn(&str) -> Path,
    ) -> index::Result<Self> {
        let paths = |files: &[IndexFile]| files.iter().map(|file| path(&file.path)).collect::<Vec<_>>();
        let ids = Ids::open(store, &paths(&files.ids)).await?;
        let objects = Objects::open(store, &paths(&files.objects)).await?;
        Ok(Self { files, ids, objects, is_current: false })
    }

    /// Makes the index from the table's rows: in the catalog, or for a dry run in a temporary folder.
    async fn rebuild(job: &Job<'_>, head: &Head, why: &str) -> Result<Self> {
        job.observer.on_event(&Event::Warning(&format!("the hash index is made from the table: {why}")));
        let (ids, objects) = read_table(&job.reading(), head).await?;
        let mut files = IndexFiles::new(generation(head));
        files.unique_items = ids.rows;
        if job.options.dry_run {
            files.ids.push(index_file(MADE_IDS, ids));
            files.objects.push(index_file(MADE_OBJECTS, objects));
            return Ok(Self::at(job.scratch.store(), files, Scratch::path).await?);
        }
        files.ids.push(job.put_index(MADE_IDS, ids).await?);
        files.objects.push(job.put_index(MADE_OBJECTS, objects).await?);
        Ok(Self::at(job.parts.base.store(), files, |rel| job.parts.base.path(rel)).await?)
    }
}

fn index_file(path: &str, summary: index::Summary) -> IndexFile {
    IndexFile { path: path.to_owned(), rows: summary.rows, bytes: summary.bytes }
}

/// What names the state of a table that an index was made from, where no commit of ours made that state.
pub(crate) fn generation(head: &Head) -> String {
    format!("snapshot-{}", head.snapshot_id.unwrap_or_default())
}

/// What a change expects that takes over the index of that state, or a part of it: no other index was named since. A
/// commit that changes nothing but the index leaves the snapshot as it is.
pub(crate) fn on_index(head: &Head) -> BTreeMap<String, Option<String>> {
    [(INDEX.to_owned(), head.properties.get(INDEX).cloned())].into()
}

/// True if the index is that of the table's current snapshot.
pub(crate) fn is_current(head: &Head, files: &IndexFiles) -> bool {
    head.is_of(&CommitId::new(files.commit.as_str())) || files.commit == generation(head)
}

/// True if no second attempt would help.
fn is_broken(error: &index::Error) -> bool {
    use index::Error::{Corrupt, Disordered, Foreign, Missing};
    matches!(error, Corrupt { .. } | Disordered { .. } | Foreign { .. } | Missing { .. })
}

/// A row, owned.
struct Read {
    id: IdHash,
    object: Option<(KeyHash, Option<earthcatalog_model::Timestamp>, Option<String>)>,
}

/// What it takes to make an index from a table.
pub(crate) struct Reading<'a> {
    pub(crate) base: &'a Base,
    pub(crate) table: &'a dyn Table,
    pub(crate) href: &'a dyn Href,
    pub(crate) scratch: &'a Scratch,
    /// Bytes before what is read goes to temporary files.
    pub(crate) memory: u64,
}

/// The names of the temporary files of an index that was made from a table.
pub(crate) const MADE_IDS: &str = "ids-made";
pub(crate) const MADE_OBJECTS: &str = "objects-made";

/// Makes the index of a state of a table, in two temporary files.
pub(crate) async fn read_table(
    reading: &Reading<'_>,
    head: &Head,
) -> Result<(index::Summary, index::Summary)> {
    let options = IdLogOptions { memory: reading.memory, ..IdLogOptions::default() };
    let mut rebuild = Rebuild::new(options);
    let files = reading.table.files(head, &Filter::default()).await?;
    let reads = files.into_iter().map(|file| read_file(reading, file));
    let mut reads = stream::iter(reads).buffered(FILES_AT_ONCE);
    while let Some((file, rows)) = reads.try_next().await? {
        for row in &rows {
            let object = row.object.as_ref().map(|(key, last_modified, etag)| SourceObject {
                key: *key,
                last_modified: *last_modified,
                etag: etag.as_deref(),
            });
            rebuild.push(&TableRow { id: row.id, partition: &file.partition, object })?;
        }
    }
    let (ids, objects) = (reading.scratch.create(MADE_IDS)?, reading.scratch.create(MADE_OBJECTS)?);
    Ok(on_rayon(move || rebuild.finish(ids, objects)).await??)
}

async fn read_file(reading: &Reading<'_>, file: DataFile) -> Result<(DataFile, Vec<Read>)> {
    let mut rows = Vec::new();
    scan(reading.base, &file, |row| {
        let object = row.href.map(|href| {
            let (bucket, key) = reading.href.object(href);
            (KeyHash::of(&bucket, &key), row.last_modified, row.etag.map(str::to_owned))
        });
        rows.push(Read { id: IdHash::of(row.id), object });
    })
    .await?;
    Ok((file, rows))
}
