use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use super::*;
use crate::Error;
use crate::writer::IdsWriter;

type Row = (IdHash, Vec<PartitionKey>);

fn write(rows: &[Row]) -> Bytes {
    let mut file = Vec::new();
    let mut ids = IdsWriter::new(&mut file).unwrap();
    rows.iter().for_each(|(id, partitions)| ids.write(id, partitions).unwrap());
    assert_eq!(ids.finish().unwrap().rows, rows.len() as u64);
    file.into()
}

async fn stored(file: Bytes) -> (Arc<dyn ObjectStore>, Path) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("warehouse_index/ids.parquet");
    store.put(&path, file.into()).await.unwrap();
    (store, path)
}

async fn read(store: &Arc<dyn ObjectStore>, path: &Path) -> Vec<Row> {
    let batches: Vec<IdsBatch> =
        IdsReader::open(store, path).await.unwrap().batches().try_collect().await.unwrap();
    let rows = batches.iter().flat_map(|b| (0..b.len()).map(|i| (b.hash(i), b.partitions(i).unwrap())));
    rows.collect()
}

fn partitions() -> impl Strategy<Value = Vec<PartitionKey>> {
    let one = ("[a-zæ/%]{0,6}", prop::option::of(-5i32..3000))
        .prop_map(|(cell, year)| PartitionKey::new(cell.as_str().into(), year));
    prop::collection::vec(one, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_goes_in_comes_out(rows in prop::collection::btree_map(any::<[u8; 16]>(), partitions(), 0..200)) {
        let rows: Vec<Row> = rows.into_iter().map(|(hash, partitions)| (IdHash(hash), partitions)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (store, path) = stored(write(&rows)).await;
            assert_eq!(unique_items(&store, &path).await.unwrap(), rows.len() as u64);
            assert_eq!(read(&store, &path).await, rows);
        });
    }
}

#[tokio::test]
async fn many_row_groups_on_a_local_disk() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ids.parquet");
    let mut ids = IdsWriter::create(&file).unwrap();
    let partitions = [PartitionKey::new("89c259".into(), Some(2020))];
    let count = 600_000u64;
    for i in 0..count {
        ids.write(&IdHash((u128::from(i) << 64).to_be_bytes()), &partitions).unwrap();
    }
    ids.finish().unwrap();
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(dir.path()).unwrap());
    let reader = IdsReader::open(&store, &Path::from("ids.parquet")).await.unwrap();
    assert_eq!(reader.rows(), count);
    assert_eq!(reader.stored.metadata.metadata().num_row_groups(), 10);
    let hashes = reader.hashes().await.unwrap();
    assert_eq!(hashes.len() as u64, count);
    assert!(hashes.is_sorted());
}

/// A file as earthcatalog 0.6.1 writes them, or something like one.
fn one_column(name: &str, values: ArrayRef) -> Bytes {
    let schema = Arc::new(Schema::new(vec![Field::new(name, values.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![values]).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file.into()
}

fn hash_column(width: usize, rows: u8) -> ArrayRef {
    let values = (0..rows).rev().map(|i| vec![i; width]);
    Arc::new(FixedSizeBinaryArray::try_from_iter(values).unwrap())
}

#[tokio::test]
async fn files_of_the_python_package_are_read() {
    let (store, path) = stored(one_column("id_hash", hash_column(16, 9))).await;
    assert_eq!(unique_items(&store, &path).await.unwrap(), 9);
    let reader = IdsReader::open(&store, &path).await.unwrap();
    assert_eq!((reader.kind(), reader.is_sorted(), reader.has_partitions()), (Kind::Foreign, false, false));
    let batches: Vec<IdsBatch> = reader.batches().try_collect().await.unwrap();
    assert_eq!(batches[0].hash(8), IdHash([0; 16]));
    assert_eq!(batches[0].partitions(0), None);
}

async fn refuses(file: Bytes, expected: &str) {
    let (store, path) = stored(file).await;
    let error = unique_items(&store, &path).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[tokio::test]
async fn what_is_no_index_is_refused() {
    refuses(Bytes::new(), "warehouse_index/ids.parquet is no file of the hash index").await;
    refuses(Bytes::from_static(b"PAR1 and nothing more"), "rebuild the index").await;
    refuses(one_column("id", hash_column(16, 1)), "no column id_hash").await;
    refuses(one_column("id_hash", hash_column(8, 1)), "16 fixed bytes").await;
    let whole = write(&[(IdHash([1; 16]), vec![])]);
    refuses(whole.slice(..whole.len() - 9), "no file of the hash index").await;
    assert_eq!(DataType::FixedSizeBinary(16), *crate::ids::schema().field(0).data_type());
}

#[tokio::test]
async fn a_missing_index_says_so() {
    let (store, _) = stored(Bytes::new()).await;
    let error = unique_items(&store, &Path::from("elsewhere")).await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    assert!(!error.is_retryable());
}
