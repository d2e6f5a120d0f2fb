use std::sync::Arc;

use super::*;
use crate::testing::bytes;

fn part(numbers: &[u64]) -> Result<Part> {
    let hashes =
        FixedSizeBinaryArray::try_new(16, numbers.iter().flat_map(|n| bytes(*n)).collect(), None).unwrap();
    let batch = RecordBatch::try_from_iter([("h", Arc::new(hashes.clone()) as ArrayRef)]).unwrap();
    Ok(Part { batch, hashes, live: None })
}

fn parts(numbers: &[&[u64]]) -> Parts {
    let parts: Vec<_> = numbers.iter().map(|numbers| part(numbers)).collect();
    futures::stream::iter(parts).boxed()
}

#[test]
fn gallops_to_the_first_that_is_not_below() {
    let hashes = part(&(0..100).map(|n| 2 * n).collect::<Vec<_>>()).unwrap().hashes;
    for start in 0..=100 {
        for end in 0..=201 {
            let expected = start.max((end as usize).div_ceil(2).min(100));
            assert_eq!(gallop(&hashes, start, u128::from_be_bytes(bytes(end))), expected, "{start} {end}");
        }
    }
}

#[tokio::test]
async fn order_is_checked_across_batches() {
    let check = async |numbers: &[&[u64]], expected: Option<u64>| {
        let ended = checked(&"x".into(), parts(numbers)).try_collect::<Vec<_>>().await;
        let row = ended.err().map(|error| match error {
            Error::Disordered { row, .. } => row,
            other => panic!("{other}"),
        });
        assert_eq!(row, expected, "{numbers:?}");
    };
    check(&[&[1, 2], &[], &[3]], None).await;
    check(&[&[1, 2], &[2]], Some(2)).await;
    check(&[&[1, 5], &[], &[6, 3]], Some(3)).await;
}

#[tokio::test]
async fn a_task_that_dies_is_an_error_and_no_end() {
    let stream =
        futures::stream::iter([Ok(1), Ok(2)]).chain(futures::stream::once(async { panic!("as asked") }));
    let read: Vec<Result<i32>> = ahead("x".into(), stream.boxed()).collect().await;
    assert!(matches!(read.as_slice(), [Ok(1), Ok(2), Err(Error::Corrupt { .. })]), "{read:?}");
}

#[tokio::test]
async fn an_error_ends_a_merge() {
    let broken = parts(&[&[1, 2]])
        .chain(futures::stream::once(async { part(&[]).and(Err(Error::Worker { what: "x" })) }));
    let schema = part(&[]).unwrap().batch.schema();
    let merged: Vec<_> = merge(vec![parts(&[&[5]]), broken.boxed()], schema, false).collect().await;
    assert!(matches!(merged.as_slice(), [Err(Error::Worker { .. })]), "{}", merged.len());
}
