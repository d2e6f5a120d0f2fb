//! Pieces give the bytes of the object, wherever they begin and end.

use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use orc_rust::reader::ChunkReader;

use super::*;

async fn source(body: Vec<u8>) -> Source {
    source_in(Arc::new(InMemory::new()), body).await
}

async fn source_in(store: Arc<dyn ObjectStore>, body: Vec<u8>) -> Source {
    let path = Path::from("x");
    store.put(&path, body.into()).await.unwrap();
    let meta = store.head(&path).await.unwrap();
    Source { store, path, meta, name: "x".into(), md5: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_range_is_what_the_object_has_there() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    for store in [Arc::new(InMemory::new()) as Arc<dyn ObjectStore>, Arc::new(local)] {
        check_ranges(store).await;
    }
}

async fn check_ranges(store: Arc<dyn ObjectStore>) {
    let body: Vec<u8> = (0..3 * PIECE + 17).map(|i| (i * 31 / 7) as u8).collect();
    let pieces = Pieces::new(source_in(store, body.clone()).await);
    let check = move |start: u64, length: u64| {
        let expected = &body[start as usize..(start + length) as usize];
        assert_eq!(pieces.get_bytes(start, length).unwrap(), expected);
        let mut read = Vec::new();
        pieces.get_read(start).unwrap().take(length).read_to_end(&mut read).unwrap();
        assert_eq!(read, expected);
        assert!(pieces.get_bytes(start, 3 * PIECE + 18).is_err());
    };
    std::thread::spawn(move || {
        check(0, 10);
        check(PIECE - 1, 2);
        check(PIECE, PIECE);
        check(5, 3 * PIECE);
        check(3 * PIECE + 16, 1);
        check(3 * PIECE + 17, 0);
    })
    .join()
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn another_version_is_an_error() {
    let source = source(vec![1; 10]).await;
    source.store.put(&source.path, vec![2; 10].into()).await.unwrap();
    let pieces = Pieces::new(source);
    let error = std::thread::spawn(move || {
        assert!(pieces.get_bytes(0, 1).is_err());
        pieces.take_error()
    });
    assert!(matches!(error.join().unwrap(), Some(Error::Changed { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_local_file_that_is_written_to_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let pieces = Pieces::new(source_in(store, vec![1; 3 << 20]).await);
    let path = folder.path().join("x");
    let read = std::thread::spawn(move || {
        assert_eq!(pieces.get_bytes(0, 1).unwrap(), &[1][..]);
        let mut file = File::options().append(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, b"more").unwrap();
        pieces.get_bytes(PIECE, 1).unwrap_err()
    });
    assert!(read.join().unwrap().to_string().contains("written to"));
}
