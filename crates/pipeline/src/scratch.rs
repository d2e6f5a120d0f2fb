//! A folder for a run's temporary files, gone when the run is.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use crate::error::{Error, Result};

/// See the module. Names are the program's own, never taken from outside.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    store: Arc<dyn ObjectStore>,
}

impl Scratch {
    pub(crate) fn new() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("earthcatalog-").tempdir().map_err(Error::Temporary)?;
        let store = LocalFileSystem::new_with_prefix(dir.path())
            .map_err(|error| Error::Temporary(std::io::Error::other(error)))?;
        Ok(Self { dir, store: Arc::new(store) })
    }

    /// The folder as a store.
    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Where a file is in that store.
    pub(crate) fn path(name: &str) -> Path {
        Path::from(name)
    }

    /// Where a file is on the disk.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Creates a file.
    pub(crate) fn create(&self, name: &str) -> Result<File> {
        File::create(self.file(name)).map_err(Error::Temporary)
    }
}
