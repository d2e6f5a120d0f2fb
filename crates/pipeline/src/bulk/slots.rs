//! The files that a run is going to write: which frames make up each, and which tasks they fall into.

use std::collections::{BTreeMap, HashMap, HashSet};

use earthcatalog_model::{IdHash, PartitionKey};
use serde::{Deserialize, Serialize};

use super::markers::VERSION;

/// Bytes of frames that a task reads, all at once.
const TASK_BYTES: u64 = 32 << 20;

/// Files that a task writes: small ones cost more than their bytes say.
const FILES: usize = 128;

/// Files of the table that a task writes anew.
const REWRITES: usize = 64;

/// A frame of a staged object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FrameOf {
    pub(super) chunk: u32,
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) rows: u32,
    pub(super) raw: u64,
}

/// A file to be written: rows of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) partition: PartitionKey,
    pub(super) frames: Vec<FrameOf>,
    /// Lines that are not to become rows, by chunk and number.
    pub(super) lost: Vec<(u32, u32)>,
    /// What its file is called: a hash of all that it is made from.
    pub(super) name: String,
}

impl Slot {
    /// Rows of its file.
    pub(super) fn rows(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.rows)).sum::<u64>() - self.lost.len() as u64
    }

    fn bytes(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.bytes)).sum()
    }
}

/// A file of the table that is to be written anew, without the rows of some ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rewrite {
    pub(super) file: earthcatalog_model::DataFile,
    pub(super) ids: Vec<IdHash>,
    pub(super) name: String,
}

/// A task of writing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) version: u32,
    /// What its marker is called: a hash of the names of its files.
    pub(super) name: String,
    /// The staged objects by chunk, relative to the base.
    pub(super) objects: BTreeMap<u32, String>,
    pub(super) slots: Vec<Slot>,
    pub(super) rewrites: Vec<Rewrite>,
}

/// The limits of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// A partition with its frames, in the order of the chunks, and its lost lines.
pub(super) struct Partition {
    pub(super) key: PartitionKey,
    pub(super) frames: Vec<FrameOf>,
    pub(super) lost: HashMap<u32, HashSet<u32>>,
}

/// What names hash beside the frames: the schema that the files are written under.
pub(super) struct Naming<'a> {
    pub(super) schema: &'a str,
    /// The staged objects by chunk.
    pub(super) objects: &'a [String],
}

/// The files of a partition: one, or several where it is large. Without rows, none.
pub(super) fn slots(partition: Partition, limits: Limits, naming: &Naming<'_>) -> Vec<Slot> {
    let Partition { key, frames, lost } = partition;
    let mut slots = Vec::new();
    for frames in split(frames, limits) {
        let chunks: HashSet<u32> = frames.iter().map(|frame| frame.chunk).collect();
        let of_chunk = |chunk: u32| lost.get(&chunk).into_iter().flatten().map(move |seq| (chunk, *seq));
        let mut lost: Vec<(u32, u32)> = chunks.into_iter().flat_map(of_chunk).collect();
        lost.sort_unstable();
        let name = naming.name(&key, &frames, &lost);
        let slot = Slot { partition: key.clone(), frames, lost, name };
        slots.extend(Some(slot).filter(|slot| slot.rows() > 0));
    }
    slots
}

/// Frames of one chunk stay together, so that what is lost of a chunk is lost in one place.
fn split(frames: Vec<FrameOf>, limits: Limits) -> Vec<Vec<FrameOf>> {
    let mut groups: Vec<Vec<FrameOf>> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for frame in frames {
        (rows, bytes) = (rows + u64::from(frame.rows), bytes + frame.raw);
        let is_new_chunk = groups.last().and_then(|g| g.last()).is_none_or(|last| last.chunk != frame.chunk);
        match groups.last_mut() {
            Some(group) if !(is_new_chunk && (rows > limits.rows || bytes > limits.bytes)) => {
                group.push(frame)
            }
            _ => {
                (rows, bytes) = (u64::from(frame.rows), frame.raw);
                groups.push(vec![frame]);
            }
        }
    }
    groups
}

impl Naming<'_> {
    fn name(&self, key: &PartitionKey, frames: &[FrameOf], lost: &[(u32, u32)]) -> String {
        let objects: Vec<&str> = frames.iter().filter_map(|frame| self.object(frame.chunk)).collect();
        let places: Vec<u64> = frames.iter().map(|frame| frame.offset).collect();
        name_of(&format!(
            "{VERSION}\0{}\0{}\0{objects:?}\0{places:?}\0{lost:?}",
            self.schema,
            key.hive_path()
        ))
    }

    /// The name of a file that is written anew.
    pub(super) fn rewrite(&self, path: &str, ids: &[IdHash]) -> String {
        name_of(&format!("{VERSION}\0{}\0{path}\0{ids:?}", self.schema))
    }

    fn object(&self, chunk: u32) -> Option<&str> {
        self.objects.get(chunk as usize).map(String::as_str)
    }
}

