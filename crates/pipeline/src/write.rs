//! Rows to a file in the store: encode on rayon, put, describe.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use earthcatalog_model::{DataFile, IdHash, PartitionKey, TableSchema};
use earthcatalog_store::Base;
use earthcatalog_writer::{Encoded, Format, Row};
use object_store::ObjectStoreExt;
use tokio::sync::Semaphore;

use crate::buffers::{Staged, Taken, Written};
use crate::error::Result;
use crate::worker::on_rayon;

/// As many requests as keep a distant store busy; of thousands of small files, each has tens of kB until it is put.
const FILES_AT_ONCE: usize = 64;

/// Writes the files of one run under names that no other run uses.
pub(crate) struct FileWriter {
    base: Base,
    format: Arc<dyn Format>,
    /// Begins every name; new in each attempt of a run.
    nonce: String,
    count: AtomicU64,
    /// Files between their first column and their place in the store.
    at_once: Semaphore,
    /// Nothing is put into the store.
    dry_run: bool,
    /// Files beside those of the run's rows, to be removed if nothing comes of it.
    others: Mutex<Vec<String>>,
}

/// A file, and what it was made from.
pub(crate) struct Done {
    pub(crate) partition: u32,
    pub(crate) file: NewFile,
    pub(crate) seqs: RangeInclusive<u64>,
    pub(crate) freed: u64,
    pub(crate) extra: BTreeMap<String, u64>,
}

/// A file of the run, and what its name is made of beside the partition.
pub(crate) struct NewFile {
    pub(crate) number: u64,
    pub(crate) file: DataFile,
}

impl FileWriter {
    pub(crate) fn new(base: Base, format: Arc<dyn Format>, nonce: String, dry_run: bool) -> Self {
        let at_once = Semaphore::new(FILES_AT_ONCE);
        let others = Mutex::default();
        Self { base, format, nonce, count: AtomicU64::new(0), at_once, dry_run, others }
    }

    /// Writes the rows of one partition as one file, each id once: of two rows of one id the better stays.
    pub(crate) async fn write(&self, taken: Taken, schema: Arc<TableSchema>) -> Result<Done> {
        // Closed is what a semaphore of ours never is.
        let _place = self.at_once.acquire().await;
        let Taken { partition, key, rows, bytes: freed } = taken;
        let format = self.format.clone();
        let cell = key.cell.clone();
        let (encoded, seqs) = on_rayon(move || {
            let first = rows.iter().map(|r| r.seq).min().unwrap_or(0);
            let last = rows.iter().map(|r| r.seq).max().unwrap_or(0);
            let rows = newest_of_each(rows);
            let rows: Vec<Row<'_>> = rows.iter().map(|r| Row { item: &r.item, cell: &cell }).collect();
            format.encode(&schema, &rows).map(|encoded| (encoded, first..=last))
        })
        .await??;
        let extra = encoded.extra.clone();
        let file = self.put(key, encoded).await?;
        Ok(Done { partition, file, seqs, freed, extra })
    }

    /// Writes a file of the run anew without the rows of some ids; None if none is left. The old one stays for the caller to
    /// remove.
    pub(crate) async fn without(
        &self,
        key: &PartitionKey,
        old: &Written,
        ids: Vec<IdHash>,
        schema: Arc<TableSchema>,
    ) -> Result<Option<NewFile>> {
        let rel = self.rel(key, old.number);
        let Some(bytes) = self.base.get(&rel).await? else {
            return Err(crate::Error::Worker(format!("{rel} is gone")));
        };
        let Some(encoded) = self.filter(bytes, ids, schema).await? else { return Ok(None) };
        self.put(key.clone(), encoded).await.map(Some)
    }

