use object_store::ObjectStoreExt;
use object_store::memory::InMemory;

use super::*;

async fn check(bytes: usize) {
    let dir = tempfile::tempdir().unwrap();
    let local = dir.path().join("ids");
    let content: Vec<u8> = (0..bytes).map(|i| (i / 251) as u8).collect();
    std::fs::write(&local, &content).unwrap();
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let to = Path::from("warehouse_index/ids.parquet");
    assert_eq!(upload(&local, &store, &to).await.unwrap(), bytes as u64);
    let there = store.get(&to).await.unwrap().bytes().await.unwrap();
    assert!(there == content, "{bytes}");
}

#[tokio::test]
async fn uploads_whole_files() {
    check(0).await;
    check(1).await;
    check(PART).await;
    check(3 * PART + 5).await;
}

#[tokio::test]
async fn an_input_that_breaks_leaves_nothing() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let to = Path::from("ids");
    let error = upload_from(Breaks { left: 3 * PART }, &store, &to).await.unwrap_err();
    assert!(matches!(error, Error::Input { .. }), "{error:?}");
    assert!(store.head(&to).await.is_err());
}

/// So many zeros, then an error.
struct Breaks {
    left: usize,
}

impl AsyncRead for Breaks {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let count = self.left.min(buf.remaining());
        self.left -= count;
        buf.put_slice(&vec![0; count]);
        std::task::Poll::Ready(if count == 0 { Err(std::io::ErrorKind::BrokenPipe.into()) } else { Ok(()) })
    }
}

#[tokio::test]
async fn a_missing_file_is_named_and_leaves_nothing() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let to = Path::from("ids");
    let error = upload(LocalPath::new("/nowhere/ids"), &store, &to).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/ids"), "{error}");
    assert!(store.head(&to).await.is_err());
}
