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
