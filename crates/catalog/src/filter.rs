//! Which files a reader wants.

use std::collections::BTreeSet;

use earthcatalog_model::{CellId, DataFile, PartitionKey, TableSchema, Timestamp};

use crate::time_range::{TimeColumns, TimeRange};

/// What a reader looks for. A file is left out only if none of its rows can match; the default keeps all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Files of these cells only.
    pub cells: Option<BTreeSet<CellId>>,
    /// Files of these partitions only.
    pub partitions: Option<BTreeSet<PartitionKey>>,
    /// Files that may hold items within [start, end], both included, either open.
    ///
    /// An item's time is its `datetime` and what lies between its `start_datetime` and `end_datetime`. The
    /// partition's year alone rules no file out: a range may reach into other years.
    pub time: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

/// A filter made ready for the files of one schema.
pub(crate) struct Prepared<'a> {
    filter: &'a Filter,
    columns: TimeColumns,
}

impl Filter {
    pub(crate) fn prepare(&self, schema: &TableSchema) -> Prepared<'_> {
        Prepared { filter: self, columns: TimeColumns::of(schema) }
    }
}

impl Prepared<'_> {
    /// Whether files of that partition can be wanted at all.
    pub(crate) fn keeps_partition(&self, partition: &PartitionKey) -> bool {
        let by_cell = self.filter.cells.as_ref().is_none_or(|cells| cells.contains(&partition.cell));
        by_cell && self.filter.partitions.as_ref().is_none_or(|partitions| partitions.contains(partition))
    }

    pub(crate) fn keeps(&self, file: &DataFile) -> bool {
        self.keeps_partition(&file.partition) && self.keeps_time(file)
    }

    fn keeps_time(&self, file: &DataFile) -> bool {
        let Some((start, end)) = self.filter.time else { return true };
        let range = TimeRange::of(file, &self.columns);
        let ends_before = start.is_some_and(|start| range.last.is_some_and(|last| last < start.micros()));
        let begins_after = end.is_some_and(|end| range.first.is_some_and(|first| first > end.micros()));
        !ends_before && !begins_after
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
