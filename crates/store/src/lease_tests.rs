//! One holder at a time, stale ones give way, and nobody removes another's lock.

use std::sync::Arc;

use earthcatalog_testkit::s3::{Fault, Plan, S3Options, S3Server};
use earthcatalog_testkit::store::{FailingStore, How, Plan as StorePlan};
use futures::future::join_all;
use object_store::memory::InMemory;

use super::*;
use crate::base::Base;
use crate::options::StoreOptions;
use crate::stores::Stores;

fn by(owner: &str, ttl_hours: f64) -> LeaseOptions {
    LeaseOptions { owner: owner.into(), ttl_hours }
}

fn in_memory() -> Base {
    Base::with_store(Arc::new(InMemory::new()), "memory://m/cat").unwrap()
}

fn in_folder() -> (tempfile::TempDir, Base) {
    let folder = tempfile::tempdir().unwrap();
    let base = Base::open(&Stores::new(StoreOptions::default()), folder.path().join("cat").to_str().unwrap())
        .unwrap();
    (folder, base)
}

fn own(base: &Base) -> LockFile {
    LockFile::of(base)
}

async fn acquire(base: &Base, options: &LeaseOptions) -> Result<Lease> {
    super::acquire(&own(base), options).await
}

async fn owner(base: &Base) -> Option<String> {
    read(&own(base)).await.unwrap().map(|holder| holder.owner)
}

/// The whole life of a lease.
async fn check(base: &Base) {
    assert_eq!(owner(base).await, None);
    let mut one = acquire(base, &by("one", 1.0)).await.unwrap();
    assert_eq!(read(&own(base)).await.unwrap().as_ref(), Some(one.holder()));
    match acquire(base, &by("two", 1.0)).await {
        Err(Error::Locked { url, owner, hostname, pid, since }) => {
            assert_eq!((owner.as_str(), pid), ("one", std::process::id()));
            assert!(url.ends_with("/.lock") && !hostname.is_empty() && since.ends_with('Z'));
        }
        other => panic!("{other:?}"),
    }
    let before = one.holder().acquired;
    one.renew().await.unwrap();
    assert!(one.holder().acquired > before);
    one.release().await.unwrap();
    assert_eq!(owner(base).await, None);
    taken_over(base).await;
    broken(base).await;
    raced(base).await;
}

async fn taken_over(base: &Base) {
    let mut stale = acquire(base, &by("stale", 0.0)).await.unwrap();
    let next = acquire(base, &by("next", 1.0)).await.unwrap();
    assert!(matches!(stale.renew().await, Err(Error::LeaseLost { .. })));
    assert!(matches!(stale.release().await, Err(Error::LeaseLost { .. })));
    assert_eq!(owner(base).await.as_deref(), Some("next"));
    next.release().await.unwrap();
    let stale = acquire(base, &by("stale", 0.0)).await.unwrap();
    stale.release().await.unwrap();
    acquire(base, &by("next", 1.0)).await.unwrap().release().await.unwrap();
}

async fn broken(base: &Base) {
    let mut lease = acquire(base, &by("one", 1.0)).await.unwrap();
    assert_eq!(break_lock(&own(base)).await.unwrap().unwrap().owner, "one");
    assert_eq!(break_lock(&own(base)).await.unwrap(), None);
    assert!(matches!(lease.renew().await, Err(Error::LeaseLost { .. })));
    assert!(matches!(lease.release().await, Err(Error::LeaseLost { .. })));
}

