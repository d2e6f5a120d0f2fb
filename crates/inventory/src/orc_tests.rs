//! ORC files that are not whole. Those that are: `manifest_tests.rs`.

use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::*;
use crate::open::{OpenOptions, open};

const WHOLE: &[u8] = include_bytes!("../../../fixtures/inventories/s3/orc/data/part-0.orc");

async fn rows(body: &[u8]) -> Result<usize> {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let path = Path::from("x");
    store.put(&path, body.to_vec().into()).await.unwrap();
    let inventory = open(store, path, "inventory.orc", &OpenOptions::default()).await?;
    inventory.batches().try_fold(0, |rows, batch| async move { Ok(rows + batch.len()) }).await
}

#[tokio::test]
async fn what_is_cut_off_or_damaged_is_an_error() {
    assert_eq!(rows(WHOLE).await.unwrap(), 4);
    for cut in [4, 50, WHOLE.len() / 2, WHOLE.len() - 1] {
        let error = rows(&WHOLE[..cut]).await.unwrap_err();
        assert!(error.to_string().contains("inventory.orc"), "{cut}: {error}");
    }
}
