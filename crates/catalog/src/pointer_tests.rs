use std::sync::Arc;

use earthcatalog_store::Stores;
use object_store::memory::InMemory;

use super::*;

fn memory() -> Pointer {
    let base = Base::with_store(Arc::new(InMemory::new()), "memory://pointer/some").unwrap();
    Pointer::new(base, false)
}

fn local(folder: &tempfile::TempDir) -> Pointer {
    let base = Base::open(&Stores::new(Default::default()), &folder.path().to_string_lossy()).unwrap();
    Pointer::new(base, false)
}

async fn check_swaps(pointer: Pointer) {
    pointer.probe().await.unwrap();
    let none = pointer.read().await.unwrap();
    assert_eq!(none.metadata, None);
    assert!(matches!(pointer.swap(&none, "a").await.unwrap(), Swap::Done));
    assert!(matches!(pointer.swap(&none, "b").await.unwrap(), Swap::Lost));
    let a = pointer.read().await.unwrap();
    assert_eq!(a.metadata.as_deref(), Some("a"));
    assert!(matches!(pointer.swap(&a, "b").await.unwrap(), Swap::Done));
    assert!(matches!(pointer.swap(&a, "c").await.unwrap(), Swap::Lost));
    assert_eq!(pointer.read().await.unwrap().metadata.as_deref(), Some("b"));
}

#[tokio::test]
async fn it_moves_only_from_what_was_seen() {
    check_swaps(memory()).await;
    check_swaps(local(&tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn one_of_many_wins() {
    let folder = tempfile::tempdir().unwrap();
    for pointer in [memory(), local(&folder)] {
        pointer.probe().await.unwrap();
        for round in 0..5 {
            let seen = pointer.read().await.unwrap();
            let swaps = (0..8).map(|i| {
                let (pointer, seen) = (pointer.clone(), seen.clone());
                tokio::spawn(async move { pointer.swap(&seen, &format!("{round}-{i}")).await.unwrap() })
            });
            let mut won = 0;
            for swap in swaps.collect::<Vec<_>>() {
                won += u32::from(matches!(swap.await.unwrap(), Swap::Done));
            }
            assert_eq!(won, 1, "{round}");
        }
    }
}

/// The bytes of a file that PyIceberg left in WAL mode, its log written back.
fn in_wal_mode(folder: &tempfile::TempDir) -> Vec<u8> {
    let path = folder.path().join("wal.db");
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database::swap(&database, None, "a").unwrap();
    database.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    drop(database);
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn wal_mode_ends_with_our_first_write() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = in_wal_mode(&folder);
    assert_eq!(bytes[JOURNAL_BYTES], [2, 2]);
    let pointer = memory();
    pointer.base.put(FILE, bytes.clone().into()).await.unwrap();
    let seen = pointer.read().await.unwrap();
    assert_eq!(seen.metadata.as_deref(), Some("a"));
    assert!(matches!(pointer.swap(&seen, "b").await.unwrap(), Swap::Done));
    assert_eq!(pointer.base.get(FILE).await.unwrap().unwrap()[JOURNAL_BYTES], [1, 1]);

    let pointer = local(&folder);
    std::fs::write(folder.path().join(FILE), bytes).unwrap();
    let seen = pointer.read().await.unwrap();
    assert!(matches!(pointer.swap(&seen, "b").await.unwrap(), Swap::Done));
    assert_eq!(std::fs::read(folder.path().join(FILE)).unwrap()[JOURNAL_BYTES], [1, 1]);
}

async fn check_refused(pointer: &Pointer, bytes: &[u8]) {
    pointer.base.put(FILE, bytes.to_vec().into()).await.unwrap();
    let error = pointer.read().await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains(FILE), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = b"this is no database, however long one looks at it".repeat(100);
    for pointer in [memory(), local(&folder)] {
        check_refused(&pointer, &garbage).await;
    }
    check_refused(&memory(), b"").await;
}

#[tokio::test]
async fn a_local_file_that_was_only_begun_is_no_catalog() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), b"").unwrap();
    let pointer = local(&folder);
    let seen = pointer.read().await.unwrap();
    assert_eq!(seen.metadata, None);
    assert!(matches!(pointer.swap(&seen, "a").await.unwrap(), Swap::Done));
}
