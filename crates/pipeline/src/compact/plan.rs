//! Which files are merged with which: the small ones of a partition, as many as fit into memory.

use std::collections::BTreeMap;

use earthcatalog_model::{DataFile, PartitionKey};
use earthcatalog_writer::merge_memory;

use crate::compact::CompactOptions;

/// Files of one partition that become one or more.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) partition: PartitionKey,
    /// The oldest first.
    pub(crate) files: Vec<DataFile>,
    /// An estimate of the memory that merging them takes.
    pub(crate) memory: u64,
}

impl Group {
    pub(crate) fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// The groups of a table's files, by partition. `leaves` is the number of its leaf columns.
///
/// A file is small below half the target size: two of those make one that is not too large, and what a merge splits into
/// files of the target size is not taken up again.
pub(crate) fn plan(files: Vec<DataFile>, leaves: u64, options: &CompactOptions) -> Vec<Group> {
    let mut partitions: BTreeMap<PartitionKey, Vec<DataFile>> = BTreeMap::new();
    for file in files.into_iter().filter(|file| file.bytes < options.target_size / 2) {
        partitions.entry(file.partition.clone()).or_default().push(file);
    }
    partitions.retain(|_, files| files.len() >= options.min_files.max(2));
    let groups = partitions.into_iter().flat_map(|(key, files)| split(key, files, leaves, options.memory));
    groups.collect()
}

/// The smallest files come together first: most files go for the least work.
fn split(partition: PartitionKey, mut files: Vec<DataFile>, leaves: u64, memory: u64) -> Vec<Group> {
    files.sort_by(|a, b| (a.bytes, &a.path).cmp(&(b.bytes, &b.path)));
    let mut groups: Vec<Group> = Vec::new();
    for file in files {
        let needed = merge_memory(file.bytes, file.rows, leaves);
        match groups.last_mut() {
            Some(group) if group.memory + needed <= memory => {
                group.memory += needed;
                group.files.push(file);
            }
            _ => groups.push(Group { partition: partition.clone(), files: vec![file], memory: needed }),
        }
    }
    groups.retain(|group| group.files.len() > 1);
    for group in &mut groups {
        group.files.sort_by(|a, b| (a.added, &a.path).cmp(&(b.added, &b.path)));
    }
    groups
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::{CellId, Columns};

    use super::*;

    fn file(cell: &str, name: &str, bytes: u64) -> DataFile {
        DataFile {
            path: name.to_owned(),
            partition: PartitionKey::new(CellId::new(cell), Some(2020)),
            rows: 1,
            bytes,
            columns: Columns::default(),
            split_offsets: Vec::new(),
            added: None,
        }
    }

    fn check(files: &[(&str, &str, u64)], options: &CompactOptions, expected: &[&[&str]]) {
        let files = files.iter().map(|(cell, name, bytes)| file(cell, name, *bytes)).collect();
        let groups = plan(files, 0, options);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.files.iter().map(|file| file.path.as_str()).collect()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn small_files_of_a_partition_come_together() {
        let options =
            CompactOptions { min_files: 3, target_size: 100, memory: 1 << 20, ..CompactOptions::default() };
        check(&[("a", "1", 10), ("a", "2", 10)], &options, &[]);
        check(&[("a", "1", 10), ("b", "2", 10), ("a", "3", 10)], &options, &[]);
        check(
            &[("a", "1", 10), ("a", "2", 49), ("a", "3", 10), ("a", "4", 50)],
            &options,
            &[&["1", "2", "3"]],
        );
        let two = CompactOptions { min_files: 1, ..options };
        check(
            &[("b", "1", 1), ("a", "4", 1), ("a", "2", 2), ("b", "3", 1)],
            &two,
            &[&["2", "4"], &["1", "3"]],
        );
        check(&[("a", "1", 10)], &two, &[]);
    }

    #[test]
    fn groups_fit_into_memory() {
        let options = CompactOptions { min_files: 2, target_size: 1000, ..CompactOptions::default() };
        let memory = |bytes: u64| merge_memory(bytes, 1, 0);
        let files = [("a", "1", 100), ("a", "2", 20), ("a", "3", 10), ("a", "4", 300), ("a", "5", 100)];
        let options = CompactOptions { memory: memory(200), ..options };
        check(&files, &options, &[&["1", "2", "3"]]);
        check(&files, &CompactOptions { memory: memory(250), ..options.clone() }, &[&["1", "2", "3", "5"]]);
        check(&files, &CompactOptions { memory: memory(10), ..options }, &[]);
    }
}