/// A hash as a name.
pub(super) fn name_of(text: &str) -> String {
    format!("{:?}", IdHash::of(text)).chars().take(24).collect()
}

/// Deals the files out to tasks, neighbours to one: each then reads one range of each chunk.
pub(super) fn tasks(slots: Vec<Slot>, rewrites: Vec<Rewrite>, objects: &[String]) -> Vec<Work> {
    let mut tasks: Vec<Work> = Vec::new();
    let mut bytes = 0;
    for slot in slots {
        bytes += slot.bytes();
        match tasks.last_mut() {
            Some(task) if bytes <= TASK_BYTES && task.slots.len() < FILES => task.slots.push(slot),
            _ => {
                bytes = slot.bytes();
                tasks.push(Work { slots: vec![slot], ..Work::default() });
            }
        }
    }
    tasks.extend(rewrites.chunks(REWRITES).map(|some| Work { rewrites: some.to_vec(), ..Work::default() }));
    tasks.iter_mut().for_each(|task| task.finish(objects));
    tasks
}

impl Work {
    fn finish(&mut self, objects: &[String]) {
        self.version = VERSION;
        let chunks = self.slots.iter().flat_map(|slot| &slot.frames).map(|frame| frame.chunk);
        self.objects =
            chunks.filter_map(|chunk| objects.get(chunk as usize).map(|o| (chunk, o.clone()))).collect();
        let names = self.slots.iter().map(|s| &s.name).chain(self.rewrites.iter().map(|r| &r.name));
        self.name = name_of(&names.map(String::as_str).collect::<Vec<_>>().join("\0"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(chunk: u32, rows: u32) -> FrameOf {
        FrameOf { chunk, offset: 10, bytes: 100, rows, raw: u64::from(rows) * 10 }
    }

    fn partition(frames: Vec<FrameOf>, lost: &[(u32, u32)]) -> Partition {
        let mut by_chunk: HashMap<u32, HashSet<u32>> = HashMap::new();
        lost.iter().for_each(|(chunk, seq)| by_chunk.entry(*chunk).or_default().extend([*seq]));
        Partition { key: PartitionKey::new("c".into(), Some(2020)), frames, lost: by_chunk }
    }

    fn made(frames: Vec<FrameOf>, lost: &[(u32, u32)], limits: Limits) -> Vec<Slot> {
        let objects: Vec<String> = (0..9).map(|n| format!("o{n}")).collect();
        slots(partition(frames, lost), limits, &Naming { schema: "s", objects: &objects })
    }

    const WIDE: Limits = Limits { rows: 1000, bytes: 1 << 20 };

    #[test]
    fn a_large_partition_becomes_several_files() {
        let frames = vec![frame(0, 60), frame(1, 60), frame(2, 30), frame(2, 90), frame(3, 5)];
        let rows = |limits| made(frames.clone(), &[], limits).iter().map(Slot::rows).collect::<Vec<_>>();
        assert_eq!(rows(WIDE), [245]);
        assert_eq!(rows(Limits { rows: 100, ..WIDE }), [60, 180, 5]);
        assert_eq!(rows(Limits { bytes: 950, ..WIDE }), [60, 180, 5]);
        assert_eq!(rows(Limits { rows: 1, ..WIDE }), [60, 60, 120, 5]);
    }

    #[test]
    fn a_file_of_nothing_but_losers_is_none() {
        assert!(made(vec![frame(0, 2)], &[(0, 5), (0, 7)], WIDE).is_empty());
        let slots = made(vec![frame(0, 2), frame(1, 2)], &[(0, 5), (0, 7)], Limits { rows: 2, ..WIDE });
        assert_eq!(slots.iter().map(|s| s.frames.len()).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_name_is_of_all_that_a_file_is_made_from() {
        let name = |frames, lost: &[_]| made(frames, lost, WIDE).remove(0).name;
        let one = name(vec![frame(0, 2)], &[]);
        assert_eq!(one, name(vec![frame(0, 2)], &[]));
        assert_ne!(one, name(vec![frame(1, 2)], &[]));
        assert_ne!(one, name(vec![frame(0, 2)], &[(0, 1)]));
        assert_ne!(one, name(vec![FrameOf { offset: 11, ..frame(0, 2) }], &[]));
    }

    #[test]
    fn neighbours_share_a_task_up_to_a_size() {
        let large = |chunk| FrameOf { bytes: 20 << 20, ..frame(chunk, 2) };
        let objects: Vec<String> = (0..9).map(|n| format!("o{n}")).collect();
        let slots = made(vec![frame(0, 2), frame(1, 3), large(2), large(3)], &[], Limits { rows: 2, ..WIDE });
        let tasks = tasks(slots, Vec::new(), &objects);
        assert_eq!(tasks.iter().map(|t| t.slots.len()).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(tasks[1].objects, BTreeMap::from([(3, "o3".to_owned())]));
        assert_ne!(tasks[0].name, tasks[1].name);
    }
}
