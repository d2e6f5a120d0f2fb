//! One row an id: who won of the items of one id, which rows of the others are where, and the file of the run's ids.
//!
//! A row that waits is dropped when its partition is written. A row in a file of this run is taken out by writing the
//! file anew, before anything is committed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::ops::RangeInclusive;

use earthcatalog_hash_index::{Entry, IdLog, Ids, IdsWriter, Merge, Resolved, Summary};
use earthcatalog_model::{IdHash, PartitionKey};

use crate::buffers::Partition;
use crate::error::Result;
use crate::existing::Met;
use crate::fates::Fates;
use crate::scratch::Scratch;
use crate::worker::on_rayon;

/// The run's ids and their partitions, a temporary file.
pub(crate) const RUN_IDS: &str = "ids";

/// Ids that are resolved, and looked up in the index, at once.
const CHUNK: u64 = 1 << 16;

/// What the log of ids says at the end of the intake.
#[derive(Default)]
pub(crate) struct Resolution {
    /// Items, each id once.
    pub(crate) unique: u64,
    /// Objects that lost to another of their id.
    pub(crate) superseded: u64,
    /// By partition: the numbers of the items that lost and whose row there still waits.
    pub(crate) waiting: HashMap<u32, HashSet<u64>>,
    /// By partition and file of it: ids whose row there lost.
    pub(crate) files: BTreeMap<(u32, usize), Vec<IdHash>>,
    /// The file [`RUN_IDS`].
    pub(crate) ids: Summary,
    /// The winners whose id the table has already.
    pub(crate) met: Vec<Met>,
    layout: Vec<Layout>,
}

/// Where the rows of a partition are: its name, and the numbers of the items in each of its files.
pub(crate) struct Layout {
    key: PartitionKey,
    files: Vec<RangeInclusive<u64>>,
}

impl From<&Partition> for Layout {
    fn from(partition: &Partition) -> Self {
        let files = partition.files.iter().map(|w| w.seqs.clone()).collect();
        Self { key: partition.key.clone(), files }
    }
}

impl Layout {
    /// A partition whose rows all wait.
    pub(crate) fn waiting(key: PartitionKey) -> Self {
        Self { key, files: Vec::new() }
    }

    /// The file that took in the item of that number; None if its row still waits.
    fn file_of(&self, seq: u64) -> Option<usize> {
        self.files.iter().position(|seqs| seqs.contains(&seq))
    }
}

/// Sorts the log, writes the file of the winners, finds the rows of the losers, and looks the winners up in the index.
pub(crate) async fn resolve(
    log: IdLog,
    layout: Vec<Layout>,
    scratch: &Scratch,
    fates: Fates,
    known: Option<&Ids>,
) -> Result<(Resolution, Fates)> {
    let writer = IdsWriter::new(scratch.create(RUN_IDS)?)?;
    let resolution = Resolution { layout, ..Resolution::default() };
    let look_up = known.is_some();
    let start =
        move || Ok::<_, crate::Error>(Work { merge: log.finish()?, writer, resolution, fates, look_up });
    let mut work = on_rayon(start).await??;
    let mut before = None;
    while before != Some(work.resolution.unique) {
        before = Some(work.resolution.unique);
        let winners;
        (work, winners) = on_rayon(move || work.chunk().map(|winners| (work, winners))).await??;
        if let Some(ids) = known {
            work.resolution.met.extend(met(ids, winners).await?);
        }
    }
    let Work { writer, mut resolution, fates, .. } = work;
    resolution.ids = on_rayon(move || writer.finish()).await??;
    Ok((resolution, fates))
}

/// The winners that the index has.
async fn met(ids: &Ids, winners: Vec<Entry>) -> Result<Vec<Met>> {
    let hits = ids.probe(winners.iter().map(|winner| winner.id_hash).collect()).await?;
    let mut hits: HashMap<IdHash, Vec<PartitionKey>> =
        hits.into_iter().map(|hit| (hit.id_hash, hit.partitions.unwrap_or_default())).collect();
    let met = |winner: Entry| {
        hits.remove(&winner.id_hash).map(|old| Met {
            id: winner.id_hash,
            seq: winner.seq,
            age: (winner.updated, winner.last_modified),
            partitions: winner.partitions,
            old,
        })
    };
    Ok(winners.into_iter().filter_map(met).collect())
}

/// A resolution under way. Blocking.
struct Work {
    merge: Merge,
    writer: IdsWriter<File>,
    resolution: Resolution,
    fates: Fates,
    /// The winners are to be looked up.
    look_up: bool,
}

impl Work {
    /// Resolves some ids, none at the end; their winners, where they are to be looked up.
    fn chunk(&mut self) -> Result<Vec<Entry>> {
        let mut winners = Vec::new();
        for _ in 0..CHUNK {
            let Some(resolved) = self.merge.next().transpose()? else { break };
            self.note(&resolved)?;
            if self.look_up {
                winners.push(resolved.winner);
            }
        }
        Ok(winners)
    }

    fn note(&mut self, resolved: &Resolved) -> Result<()> {
        let Resolved { winner, losers } = resolved;
        self.resolution.unique += 1;
        self.resolution.superseded += losers.len() as u64;
        let layout = &self.resolution.layout;
        let keys = winner.partitions.iter().filter_map(|p| layout.get(*p as usize)).map(|l| l.key.clone());
        self.writer.write(&winner.id_hash, &keys.collect::<Vec<_>>())?;
        for loser in losers {
            self.fates.superseded(loser.seq, Some(winner.seq))?;
            self.resolution.drop_loser(winner, loser);
        }
        Ok(())
    }
}

impl Resolution {
    fn drop_loser(&mut self, winner: &Entry, loser: &Entry) {
        for number in &loser.partitions {
            let Some(file) = self.file_of(*number, loser.seq) else {
                self.drop_waiting(*number, loser.seq);
                continue;
            };
            // A file holds an id once, the best of those that came to it: where the winner is in, the loser is not.
            let won_there =
                winner.partitions.contains(number) && self.file_of(*number, winner.seq) == Some(file);
            if !won_there {
                self.drop_row(*number, file, winner.id_hash);
            }
        }
    }

    /// Takes an item out of the run, which had won against the others of its id.
    pub(crate) fn drop_item(&mut self, id: IdHash, seq: u64, partitions: &[u32]) {
        self.unique -= 1;
        self.superseded += 1;
        for number in partitions {
            match self.file_of(*number, seq) {
                Some(file) => self.drop_row(*number, file, id),
                None => self.drop_waiting(*number, seq),
            }
        }
    }

    fn drop_waiting(&mut self, partition: u32, seq: u64) {
        self.waiting.entry(partition).or_default().insert(seq);
    }

    fn file_of(&self, partition: u32, seq: u64) -> Option<usize> {
        self.layout.get(partition as usize)?.file_of(seq)
    }

    fn drop_row(&mut self, partition: u32, file: usize, id: IdHash) {
        let ids = self.files.entry((partition, file)).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}