async fn raced(base: &Base) {
    for (round, ttl) in [1.0, 0.0, 1.0, 0.0].into_iter().enumerate() {
        if ttl == 0.0 {
            acquire(base, &by("stale", 0.0)).await.unwrap();
        }
        let options: Vec<_> = (0..8).map(|n| by(&format!("racer {n}"), 1.0)).collect();
        let results = join_all(options.iter().map(|options| acquire(base, options))).await;
        let mut won: Vec<_> = results.into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1, "round {round}");
        assert_eq!(owner(base).await.unwrap(), won[0].holder().owner);
        won.remove(0).release().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_work_in_memory() {
    check(&in_memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_work_in_a_folder() {
    let (_folder, base) = in_folder();
    check(&base).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_work_on_s3() {
    let server = S3Server::start(S3Options::default());
    check(&Base::with_store(server.store("bucket"), "s3://bucket/cat").unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_work_with_bare_tags() {
    let server = S3Server::start(S3Options { bare_etags: true, ..S3Options::default() });
    check(&Base::with_store(server.store("bucket"), "s3://bucket/cat").unwrap()).await;
}

/// A lock as someone else wrote it: is it respected, and by what name?
async fn foreign(text: &str, expected: Option<&str>) {
    for base in [in_memory(), in_folder().1] {
        base.put(".lock", Bytes::from(text.to_owned())).await.unwrap();
        let taken = acquire(&base, &by("me", 1.0)).await;
        match (&taken, expected) {
            (Err(Error::Locked { owner, .. }), Some(expected)) => assert_eq!(owner, expected, "{text}"),
            (Ok(_), None) => {}
            _ => panic!("{text}: {taken:?}"),
        }
    }
}

#[tokio::test]
async fn locks_of_others_are_read() {
    let now = Utc::now();
    let at = |acquired: String| {
        format!(r#"{{"owner":"py","pid":7,"hostname":"h","acquired":"{acquired}","ttl_hours":2}}"#)
    };
    let hour_ago = now - chrono::TimeDelta::hours(1);
    let long_ago = now - chrono::TimeDelta::hours(3);
    foreign(&at(hour_ago.to_rfc3339()), Some("py")).await;
    foreign(&at(hour_ago.naive_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()), Some("py")).await;
    foreign(&at(long_ago.to_rfc3339()), None).await;
    foreign(&format!(r#"{{"owner":"py","acquired":{}}}"#, now.timestamp()), Some("py")).await;
    foreign(&format!(r#"{{"acquired":"{}"}}"#, hour_ago.to_rfc3339()), Some("unknown")).await;
    for text in ["", "not json", "[]", "{}", r#"{"acquired":"when?"}"#] {
        foreign(text, Some("an unreadable lock file")).await;
    }
}

#[test]
fn odd_times_are_bounded() {
    let holder = |ttl_hours| Holder { ttl_hours, ..Holder::this_process("x", 1.0) };
    for (ttl, stale) in [(-1.0, true), (0.0, true), (f64::NAN, false), (f64::INFINITY, false), (1e300, false)]
    {
        assert_eq!(holder(ttl).is_stale(Utc::now()), stale, "{ttl}");
    }
    assert!(!Holder { acquired: None, ..holder(0.0) }.is_stale(Utc::now()));
}

/// A process that was killed gives nothing back; on its own machine the next one sees that it is gone.
#[cfg(target_os = "linux")]
#[test]
fn the_lock_of_a_process_that_is_gone_is_free_on_its_machine() {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let mine = Holder::this_process("x", 12.0);
    let dead = Holder { pid: child.id(), ..mine.clone() };
    let elsewhere = Holder { hostname: "another machine".to_owned(), ..dead.clone() };
    for (holder, stale) in [(mine, false), (dead, true), (elsewhere, false)] {
        assert_eq!(holder.is_stale(Utc::now()), stale, "{holder:?}");
    }
}

#[test]
fn what_is_written_is_read() {
    let holder = Holder::this_process("a \"name\"", 1.5);
    let back = Holder::parse(&holder.to_bytes()).unwrap();
    assert!(back.is(&holder) && back.owner == holder.owner && back.since() == holder.since());
}

/// The places of locks, as they are named and as they are found.
#[test]
fn where_a_lock_is() {
    let stores = Stores::new(StoreOptions::default());
    let check = |base: &str, location: &str, expected: &str| {
        let base = Base::with_store(Arc::new(InMemory::new()), base).unwrap();
        let found = LockFile::at(&stores, &base, location).map(|file| file.url());
        assert_eq!(found.map_err(|e| e.to_string()).unwrap_or_else(|e| e), expected, "{location}");
    };
    check("s3://b/deep/cat", "s3://b/.lock", "s3://b/.lock");
    check("s3://b/deep/cat", "s3a://b/other/x.lock", "s3://b/other/x.lock");
    check("s3://b/deep/cat", "memory://elsewhere/.lock", "memory://elsewhere/.lock");
    check("s3://b/deep/cat", "/nowhere/.lock", "/nowhere/.lock");
    check("/cat", "file:///data/a%20b/.lock", "/data/a%20b/.lock");
    for location in ["s3://b", "s3://b/", "s3://b/folder/", "/", "/folder/"] {
        let base = Base::with_store(Arc::new(InMemory::new()), "s3://b/cat").unwrap();
        let error = LockFile::at(&stores, &base, location).unwrap_err();
        assert!(matches!(error, Error::Url { .. }), "{error}");
        assert!(error.to_string().contains("it names no file; a lock is e.g. s3://bucket/.lock"), "{error}");
    }
}

fn with_lock(base: &Base, location: &str) -> Base {
    base.clone().with_lock(&Stores::new(StoreOptions::default()), location).unwrap()
}

#[tokio::test]
async fn both_locks_or_none() {
    let plain = Base::with_store(Arc::new(InMemory::new()), "s3://b/deep/cat").unwrap();
    let both = with_lock(&plain, "s3://b/.lock");
    let owners = async || {
        let mut owners = Vec::new();
        for file in both.locks() {
            owners.push(read(&file).await.unwrap().map(|holder| holder.owner));
        }
        owners
    };
    let some = |owner: &str| Some(owner.to_owned());
    let mut one = acquire_all(&both, &by("one", 1.0)).await.unwrap();
    assert_eq!(owners().await, [some("one"), some("one")]);
    assert!(both.store().head(&".lock".into()).await.is_ok(), "at the root of the store");
    one.renew().await.unwrap();
    assert!(matches!(acquire_all(&both, &by("two", 1.0)).await, Err(Error::Locked { .. })));
    one.release().await.unwrap();
    assert_eq!(owners().await, [None, None]);

    // Another program holds its own: ours is given back, and theirs is not touched.
    let theirs =
        br#"{"owner":"py","pid":7,"hostname":"h","acquired":"2999-01-01T00:00:00+00:00","ttl_hours":2}"#;
    let place = ".lock".into();
    both.store().put(&place, theirs.as_slice().into()).await.unwrap();
    match acquire_all(&both, &by("two", 1.0)).await {
        Err(Error::Locked { url, owner, .. }) => {
            assert_eq!((url.as_str(), owner.as_str()), ("s3://b/.lock", "py"))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(owners().await, [None, some("py")]);
    let left = both.store().get(&place).await.unwrap().bytes().await.unwrap();
    assert_eq!(left, theirs.as_slice());

    // It is taken while we work: neither renewing nor giving back touches it, and our own is given back.
    both.store().delete(&place).await.unwrap();
    let mut two = acquire_all(&both, &by("two", 1.0)).await.unwrap();
    both.store().put(&place, theirs.as_slice().into()).await.unwrap();
    assert!(matches!(two.renew().await, Err(Error::LeaseLost { .. })));
    assert!(matches!(two.release().await, Err(Error::LeaseLost { .. })));
    assert_eq!(owners().await, [None, some("py")]);
}

#[tokio::test]
async fn a_lock_in_another_store() {
    let (_folder, other) = in_folder();
    let both = with_lock(&in_memory(), &other.location(".lock"));
    let leases = acquire_all(&both, &by("one", 1.0)).await.unwrap();
    assert_eq!(owner(&other).await.as_deref(), Some("one"));
    leases.release().await.unwrap();
    assert_eq!(owner(&other).await, None);
}

#[test]
fn naming_the_own_lock_twice_is_once() {
    let (_folder, base) = in_folder();
    assert_eq!(with_lock(&base, &base.location(".lock")).locks().len(), 1);
    assert_eq!(with_lock(&base, &base.location("..lock")).locks().len(), 2);
}

#[tokio::test]
async fn lost_answers_do_not_lock_us_out() {
    let server = S3Server::start(S3Options::default());
    for fault in
        [Fault::ResetAfter, Fault::CloseAfter, Fault::InternalAfter, Fault::ResetBefore, Fault::SlowDown]
    {
        let base = Base::with_store(server.store("bucket"), "s3://bucket/cat").unwrap();
        conditional::probe(&base).await.unwrap();
        for n in 1..=3 {
            server.faults().set(Plan::at(n, fault.clone()));
            let mut lease =
                acquire(&base, &by("me", 1.0)).await.unwrap_or_else(|e| panic!("{n} {fault:?}: {e}"));
            server.faults().set(Plan::at(n, fault.clone()));
            lease.renew().await.unwrap_or_else(|e| panic!("{n} {fault:?}: {e}"));
            server.faults().clear();
            lease.release().await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_death_leaves_a_lock_or_none() {
    for how in [How::Die, How::DieAfter, How::Ambiguous, How::Once] {
        for at in 1..40 {
            let store = FailingStore::new(Arc::new(InMemory::new()), StorePlan { at, how });
            let base = Base::with_store(Arc::new(store.clone()), "memory://m").unwrap();
            let run = async {
                let mut lease = acquire(&base, &by("me", 0.0)).await?;
                lease.renew().await?;
                lease.release().await
            };
            let result = run.await;
            let ops = store.ops();
            store.set(StorePlan::default());
            acquire(&base, &by("next", 1.0)).await.unwrap_or_else(|e| panic!("{how:?} at {at}: {e}"));
            if ops < at {
                result.unwrap();
                break;
            }
        }
    }
}

#[tokio::test]
async fn stores_without_conditions_keep_no_lock() {
    let server = S3Server::start(S3Options { ignore_conditions: true, ..S3Options::default() });
    let base = Base::with_store(server.store("bucket"), "s3://bucket/cat").unwrap();
    assert!(matches!(acquire(&base, &by("me", 1.0)).await, Err(Error::NoConditionalPut { .. })));
}
