//! Bytes of local files, which the decoder's thread reads by itself.

use object_store::local::LocalFileSystem;

use super::*;
use crate::checksum::Checksum;

/// A file, and how it is known to the store that has it.
async fn file(text: &str, md5: Option<Checksum>) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("listing"), text).unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let path = Path::from("listing");
    let meta = store.head(&path).await.unwrap();
    (folder, Source { store, path, meta, name: "the listing".into(), md5: md5.map(Expected::new) })
}

/// What a decoder gets to read, and what it is told if that ends too early.
async fn read(source: Source) -> std::result::Result<String, String> {
    let (send, chunks) = mpsc::channel(CHUNKS);
    let (batches, _waiting) = mpsc::channel(BATCHES);
    tokio::spawn(feed(source, send, batches));
    let mut reader = ByteReader { chunks, current: Bytes::new(), file: None, error: None };
    let reading = move || {
        let mut text = String::new();
        let read = reader.read_to_string(&mut text);
        read.map(|_| text).map_err(|_| reader.take_error().unwrap().to_string())
    };
    tokio::task::spawn_blocking(reading).await.unwrap()
}

#[tokio::test]
async fn a_local_file_is_read_whole() {
    let text = "bucket,key\nb,k\n".repeat(100_000);
    let (_folder, source) = file(&text, Some(Checksum::of(text.as_bytes()))).await;
    let expected = source.md5.clone().unwrap();
    assert!(read(source).await.unwrap() == text);
    assert!(expected.is_met());
}

#[tokio::test]
async fn another_checksum_is_an_error_at_its_end() {
    let (_folder, source) = file("bucket,key\n", Some(Checksum::of(b"another"))).await;
    let message = read(source).await.unwrap_err();
    assert!(message.contains("the listing has the MD5 checksum"), "{message}");
}

#[tokio::test]
async fn a_file_that_grew_is_an_error_at_its_end() {
    let (folder, source) = file("bucket,key\n", None).await;
    let (send, chunks) = mpsc::channel(CHUNKS);
    let opened = File::open(folder.path().join("listing")).unwrap();
    let received = Received::none_of(&source, 5);
    send.send(Ok(Chunk::File(opened, Box::new(received)))).await.unwrap_or_default();
    let mut reader = ByteReader { chunks, current: Bytes::new(), file: None, error: None };
    let message = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        assert!(reader.read_to_string(&mut text).is_err());
        reader.take_error().unwrap().to_string()
    });
    let message = message.await.unwrap();
    assert!(message.contains("11 of 5 bytes came"), "{message}");
}