    /// Writes a file of the table anew without the rows of some ids; None if none is left. The old one is not touched.
    pub(crate) async fn replace(
        &self,
        old: &DataFile,
        ids: Vec<IdHash>,
        schema: Arc<TableSchema>,
    ) -> Result<Option<DataFile>> {
        let path = self.base.resolve(&old.path)?;
        let failed = |e| crate::Error::from(self.base.error(path.as_ref(), &e));
        let bytes = match self.base.store().get(&path).await {
            Ok(got) => got.bytes().await.map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let Some(encoded) = self.filter(bytes, ids, schema).await? else { return Ok(None) };
        let NewFile { number, file } = self.put(old.partition.clone(), encoded).await?;
        self.will_put(&self.rel(&file.partition, number));
        Ok(Some(file))
    }

    async fn filter(
        &self,
        bytes: Bytes,
        ids: Vec<IdHash>,
        schema: Arc<TableSchema>,
    ) -> Result<Option<Encoded>> {
        let format = self.format.clone();
        let filtered = on_rayon(move || {
            let gone: std::collections::HashSet<IdHash> = ids.into_iter().collect();
            format.filter(&schema, bytes, &|id| !gone.contains(&IdHash::of(id)))
        });
        Ok(filtered.await??)
    }

    /// The catalog's base.
    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    /// What the names of the run's files begin with.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Notes a file that the run puts beside those of its rows.
    pub(crate) fn will_put(&self, rel: &str) {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).push(rel.to_owned());
    }

    /// Those files.
    pub(crate) fn others(&self) -> Vec<String> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a file of a partition.
    pub(crate) async fn put(&self, key: PartitionKey, encoded: Encoded) -> Result<NewFile> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let rel = self.rel(&key, number);
        let bytes = encoded.bytes.clone();
        let file = describe(self.base.location(&rel), key, encoded);
        if !self.dry_run {
            self.base.put(&rel, bytes).await?;
        }
        Ok(NewFile { number, file })
    }

    /// The path of a file of the run.
    pub(crate) fn rel(&self, key: &PartitionKey, number: u64) -> String {
        format!("warehouse/{}/{}-{number:05}.parquet", key.hive_path(), self.nonce)
    }

    /// Removes files that no snapshot will ever name. What stays behind is garbage, not harm: failures are only noted.
    pub(crate) async fn remove<'a>(&self, files: impl Iterator<Item = &'a str>) {
        if self.dry_run {
            return;
        }
        for rel in files {
            if let Err(error) = self.base.delete(rel).await {
                tracing::debug!(file = rel, %error, "a file that is not needed could not be removed");
            }
        }
    }

    /// Puts some other file of the run.
    pub(crate) async fn put_other(&self, rel: &str, bytes: Bytes) -> Result<()> {
        if !self.dry_run {
            self.base.put(rel, bytes).await?;
        }
        Ok(())
    }
}

fn describe(path: String, partition: PartitionKey, encoded: Encoded) -> DataFile {
    DataFile {
        path,
        partition,
        rows: encoded.rows,
        bytes: encoded.bytes.len() as u64,
        columns: encoded.columns,
        split_offsets: encoded.split_offsets,
        added: None,
    }
}

/// Leaves one row an id: the newest `updated`, then `last_modified`, then the last to arrive.
fn newest_of_each(rows: Vec<Staged>) -> Vec<Staged> {
    if all_differ(&rows) {
        return rows;
    }
    let mut best: HashMap<IdHash, usize> = HashMap::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let kept = best.entry(row.item.id_hash).or_insert(i);
        if rows.get(*kept).is_some_and(|other| rank(other) < rank(row)) {
            *kept = i;
        }
    }
    let mut keep: Vec<usize> = best.into_values().collect();
    keep.sort_unstable();
    keep.into_iter().filter_map(|i| rows.get(i).cloned()).collect()
}

/// True if no id occurs twice, as in nearly all files.
fn all_differ(rows: &[Staged]) -> bool {
    let mut ids: Vec<IdHash> = rows.iter().map(|row| row.item.id_hash).collect();
    ids.sort_unstable();
    ids.is_sorted_by(|one, next| one < next)
}

/// What decides between two items of one id; the hash index's order, and it must stay so.
fn rank(row: &Staged) -> impl Ord + use<> {
    (row.item.updated, row.item.source.object.last_modified, row.seq)
}
