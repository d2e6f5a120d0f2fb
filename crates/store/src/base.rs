//! One catalog's place in a store: names of its files, as keys and as Iceberg locations.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::address::{Address, BAD_SEGMENT, Kind, join_url};
use crate::error::{Error, Result};
use crate::lease::LockFile;
use crate::probe::Capability;
use crate::stores::{Located, Place, Stores};

/// The base of a catalog. Cheap to clone; clones share the store and what was found out about it.
///
/// Names are relative to the base and literal: `grid_partition=a%2Fb` is a folder of exactly that name, in the
/// store, on disk and in the table's metadata.
#[derive(Clone)]
pub struct Base {
    store: Arc<dyn ObjectStore>,
    /// URL of the store's root: `s3://bucket`, `memory://name`, empty for local files.
    root: Arc<str>,
    prefix: Path,
    url: Arc<str>,
    local: Option<Arc<PathBuf>>,
    /// Another program's, which writers take beside the base's own.
    other_lock: Option<Arc<LockFile>>,
    pub(crate) capability: Arc<OnceLock<Capability>>,
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Base").field(&self.url).finish()
    }
}

impl Base {
    /// The catalog at a URL or a local path. Makes no request and no folder: folders come with the first write.
    /// Local paths are made absolute, with symbolic links followed.
    ///
    /// # Errors
    /// As [`Stores::resolve`].
    pub fn open(stores: &Stores, url: &str) -> Result<Self> {
        let address = Address::parse(url)?.canonical()?;
        Ok(Self::at(stores.locate(address)?))
    }

    /// The catalog at `url`, served by a store of the caller's whose root is that of the URL: the bucket, the
    /// `memory://name`, for local paths `/`.
    ///
    /// # Errors
    /// [`Error::Url`] for what is no URL or path.
    pub fn with_store(store: Arc<dyn ObjectStore>, url: &str) -> Result<Self> {
        let address = Address::parse(url)?.canonical()?;
        let place = Place { store, path: address.path()?, file: address.file() };
        Ok(Self::at(Located { place, root: address.root, kind: address.kind }))
    }

    /// The same base, whose writers also take the lock at `location`, a URL or a local path: another program's lock.
    /// Naming the base's own changes nothing.
    ///
    /// # Errors
    /// As [`LockFile::at`].
    pub fn with_lock(self, stores: &Stores, location: &str) -> Result<Self> {
        let other = LockFile::at(stores, &self, location)?;
        let is_own = other.url() == LockFile::of(&self).url();
        Ok(Self { other_lock: (!is_own).then(|| Arc::new(other)), ..self })
    }

    /// The locks that a writer takes: the base's own, and the other where there is one.
    pub fn locks(&self) -> Vec<LockFile> {
        std::iter::once(LockFile::of(self)).chain(self.other_lock.as_deref().cloned()).collect()
    }

    pub(crate) fn at(located: Located) -> Self {
        let Located { place, root, kind } = located;
        let url = join_url(&root, place.path.as_ref());
        let local = place.file.filter(|_| kind == Kind::File).map(Arc::new);
        Self {
            store: place.store,
            prefix: place.path,
            url: url.into(),
            root: root.into(),
            local,
            other_lock: None,
            capability: Arc::default(),
        }
    }

    /// The store; its keys are those of [`path`](Self::path).
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The base's folder, if it is a local one. It may not exist yet.
    pub fn local(&self) -> Option<&std::path::Path> {
        self.local.as_deref().map(PathBuf::as_path)
    }

    /// `s3://bucket/prefix`, `/local/path`: without a trailing slash, without secrets.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key of a file of the base. `rel` is literal: percent signs stay. Segments that no store can hold
    /// (empty, `.`, `..`, control characters) are dropped or encoded: the result is always below the base.
    pub fn path(&self, rel: &str) -> Path {
        let rel = literal(rel);
        Path::parse(join_url(self.prefix.as_ref(), rel.as_ref())).unwrap_or(rel)
    }

