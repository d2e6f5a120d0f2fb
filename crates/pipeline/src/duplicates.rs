//! One row an id: who won of the items of one id, which rows of the others are where, and the index of ids.
//!
//! A row that waits is dropped when its partition is written. A row in a file of this run is taken out by writing the
//! file anew, before anything is committed.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Seek, SeekFrom};

use earthcatalog_hash_index::{IdLog, IdsWriter, Resolved};
use earthcatalog_model::{IdHash, PartitionKey};

use crate::buffers::Partition;
use crate::error::{Error, Result};

/// What the log of ids says at the end of the intake.
pub(crate) struct Resolution {
    /// Items, each id once.
    pub(crate) unique: u64,
    /// Objects that lost to another of their id.
    pub(crate) superseded: u64,
    /// The numbers of the items that lost, for the rows that still wait.
    pub(crate) losers: HashSet<u64>,
    /// By partition and file of it: ids whose row there lost.
    pub(crate) files: BTreeMap<(u32, usize), Vec<IdHash>>,
    /// The index file `ids`, local and temporary.
    pub(crate) ids: File,
}

/// Where the rows of a partition are: its name, and the numbers of the items in each of its files.
struct Layout {
    key: PartitionKey,
    files: Vec<std::ops::RangeInclusive<u64>>,
}

/// Sorts the log, writes the index of the winners, and finds the rows of the losers. Blocking.
pub(crate) fn resolve(log: IdLog, layout: &[LayoutOf]) -> Result<Resolution> {
    let mut ids = tempfile::tempfile().map_err(Error::Temporary)?;
    let mut writer = IdsWriter::new(ids.try_clone().map_err(Error::Temporary)?)?;
    let (mut unique, mut superseded) = (0, 0);
    let (mut losers, mut files) = (HashSet::new(), BTreeMap::new());
    let mut keys: Vec<PartitionKey> = Vec::new();
    for resolved in log.finish()? {
        let resolved = resolved?;
        unique += 1;
        superseded += resolved.losers.len() as u64;
        keys.clear();
        keys.extend(
            resolved
                .winner
                .partitions
                .iter()
                .filter_map(|p| layout.get(*p as usize))
                .map(|l| l.0.key.clone()),
        );
        writer.write(&resolved.winner.id_hash, &keys)?;
        find_losers(&resolved, layout, &mut losers, &mut files);
    }
    writer.finish()?;
    ids.seek(SeekFrom::Start(0)).map_err(Error::Temporary)?;
    Ok(Resolution { unique, superseded, losers, files, ids })
}

/// A snapshot of where a partition's rows are, to be used on another thread.
pub(crate) struct LayoutOf(Layout);

impl From<&Partition> for LayoutOf {
    fn from(partition: &Partition) -> Self {
        let files = partition.files.iter().map(|w| w.seqs.clone()).collect();
        Self(Layout { key: partition.key.clone(), files })
    }
}

impl LayoutOf {
    /// The file that took in the item of that number; None if its row still waits.
    fn file_of(&self, seq: u64) -> Option<usize> {
        self.0.files.iter().position(|seqs| seqs.contains(&seq))
    }
}

fn find_losers(
    resolved: &Resolved,
    layout: &[LayoutOf],
    losers: &mut HashSet<u64>,
    files: &mut BTreeMap<(u32, usize), Vec<IdHash>>,
) {
    let winner = &resolved.winner;
    for loser in &resolved.losers {
        losers.insert(loser.seq);
        for number in &loser.partitions {
            let Some(partition) = layout.get(*number as usize) else { continue };
            let Some(file) = partition.file_of(loser.seq) else { continue };
            // A file holds an id once, the best of those that came to it: where the winner is in, the loser is not.
            let won_there = winner.partitions.contains(number) && partition.file_of(winner.seq) == Some(file);
            let ids = files.entry((*number, file)).or_default();
            if !won_there && !ids.contains(&winner.id_hash) {
                ids.push(winner.id_hash);
            }
        }
    }
    files.retain(|_, ids| !ids.is_empty());
}
