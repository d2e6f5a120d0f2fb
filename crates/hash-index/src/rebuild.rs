//! An index made anew from the rows of a table.

use std::collections::HashMap;
use std::io::Write;

use earthcatalog_model::{IdHash, KeyHash, PartitionKey, Timestamp};

use crate::error::Result;
use crate::extsort::{Sorted, Sorter};
use crate::log::{IdLogOptions, time_key};
use crate::objects::{Fate, ObjectRow};
use crate::objects_log::ObjectLog;
use crate::objects_writer::ObjectsWriter;
use crate::parquet_out::Summary;
use crate::writer::IdsWriter;

/// What a row of the table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow<'a> {
    /// The hash of the item's id.
    pub id: IdHash,
    /// The partition of the file that the row is in.
    pub partition: &'a PartitionKey,
    /// Where the item came from; None in tables that do not tell (those of earthcatalog 0.6.1).
    pub object: Option<SourceObject<'a>>,
}

/// The column `_source` of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceObject<'a> {
    /// The hash of the object's bucket and key.
    pub key: KeyHash,
    /// When the object was last written.
    pub last_modified: Option<Timestamp>,
    /// Its entity tag, without quotes.
    pub etag: Option<&'a str>,
}

/// Takes all rows of a table, in any order, and makes base files of them. What does not fit in memory goes to temporary
/// files; beside that it holds the names of all partitions.
///
/// The objects are those that were ingested: a table does not tell what was superseded or rejected. Of two items from
/// one object (it was written anew, with another id) the object is noted with the newer.
pub struct Rebuild {
    ids: Sorter,
    objects: ObjectLog,
    partitions: Vec<PartitionKey>,
    numbers: HashMap<PartitionKey, u32>,
}

impl Rebuild {
    /// Nothing yet.
    pub fn new(options: IdLogOptions) -> Self {
        let half = options.memory / 2;
        Self {
            ids: Sorter::new(half, options.dir.clone()),
            objects: ObjectLog::new(half, options.dir),
            partitions: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When a temporary file cannot be written.
    pub fn push(&mut self, row: &TableRow<'_>) -> Result<()> {
        let mut record = [0; 20];
        let (id, number) = record.split_at_mut(16);
        id.copy_from_slice(&row.id.0);
        number.copy_from_slice(&self.number(row.partition).to_be_bytes());
        self.ids.push(&record)?;
        let Some(object) = &row.object else { return Ok(()) };
        let object = ObjectRow {
            key: object.key,
            id: Some(row.id),
            last_modified: object.last_modified,
            etag: object.etag.map(str::to_owned),
            fate: Fate::Ingested,
        };
        self.objects.push_ranked(&object, time_key(object.last_modified))
    }

    fn number(&mut self, partition: &PartitionKey) -> u32 {
        if let Some(number) = self.numbers.get(partition) {
            return *number;
        }
        let number = u32::try_from(self.partitions.len()).unwrap_or(u32::MAX);
        self.partitions.push(partition.clone());
        self.numbers.insert(partition.clone(), number);
        number
    }

    /// Writes the base files of ids and of objects.
    ///
    /// # Errors
    /// When a temporary file cannot be read, or a sink fails.
    pub fn finish<I: Write + Send, O: Write + Send>(self, ids: I, objects: O) -> Result<(Summary, Summary)> {
        let ids = write_ids(self.ids.finish()?, &self.partitions, IdsWriter::new(ids)?)?;
        let objects = self.objects.write(ObjectsWriter::base(objects)?)?;
        Ok((ids, objects))
    }
}

fn write_ids<W: Write + Send>(
    mut sorted: Sorted,
    names: &[PartitionKey],
    mut writer: IdsWriter<W>,
) -> Result<Summary> {
    let mut partitions: Vec<PartitionKey> = Vec::new();
    let mut current = None;
    while let Some((id, number)) = sorted.next()?.and_then(parse) {
        if let Some(done) = current.replace(id).filter(|done| *done != id) {
            write_id(&done, &mut partitions, &mut writer)?;
        }
        partitions.extend(names.get(number as usize).cloned());
    }
    if let Some(last) = current {
        write_id(&last, &mut partitions, &mut writer)?;
    }
    writer.finish()
}

/// By name, so that the same table gives the same file in whatever order it is read.
fn write_id<W: Write + Send>(
    id: &IdHash,
    partitions: &mut Vec<PartitionKey>,
    writer: &mut IdsWriter<W>,
) -> Result<()> {
    partitions.sort_unstable();
    partitions.dedup();
    writer.write(id, partitions)?;
    partitions.clear();
    Ok(())
}

fn parse(record: &[u8]) -> Option<(IdHash, u32)> {
    let (id, number) = record.split_first_chunk()?;
    Some((IdHash(*id), u32::from_be_bytes(number.try_into().ok()?)))
}

#[cfg(test)]
#[path = "rebuild_tests.rs"]
mod tests;
