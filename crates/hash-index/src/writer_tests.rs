use super::*;

fn hash(n: u128) -> IdHash {
    IdHash(n.to_be_bytes())
}

#[test]
fn an_index_may_be_empty() {
    let mut file = Vec::new();
    let summary = IdsWriter::new(&mut file).unwrap().finish().unwrap();
    assert_eq!(summary, Summary { rows: 0, bytes: file.len() as u64 });
}

#[test]
fn order_is_demanded() {
    let mut ids = IdsWriter::new(Vec::new()).unwrap();
    ids.write(&hash(5), &[]).unwrap();
    for n in [5, 4] {
        assert!(matches!(ids.write(&hash(n), &[]), Err(Error::Unsorted { .. })), "{n}");
    }
    ids.write(&hash(6), &[]).unwrap();
}

#[test]
fn writes_to_a_local_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ids.parquet");
    let mut ids = IdsWriter::create(&path).unwrap();
    ids.write(&hash(1), &[PartitionKey::new("x".into(), None)]).unwrap();
    let summary = ids.finish().unwrap();
    assert_eq!(summary.bytes, std::fs::metadata(&path).unwrap().len());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = IdsWriter::create(Path::new("/nowhere/ids")).err().unwrap();
    assert!(error.to_string().contains("/nowhere/ids"), "{error}");
}

#[tokio::test]
async fn a_segment_says_how_the_count_changes() {
    let mut file = Vec::new();
    let mut segment = IdsSegmentWriter::new(&mut file).unwrap();
    segment.write(&hash(1), &[], Before::Absent).unwrap();
    segment.write(&hash(2), &[], Before::Absent).unwrap();
    segment.write(&hash(3), &[], Before::Present).unwrap();
    segment.delete(&hash(4), Before::Present).unwrap();
    segment.delete(&hash(5), Before::Absent).unwrap();
    assert!(matches!(segment.delete(&hash(5), Before::Absent), Err(Error::Unsorted { .. })));
    let (summary, delta) = segment.finish().unwrap();
    assert_eq!((summary.rows, delta), (5, IdsDelta { added: 2, removed: 1 }));
    let (store, paths) = crate::testing::stored(vec![file]).await;
    let reader = crate::IdsReader::open(&store, &paths[0]).await.unwrap();
    assert_eq!((reader.kind(), reader.delta().unwrap()), (crate::Kind::Segment, delta));
}
