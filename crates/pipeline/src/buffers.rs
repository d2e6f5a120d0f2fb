//! Rows waiting to be written, by partition, within a budget.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use earthcatalog_model::{Item, PartitionKey};

use crate::shelf::Place;

/// What a row costs beside the item's own bytes.
const ROW_OVERHEAD: u64 = 600;

/// A row that waits. `seq` is the number of its item in the order of arrival.
#[derive(Clone)]
pub(crate) struct Staged {
    pub(crate) item: Arc<Item>,
    pub(crate) seq: u64,
}

impl Staged {
    /// An estimate of the memory that it holds. An item in several cells is counted in each: the estimate errs upwards.
    fn bytes(&self) -> u64 {
        let wkb = self.item.wkb.as_ref().map_or(0, |w| w.len());
        (self.item.body.len() + wkb) as u64 + ROW_OVERHEAD
    }
}

/// A file of this run, of which there may be many thousand. The rows of later files of the same partition have later numbers.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// What its name is made of, beside the partition.
    pub(crate) number: u64,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) seqs: RangeInclusive<u64>,
    /// Where the rest is.
    pub(crate) described: Place,
}

/// Rows taken out of the buffers to become a file.
pub(crate) struct Taken {
    pub(crate) partition: u32,
    pub(crate) key: PartitionKey,
    pub(crate) rows: Vec<Staged>,
    pub(crate) bytes: u64,
}

/// A partition of this run.
pub(crate) struct Partition {
    pub(crate) key: PartitionKey,
    pub(crate) files: Vec<Written>,
    rows: Vec<Staged>,
    bytes: u64,
}

/// All partitions of this run.
#[derive(Default)]
pub(crate) struct Buffers {
    numbers: HashMap<PartitionKey, u32>,
    partitions: Vec<Partition>,
    bytes: u64,
}

impl Buffers {
    /// An estimate of the memory of all rows that wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts a row into its partition; the answer is the partition's number.
    pub(crate) fn push(&mut self, key: PartitionKey, row: Staged) -> u32 {
        let number = self.number(key);
        let bytes = row.bytes();
        if let Some(partition) = self.partitions.get_mut(number as usize) {
            partition.rows.push(row);
            partition.bytes += bytes;
            self.bytes += bytes;
        }
        number
    }

    fn number(&mut self, key: PartitionKey) -> u32 {
        let next = self.partitions.len() as u32;
        match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                self.numbers.insert(key.clone(), next);
                self.partitions.push(Partition { key, files: Vec::new(), rows: Vec::new(), bytes: 0 });
                next
            }
        }
    }

    /// The partitions, by number.
    pub(crate) fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// The partitions, by number.
    pub(crate) fn partitions_mut(&mut self) -> &mut [Partition] {
        &mut self.partitions
    }

    /// Takes partitions that hold more than `most` bytes each.
    pub(crate) fn take_over(&mut self, number: u32, most: u64) -> Option<Taken> {
        let full = self.partitions.get(number as usize).is_some_and(|p| p.bytes > most);
        if full { self.take(number) } else { None }
    }

    /// Takes the largest partitions until no more than `target` bytes wait.
    pub(crate) fn take_largest(&mut self, target: u64) -> Vec<Taken> {
        let mut sizes: Vec<(u64, u32)> = self.waiting().map(|(number, p)| (p.bytes, number)).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut taken = Vec::new();
        for (_, number) in sizes {
            if self.bytes <= target {
                break;
            }
            taken.extend(self.take(number));
        }
        taken
    }

    /// The numbers of partitions with rows that wait.
    pub(crate) fn numbers_waiting(&self) -> Vec<u32> {
        self.waiting().map(|(number, _)| number).collect()
    }

    fn waiting(&self) -> impl Iterator<Item = (u32, &Partition)> {
        self.partitions.iter().enumerate().filter(|(_, p)| !p.rows.is_empty()).map(|(i, p)| (i as u32, p))
    }

    /// Takes all rows of a partition.
    pub(crate) fn take(&mut self, number: u32) -> Option<Taken> {
        let partition = self.partitions.get_mut(number as usize)?;
        let (rows, bytes) = (std::mem::take(&mut partition.rows), std::mem::take(&mut partition.bytes));
        self.bytes -= bytes;
        (!rows.is_empty()).then(|| Taken { partition: number, key: partition.key.clone(), rows, bytes })
    }
}
