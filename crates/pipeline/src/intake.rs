//! The state of a run while items come in: schema, rows that wait, files being written, the log of ids, the counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

use earthcatalog_hash_index::{Entry, IdLog, IdLogOptions};
use earthcatalog_model::{DataFile, IdHash, KeyHash, PartitionKey, Rejection, TableSchema};
use earthcatalog_writer::{Assets, SchemaBuilder, Sketch};
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;

use crate::buffers::{Buffers, Staged, Taken, Written};
use crate::error::{Error, Result};
use crate::event::Progress;
use crate::fates::Fates;
use crate::prepare::{Batch, Prepared};
use crate::rejected::Rejections;
use crate::shelf::Shelf;
use crate::write::{Done, FileWriter, NewFile};

/// How the memory of a run is shared out.
pub(crate) struct Budget {
    /// Bodies between the store and the parser.
    fetch: u64,
    /// Rows that wait.
    buffers: u64,
    /// Rows that are being encoded.
    writing: u64,
    /// One file's rows.
    file: u64,
    /// The log of ids before it goes to disk.
    ids: u64,
}

/// A log goes to disk in pieces, which are merged 64 at a time: more memory than a few megabytes would make the sorting of an archive
/// hardly faster, and a large run larger than a small one.
const LOG: u64 = 8 << 20;

impl Budget {
    pub(crate) fn of(memory: u64) -> Self {
        // Encoding a file holds its rows, their columns and the file's bytes: three times what the rows are counted.
        let share = |n: u64| memory / 16 * n;
        let ids = (memory / 128).min(LOG);
        Self { fetch: share(1), buffers: share(3), writing: share(1), file: share(1), ids }
    }
}

/// See the module.
pub(crate) struct Intake {
    budget: Budget,
    writer: Arc<FileWriter>,
    schema: SchemaOf,
    pub(crate) buffers: Buffers,
    writing: FuturesUnordered<BoxFuture<'static, Result<Done>>>,
    writing_bytes: u64,
    shelf: Shelf,
    log: IdLog,
    fates: Option<Fates>,
    pub(crate) rejections: Rejections,
    pub(crate) progress: Progress,
    pub(crate) extra: BTreeMap<String, u64>,
    next_seq: u64,
}

impl Intake {
    pub(crate) fn new(budget: Budget, writer: Arc<FileWriter>, schema: SchemaOf) -> Self {
        let log = IdLog::new(IdLogOptions { memory: budget.ids, ..IdLogOptions::default() });
        Self {
            budget,
            writer,
            schema,
            buffers: Buffers::default(),
            writing: FuturesUnordered::new(),
            writing_bytes: 0,
            shelf: Shelf::default(),
            log,
            fates: None,
            rejections: Rejections::new(),
            progress: Progress::default(),
            extra: BTreeMap::new(),
            next_seq: 0,
        }
    }

    /// Takes in what some objects became; begins to write where the budget is spent. Rejections are the caller's.
    pub(crate) fn take_in(&mut self, batch: Batch) -> Result<()> {
        self.progress.fetched += batch.prepared.len() as u64;
        self.progress.bytes += batch.bytes;
        self.schema.sketch.merge(batch.sketch);
        for prepared in batch.prepared {
            self.stage(prepared)?;
        }
        if self.buffers.bytes() > self.budget.buffers {
            // Some at once: the largest, so that the files are as large as they can be.
            for taken in self.buffers.take_largest(self.budget.buffers / 8 * 7) {
                self.write(taken);
            }
        }
        Ok(())
    }

    /// Notes what becomes of the objects from now on, beside the ids that they had before.
    pub(crate) fn note_fates(&mut self, before: HashMap<KeyHash, IdHash>) -> Result<()> {
        self.fates = Some(Fates::new(self.budget.ids, before)?);
        Ok(())
    }

    /// Takes in an object that is no item.
    pub(crate) fn reject(&mut self, rejection: Rejection) -> Result<()> {
        if let Some(fates) = &mut self.fates {
            fates.rejected(&rejection)?;
        }
        self.rejections.push(rejection)
    }

