use super::*;

#[test]
fn fates_have_names() {
    for fate in Fate::ALL {
        assert_eq!(Fate::parse(fate.as_str()), Some(fate));
    }
    assert_eq!(Fate::parse("lost"), None);
}

#[test]
fn an_unknown_fate_is_no_batch_of_objects() {
    let mut rows = Rows::default();
    rows.push(&ObjectRow::deleted(KeyHash([1; 16])));
    let batch = rows.take(&schema()).unwrap();
    assert_eq!(ObjectsBatch::new(&batch).unwrap().fate(0), Fate::Deleted);
    let mut columns = batch.columns().to_vec();
    columns[4] = Arc::new(StringArray::from(vec!["lost"]));
    assert!(ObjectsBatch::new(&RecordBatch::try_new(schema(), columns).unwrap()).is_none());
}