    /// The location of a file of the base as Iceberg stores it: a plain path for local files, else a URL whose
    /// tail is exactly the key.
    pub fn location(&self, rel: &str) -> String {
        join_url(&self.root, self.path(rel).as_ref())
    }

    /// The key that an Iceberg location names, if it is in this base's store (below the base or not). Nothing is
    /// decoded. `s3a://` is `s3://`, `file:///x` is `/x`.
    ///
    /// # Errors
    /// [`Error::Foreign`] for another store, [`Error::Url`] for a relative path, [`Error::Key`] for a location that
    /// cannot be a key.
    pub fn resolve(&self, location: &str) -> Result<Path> {
        if !location.contains(":/") && !location.starts_with('/') {
            return Err(Error::url(location, "a location in a table is absolute"));
        }
        let text = literal_url(location)?;
        let rest = text.strip_prefix(&*self.root).and_then(|rest| rest.strip_prefix('/'));
        let key = rest.ok_or_else(|| Error::Foreign {
            location: crate::error::scrub(location),
            base: self.url.to_string(),
        })?;
        let bad =
            |_| Error::Key { bucket: self.root.to_string(), key: key.into(), reason: BAD_SEGMENT.into() };
        Path::parse(key).map_err(bad)
    }

    /// The folder of a location in the same store as a base, and the file's name in it.
    pub(crate) fn beside(&self, location: &str) -> Result<(Self, String)> {
        let path = self.resolve(location)?;
        let name = path.filename().ok_or_else(|| Error::url(location, "it names no file"))?.to_owned();
        let prefix = path.parent().unwrap_or_default();
        let url = join_url(&self.root, prefix.as_ref());
        let local = self.local.as_ref().map(|_| Arc::new(PathBuf::from(&url)));
        Ok((Self { prefix, url: url.into(), local, other_lock: None, ..self.clone() }, name))
    }

    /// Writes a file of the base, replacing what is there.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn put(&self, rel: &str, bytes: Bytes) -> Result<()> {
        let put = self.store.put(&self.path(rel), bytes.into()).await;
        put.map(|_| ()).map_err(|e| self.error(rel, &e))
    }

    /// Reads a file of the base whole; nothing if it is not there.
    ///
    /// # Errors
    /// Those of the store; a missing bucket is one.
    pub async fn get(&self, rel: &str) -> Result<Option<Bytes>> {
        let got = match self.store.get(&self.path(rel)).await {
            Ok(got) => got.bytes().await,
            Err(e) => Err(e),
        };
        none_if_missing(got.map_err(|e| self.error(rel, &e)))
    }

    /// Deletes a file of the base; one that is not there is no error.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn delete(&self, rel: &str) -> Result<()> {
        let deleted = self.store.delete(&self.path(rel)).await;
        none_if_missing(deleted.map_err(|e| self.error(rel, &e))).map(|_| ())
    }

    /// On a local disk, deletes what no listing of a folder shows: files that a process had not finished when it died, and
    /// folders that are empty. Nobody may be writing there.
    pub async fn sweep(&self, rel: &str) {
        if let Some(base) = self.local() {
            crate::local::sweep(base.join(literal(rel).as_ref())).await;
        }
    }

    /// An error of the store, about the file `rel`.
    pub fn error(&self, rel: &str, error: &object_store::Error) -> Error {
        Error::from_store(&self.location(rel), error)
    }
}

pub(crate) fn none_if_missing<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

/// `rel` as it is if it can be a key, else with what can't be in one encoded.
fn literal(rel: &str) -> Path {
    Path::parse(rel).unwrap_or_else(|_| Path::from(rel))
}

/// A location in one spelling, without any decoding (a local path is not touched, nor is the disk).
fn literal_url(location: &str) -> Result<String> {
    let file = ["file://localhost/", "file:///", "file:/", "/"];
    match file.iter().find_map(|prefix| location.strip_prefix(prefix)) {
        Some(key) => Ok(format!("/{key}")),
        None => Address::parse(location).map(|address| address.url()),
    }
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
