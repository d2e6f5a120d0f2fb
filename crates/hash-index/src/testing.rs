//! What the tests of this crate have in common: small hashes, partitions, and a store to put files into.

use std::sync::Arc;

use earthcatalog_model::{IdHash, KeyHash, PartitionKey, Timestamp};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// A hash that is spread over the whole range and keeps the order of the numbers.
pub(crate) fn bytes(n: u64) -> [u8; 16] {
    (u128::from(n) << 96 | u128::from(n)).to_be_bytes()
}

pub(crate) fn id(n: u64) -> IdHash {
    IdHash(bytes(n))
}

pub(crate) fn key(n: u64) -> KeyHash {
    KeyHash(bytes(n))
}

pub(crate) fn time(micros: i64) -> Option<Timestamp> {
    Timestamp::from_micros(micros)
}

pub(crate) fn partition(n: u64) -> PartitionKey {
    PartitionKey::new(
        format!("c{}", n % 7).as_str().into(),
        (!n.is_multiple_of(5)).then_some(2000 + (n % 5) as i32),
    )
}

/// Files in memory, named by their numbers.
pub(crate) async fn stored(files: Vec<Vec<u8>>) -> (Arc<dyn ObjectStore>, Vec<Path>) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut paths = Vec::new();
    for (number, file) in files.into_iter().enumerate() {
        let path = Path::from(format!("warehouse_index/{number}.parquet"));
        store.put(&path, file.into()).await.unwrap();
        paths.push(path);
    }
    (store, paths)
}

/// A sink that can be handed to another thread and read afterwards.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<std::sync::Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
