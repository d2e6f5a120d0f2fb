use earthcatalog_model::IdHash;

use super::*;
use crate::reader::IdsReader;
use crate::testing::{id, stored};
use crate::writer::IdsWriter;

/// 600,000 even numbers, in ten row groups of three pages of 20,480 rows.
async fn file() -> IdsReader {
    let mut file = Vec::new();
    let mut writer = IdsWriter::new(&mut file).unwrap();
    (0..600_000).for_each(|n| writer.write(&id(2 * n), &[]).unwrap());
    writer.finish().unwrap();
    let (store, paths) = stored(vec![file]).await;
    IdsReader::open(&store, &paths[0]).await.unwrap()
}

fn read(metadata: &ParquetMetaData, numbers: &[u64]) -> (Vec<usize>, Option<usize>) {
    let hashes: Vec<IdHash> = numbers.iter().map(|n| id(*n)).collect();
    let hashes: Vec<&[u8]> = hashes.iter().map(|h| h.0.as_slice()).collect();
    let parts = parts(metadata, 0, &hashes);
    (parts.groups, parts.rows.map(|rows| rows.row_count()))
}

#[tokio::test]
async fn row_groups_that_cannot_hold_it_are_not_read() {
    let file = file().await;
    let check = |numbers: &[u64], groups: &[usize]| {
        assert_eq!(read(file.stored.metadata.metadata(), numbers), (groups.to_vec(), None), "{numbers:?}");
    };
    check(&[], &[]);
    check(&[0], &[0]);
    check(&[2 * 61_439, 2 * 122_880], &[0, 2]);
    check(&[2 * 61_439 + 1, u64::from(u32::MAX)], &[]);
}

#[tokio::test]
async fn pages_that_cannot_hold_it_are_not_read() {
    let indexed = file().await.stored.with_page_index().await.unwrap();
    let check = |numbers: &[u64], groups: &[usize], rows: usize| {
        let expected = (groups.to_vec(), Some(rows));
        assert_eq!(read(indexed.metadata.metadata(), numbers), expected, "{numbers:?}");
    };
    let page = 20_480;
    check(&[], &[], 0);
    check(&[0], &[0], page);
    check(&[0, 2, 4, 2 * 20_479], &[0], page);
    check(&[2 * 20_479, 2 * 20_480], &[0], 2 * page);
    check(&[0, 2 * 61_440], &[0, 1], 2 * page);
    check(&[2 * 599_999], &[9], (600_000 - 9 * 61_440) % page);
    // Between two pages, and between two row groups.
    check(&[2 * 20_479 + 1, 2 * 61_439 + 1], &[], 0);
}
