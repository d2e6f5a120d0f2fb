//! Each way to fail does what it says.

use object_store::memory::InMemory;

use super::*;

/// Three puts under a plan: which said they went well, which are there, how many operations it took.
async fn check(plan: Plan, said: [bool; 3], there: [bool; 3]) {
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let store = FailingStore::new(Arc::clone(&inner), plan);
    for n in 0..3 {
        let path = Path::from(format!("{n}"));
        let result = store.put(&path, "x".into()).await;
        assert_eq!(result.is_ok(), said[n], "{plan:?}: {n}");
        assert_eq!(inner.head(&path).await.is_ok(), there[n], "{plan:?}: {n}");
    }
    assert_eq!(store.ops(), 3);
    store.set(Plan::default());
    store.put(&Path::from("again"), "x".into()).await.unwrap();
    assert_eq!(store.ops(), 1);
}

#[tokio::test]
async fn failures_are_as_planned() {
    let plan = |at, how| Plan { at, how };
    check(Plan::default(), [true; 3], [true; 3]).await;
    check(plan(2, How::Die), [true, false, false], [true, false, false]).await;
    check(plan(2, How::DieAfter), [true, false, false], [true, true, false]).await;
    check(plan(2, How::Ambiguous), [true, false, true], [true, true, true]).await;
    check(plan(2, How::Once), [true, false, true], [true, false, true]).await;
}

#[tokio::test]
async fn every_kind_of_operation_counts() {
    use futures::TryStreamExt;
    let store = FailingStore::new(Arc::new(InMemory::new()), Plan::default());
    let (a, b) = (Path::from("a"), Path::from("b"));
    store.put(&a, "abc".into()).await.unwrap();
    store.get(&a).await.unwrap();
    store.get_range(&a, 0..1).await.unwrap();
    store.head(&a).await.unwrap();
    store.copy(&a, &b).await.unwrap();
    store.delete(&a).await.unwrap();
    assert_eq!(store.list(None).try_collect::<Vec<_>>().await.unwrap().len(), 1);
    store.list_with_delimiter(None).await.unwrap();
    assert_eq!(store.ops(), 8);
    let mut upload = store.put_multipart(&a).await.unwrap();
    upload.put_part("x".into()).await.unwrap();
    upload.complete().await.unwrap();
    assert_eq!(store.ops(), 11);
    store.set(Plan { at: 1, how: How::Die });
    assert!(store.list(None).try_collect::<Vec<_>>().await.is_err());
    assert!(store.delete(&b).await.is_err());
}
