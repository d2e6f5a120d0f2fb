//! The stores of a run: opened once each, found by URL or by an inventory's object.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use earthcatalog_model::ObjectRef;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::address::{Address, BAD_SEGMENT, Kind, check_bucket, join_url};
use crate::connect::connect;
use crate::error::{Error, Result};
use crate::options::StoreOptions;

/// Opens stores and keeps them: one client for each bucket, host or `memory://name`. Cheap to clone; clones
/// share what is open.
#[derive(Clone)]
pub struct Stores {
    inner: Arc<Inner>,
}

struct Inner {
    options: StoreOptions,
    open: RwLock<HashMap<String, Arc<dyn ObjectStore>>>,
    /// URL prefixes that embedders serve, the longest first.
    given: RwLock<Vec<(String, Arc<dyn ObjectStore>)>>,
    /// Where the mapped buckets are, once looked up.
    mapped: RwLock<HashMap<String, Located>>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

/// An object's place: a store and a key in it.
#[derive(Clone)]
pub struct Place {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The key in it, literally.
    pub path: Path,
    /// The file itself, for local files: reading it directly is faster.
    pub file: Option<PathBuf>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("path", &self.path).field("file", &self.file).finish_non_exhaustive()
    }
}

/// A [`Place`] and the URL of its store's root.
#[derive(Clone)]
pub(crate) struct Located {
    pub place: Place,
    pub root: String,
    pub kind: Kind,
}

impl Stores {
    /// Nothing is opened before it is asked for.
    pub fn new(options: StoreOptions) -> Self {
        let inner =
            Inner { options, open: RwLock::default(), given: RwLock::default(), mapped: RwLock::default() };
        Self { inner: Arc::new(inner) }
    }

    /// From now on `store` serves every URL under `url_prefix` (`s3://bucket`, `memory://x`, `s3://bucket/a`):
    /// its root is that prefix. For tests and embedders.
    pub fn insert(&self, url_prefix: &str, store: Arc<dyn ObjectStore>) {
        let prefix =
            Address::parse(url_prefix).map_or_else(|_| url_prefix.to_owned(), |address| address.url());
        let prefix = prefix.trim_end_matches('/').to_owned();
        let mut given = write(&self.inner.given);
        given.retain(|(known, _)| *known != prefix);
        given.push((prefix, store));
        given.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        write(&self.inner.mapped).clear();
    }

    /// The place that a URL or a local path names. Keys are taken literally, except that `http(s)` URLs are
    /// percent-decoded. A trailing slash is ignored.
    ///
    /// # Errors
    /// [`Error::Url`] and [`Error::Key`] for what names no object, [`Error::Option`] and [`Error::Store`] if a
    /// client cannot be made of the options and the environment. No request is made.
    pub fn resolve(&self, url: &str) -> Result<Place> {
        self.locate(Address::parse(url)?).map(|located| located.place)
    }

    /// The place of an inventory's object, through the bucket maps.
    ///
    /// Which objects are served, as inventories come from outside:
    /// - a mapped bucket: under its map's URL and never beside it;
    /// - an empty bucket (a local file): only if the empty name is mapped (`=/data`), and only below that folder,
    ///   the key being relative to it or an absolute path under it;
    /// - `https://host` (or with `http`, `s3`, `gs`, `az`): that origin or bucket; never `file:` or `memory:`;
    /// - any other name: `s3://bucket`.
    ///
    /// # Errors
    /// [`Error::Key`] for a key that is empty, begins or ends with a slash, or has a segment that is empty, `.`
    /// or `..`; [`Error::Url`] for what is no bucket's name.
    pub fn object(&self, object: &ObjectRef) -> Result<Place> {
        let located = self.bucket(&object.bucket)?;
        let key = match (&located.place.file, object.bucket.is_empty()) {
            (Some(folder), true) => relative(&object.key, folder),
            _ => object.key.as_str(),
        };
        let path = join(&located.place.path, key).ok_or_else(|| bad_key(object))?;
        let file = located.place.file.map(|folder| folder.join(key));
        Ok(Place { store: located.place.store, path, file })
    }

