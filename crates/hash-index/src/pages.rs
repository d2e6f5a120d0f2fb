//! Which parts of a file may hold some hashes, by the bounds of its row groups and pages.

use std::ops::Range;

use parquet::arrow::arrow_reader::RowSelection;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

/// Row groups to read, and of those the rows (all of them where None).
pub(crate) struct Parts {
    pub(crate) groups: Vec<usize>,
    pub(crate) rows: Option<RowSelection>,
}

/// The parts in which the leaf column may hold one of `hashes`, which are in order. Files without bounds are read whole.
pub(crate) fn parts<H: AsRef<[u8]>>(metadata: &ParquetMetaData, leaf: usize, hashes: &[H]) -> Parts {
    let groups = metadata.row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| may_hold(group, leaf, hashes));
    let (mut numbers, mut ranges, mut base) = (Vec::new(), Vec::new(), 0);
    for (number, group) in groups {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        let whole = 0..rows;
        let pages = pages(metadata, number, leaf, rows, hashes).unwrap_or_else(|| [whole].into());
        if pages.is_empty() {
            continue;
        }
        ranges.extend(pages.into_iter().map(|page| page.start + base..page.end + base));
        numbers.push(number);
        base += rows;
    }
    let rows = metadata.column_index().map(|_| selection(ranges, base));
    Parts { groups: numbers, rows }
}

fn selection(ranges: Vec<Range<usize>>, rows: usize) -> RowSelection {
    RowSelection::from_consecutive_ranges(ranges.into_iter(), rows)
}

/// False only if the bounds of the row group rule out every hash.
fn may_hold<H: AsRef<[u8]>>(group: &RowGroupMetaData, leaf: usize, hashes: &[H]) -> bool {
    let statistics = group.columns().get(leaf).and_then(|c| c.statistics());
    let bounds = statistics.and_then(|s| s.min_bytes_opt().zip(s.max_bytes_opt()));
    bounds.map_or(!hashes.is_empty(), |(min, max)| any_between(hashes, min, max))
}

/// The rows of the pages that may hold a hash; None where the file does not say.
fn pages<H: AsRef<[u8]>>(
    metadata: &ParquetMetaData,
    group: usize,
    leaf: usize,
    rows: usize,
    hashes: &[H],
) -> Option<Vec<Range<usize>>> {
    let ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(bounds) = metadata.column_index()?.get(group)?.get(leaf)?
    else {
        return None;
    };
    let pages = metadata.offset_index()?.get(group)?.get(leaf)?.page_locations();
    let starts = || pages.iter().map(|page| usize::try_from(page.first_row_index).unwrap_or(0));
    let ends = starts().skip(1).chain([rows]);
    let held = bounds.min_values_iter().zip(bounds.max_values_iter()).map(|bounds| match bounds {
        (Some(min), Some(max)) => any_between(hashes, min, max),
        _ => true,
    });
    let ranges = starts().zip(ends).zip(held);
    Some(ranges.filter_map(|((start, end), held)| held.then_some(start..end)).collect())
}

/// True if one of the hashes is not below `min` and not above `max`.
fn any_between<H: AsRef<[u8]>>(hashes: &[H], min: &[u8], max: &[u8]) -> bool {
    let first = hashes.partition_point(|hash| hash.as_ref() < min);
    // Bounds may be cut short: a hash that begins as the upper one does is not above it.
    let Some(hash) = hashes.get(first).map(AsRef::as_ref) else { return false };
    hash.get(..max.len()).unwrap_or(hash) <= max
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