    fn stage(&mut self, prepared: Prepared) -> Result<()> {
        let Prepared { item, cells, .. } = prepared;
        let seq = self.next_seq;
        self.next_seq += 1;
        self.progress.rows += cells.len() as u64;
        if let Some(fates) = &mut self.fates {
            fates.staged(&item.source.object, item.id_hash)?;
        }
        let year = item.datetime.map(|t| t.year());
        let mut partitions = Vec::with_capacity(cells.len());
        for cell in cells {
            let number = self.buffers.push(PartitionKey::new(cell, year), Staged { item: item.clone(), seq });
            if let Some(taken) = self.buffers.take_over(number, self.budget.file) {
                self.write(taken);
            }
            partitions.push(number);
        }
        let last_modified = item.source.object.last_modified;
        self.log.push(Entry {
            id_hash: item.id_hash,
            updated: item.updated,
            last_modified,
            seq,
            partitions,
        })?;
        Ok(())
    }

    /// Begins to write rows under the schema of what has been seen so far.
    fn write(&mut self, taken: Taken) {
        let (writer, schema) = (self.writer.clone(), self.schema.current());
        self.writing_bytes += taken.bytes;
        self.writing.push(async move { writer.write(taken, schema).await }.boxed());
    }

    /// True while no more should be taken in.
    pub(crate) fn is_full(&self) -> bool {
        self.writing_bytes > self.budget.writing
    }

    /// True if files are being written.
    pub(crate) fn is_writing(&self) -> bool {
        !self.writing.is_empty()
    }

    /// Waits for a file to be written.
    pub(crate) async fn written(&mut self) -> Result<()> {
        if let Some(done) = Pin::new(&mut self.writing).next().await {
            self.note(done?)?;
        }
        Ok(())
    }

    fn note(&mut self, done: Done) -> Result<()> {
        self.writing_bytes -= done.freed;
        self.progress.files += 1;
        for (property, count) in done.extra {
            *self.extra.entry(property).or_default() += count;
        }
        let written = self.shelve(done.file, done.seqs)?;
        if let Some(partition) = self.buffers.partitions_mut().get_mut(done.partition as usize) {
            let at = partition.files.partition_point(|w| w.seqs.start() < written.seqs.start());
            partition.files.insert(at, written);
        }
        Ok(())
    }

    fn shelve(&mut self, new: NewFile, seqs: RangeInclusive<u64>) -> Result<Written> {
        let NewFile { number, file } = new;
        // A file that cannot be noted is removed with the others of a run that fails.
        let failed = |_: &Error| self.writer.will_put(&self.writer.rel(&file.partition, number));
        let described = self.shelf.put(&file).inspect_err(failed)?;
        Ok(Written { number, rows: file.rows, bytes: file.bytes, seqs, described })
    }

    /// Puts a file in the place of one of a partition's files, or nothing.
    pub(crate) fn replace(&mut self, partition: u32, file: usize, new: Option<NewFile>) -> Result<()> {
        let old = self.file(partition, file).map(|old| old.seqs.clone());
        let new = old.zip(new).map(|(seqs, new)| self.shelve(new, seqs)).transpose()?;
        if let Some(partition) = self.buffers.partitions_mut().get_mut(partition as usize) {
            partition.files.splice(file..=file, new).for_each(drop);
        }
        Ok(())
    }

    /// One of a partition's files.
    pub(crate) fn file(&self, partition: u32, file: usize) -> Option<&Written> {
        self.buffers.partitions().get(partition as usize)?.files.get(file)
    }