    /// The root under which a bucket's keys are appended.
    pub(crate) fn bucket(&self, bucket: &str) -> Result<Located> {
        if let Some(located) = read(&self.inner.mapped).get(bucket) {
            return Ok(located.clone());
        }
        let located = self.locate(self.bucket_address(bucket)?)?;
        write(&self.inner.mapped).insert(bucket.to_owned(), located.clone());
        Ok(located)
    }

    /// True where the user says where a bucket is.
    pub(crate) fn is_mapped(&self, bucket: &str) -> bool {
        self.inner.options.maps.iter().any(|map| map.bucket == bucket)
    }

    fn bucket_address(&self, bucket: &str) -> Result<Address> {
        if let Some(map) = self.inner.options.maps.iter().rev().find(|map| map.bucket == bucket) {
            return Address::parse(&map.url)?.canonical();
        }
        if bucket.is_empty() {
            return Err(Error::url("", NO_BUCKET));
        }
        if bucket.contains("://") {
            return origin(bucket);
        }
        check_bucket(bucket).map_err(|reason| Error::url(bucket, reason))?;
        Address::parse(&format!("s3://{bucket}"))
    }

    pub(crate) fn locate(&self, address: Address) -> Result<Located> {
        let file = address.file();
        if let Some((root, store, key)) = self.given(&address.url()) {
            let path = Path::parse(&key).map_err(|_| Error::Key {
                bucket: root.clone(),
                key: key.clone(),
                reason: BAD_SEGMENT.into(),
            })?;
            return Ok(Located { place: Place { store, path, file: None }, root, kind: address.kind });
        }
        let path = address.path()?;
        let store = self.open(&address)?;
        Ok(Located { place: Place { store, path, file }, root: address.root, kind: address.kind })
    }

    fn given(&self, url: &str) -> Option<(String, Arc<dyn ObjectStore>, String)> {
        read(&self.inner.given).iter().find_map(|(prefix, store)| {
            let rest = url.strip_prefix(prefix.as_str())?;
            let key = if rest.is_empty() { "" } else { rest.strip_prefix('/')? };
            Some((prefix.clone(), Arc::clone(store), key.to_owned()))
        })
    }

    /// The write lock is held while connecting, so that a `memory://name` is never made twice.
    fn open(&self, address: &Address) -> Result<Arc<dyn ObjectStore>> {
        if let Some(store) = read(&self.inner.open).get(&address.root) {
            return Ok(Arc::clone(store));
        }
        let mut open = write(&self.inner.open);
        if let Some(store) = open.get(&address.root) {
            return Ok(Arc::clone(store));
        }
        let store = connect(address, &self.inner.options)?;
        open.insert(address.root.clone(), Arc::clone(&store));
        Ok(store)
    }
}

const NO_BUCKET: &str = "the object names no bucket; to allow local files below a folder, map the empty name: \
    --map-bucket =/folder";

/// A bucket that names its store. Local files and memory are not for an inventory to name.
fn origin(bucket: &str) -> Result<Address> {
    let address = Address::parse(bucket)?;
    let foreign = matches!(address.kind, Kind::Http | Kind::S3 | Kind::Gs | Kind::Azure);
    if !foreign || !address.key.is_empty() {
        return Err(Error::url(bucket, "an inventory's bucket is a name or an origin such as https://host"));
    }
    Ok(address)
}

/// An absolute path under `folder`, relative to it; anything else as it is (and then refused if absolute).
fn relative<'a>(key: &'a str, folder: &std::path::Path) -> &'a str {
    let folder = folder.to_str().unwrap_or_default().trim_end_matches('/');
    key.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(key)
}

/// `key` under `root`, or nothing if it names no object there.
pub(crate) fn join(root: &Path, key: &str) -> Option<Path> {
    if key.is_empty() || key.starts_with('/') || key.ends_with('/') {
        return None;
    }
    Path::parse(join_url(root.as_ref(), key)).ok()
}

pub(crate) fn bad_key(object: &ObjectRef) -> Error {
    Error::Key {
        bucket: crate::error::scrub(&object.bucket),
        key: object.key.clone(),
        reason: format!("it must not be empty, begin or end with a slash; {BAD_SEGMENT}"),
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "stores_tests.rs"]
mod tests;