    /// Waits for all files that are being written.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        while self.is_writing() {
            self.written().await?;
        }
        Ok(())
    }

    /// Writes the rows that wait, but the lost ones of each partition.
    pub(crate) async fn write_rest(&mut self, lost: &HashMap<u32, HashSet<u64>>) -> Result<()> {
        for number in self.buffers.numbers_waiting() {
            let Some(mut taken) = self.buffers.take(number) else { continue };
            if let Some(lost) = lost.get(&number) {
                taken.rows.retain(|row| !lost.contains(&row.seq));
            }
            if !taken.rows.is_empty() {
                self.write(taken);
            }
            while self.is_full() {
                self.written().await?;
            }
        }
        self.settle().await
    }

    /// What the fetcher may hold.
    pub(crate) fn fetch_budget(&self) -> u64 {
        self.budget.fetch
    }

    /// Waits for what is being written, so that it can be removed; how that ends is of no interest any more.
    pub(crate) async fn abandon(&mut self) {
        while let Some(done) = self.writing.next().await {
            if let Ok(done) = done {
                // One that cannot be noted is to be removed all the same.
                drop(self.note(done));
            }
        }
    }

    /// The rejections, taken out for the end of the run.
    pub(crate) fn take_rejections(&mut self) -> Rejections {
        std::mem::replace(&mut self.rejections, Rejections::new())
    }

    /// The fates of the objects, taken out for the end of the run.
    pub(crate) fn take_fates(&mut self) -> Result<Fates> {
        self.fates.take().map_or_else(|| Fates::new(0, HashMap::new()), Ok)
    }

    /// The log of ids, taken out for the end of the run.
    pub(crate) fn take_log(&mut self) -> IdLog {
        std::mem::replace(&mut self.log, IdLog::new(IdLogOptions::default()))
    }

    /// The schema of the newest files: that of the table after the commit.
    pub(crate) fn schema(&mut self) -> Arc<TableSchema> {
        self.schema.current()
    }

    /// All files of the run.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Written> {
        self.buffers.partitions().iter().flat_map(|p| &p.files)
    }

    /// The paths of all files of the run.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let partitions = self.buffers.partitions().iter();
        partitions.flat_map(|p| p.files.iter().map(|file| self.writer.rel(&p.key, file.number)))
    }

    /// The files for the commit.
    pub(crate) fn data_files(&mut self) -> Result<Vec<DataFile>> {
        let files = self.buffers.partitions().iter().flat_map(|p| &p.files);
        self.shelf.get_all(files.map(|file| file.described))
    }
}

/// The schema as it grows with what is seen.
pub(crate) struct SchemaOf {
    sketch: Sketch,
    builder: Option<SchemaBuilder>,
    assets: Assets,
}

impl SchemaOf {
    /// Begins with a table's schema, or with nothing: the first file then decides.
    pub(crate) fn new(table: Option<TableSchema>, assets: Assets) -> Self {
        Self { sketch: Sketch::default(), builder: table.map(SchemaBuilder::extend), assets }
    }

    /// The schema that holds all that was seen.
    fn current(&mut self) -> Arc<TableSchema> {
        let sketch = std::mem::take(&mut self.sketch);
        let builder = match &mut self.builder {
            Some(builder) => {
                builder.evolve(&sketch);
                builder
            }
            none => none.insert(SchemaBuilder::create(&sketch, self.assets)),
        };
        builder.schema().clone()
    }
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::CellId;
    use earthcatalog_store::Base;
    use earthcatalog_writer::GeoParquet;
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_noted_is_removed_with_the_others() {
        let base = Base::with_store(Arc::new(InMemory::new()), "memory://m").unwrap();
        let writer = FileWriter::new(base, Arc::new(GeoParquet::new()), "n".to_owned(), false);
        let schema = SchemaOf::new(None, Assets::Auto);
        let mut intake = Intake::new(Budget::of(1 << 20), Arc::new(writer), schema);
        intake.shelf = Shelf::on_a_full_disk();
        let file = DataFile {
            path: "x".to_owned(),
            partition: PartitionKey::new(CellId::new("c"), Some(2020)),
            rows: 1,
            bytes: 1,
            columns: std::iter::empty().collect(),
            split_offsets: Vec::new(),
            added: None,
        };
        let noted = intake.shelve(NewFile { number: 7, file }, 0..=0);
        assert!(matches!(noted, Err(Error::Temporary(_))));
        assert_eq!(intake.writer.others(), ["warehouse/grid_partition=c/year=2020/n-00007.parquet"]);
    }
}
