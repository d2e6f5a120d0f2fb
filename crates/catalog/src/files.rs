//! The table's metadata files, by their locations.

use bytes::Bytes;
use earthcatalog_store::{Base, Error as StoreError};
use object_store::ObjectStoreExt;

use crate::error::{Error, Result};

/// Reads and writes files by their Iceberg locations.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    base: Base,
}

impl Files {
    pub(crate) fn new(base: Base) -> Self {
        Self { base }
    }

    /// # Errors
    /// Those of the store; [`Error::Corrupt`] where the file is not there, as something refers to it.
    pub(crate) async fn read(&self, location: &str) -> Result<Bytes> {
        let path = self.base.resolve(location)?;
        let got = match self.base.store().get(&path).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        got.map_err(|error| match StoreError::from_store(location, &error) {
            StoreError::NotFound { url } => {
                Error::Corrupt { location: url, reason: "it is not there".into() }
            }
            other => other.into(),
        })
    }

    pub(crate) async fn write(&self, location: &str, bytes: Bytes) -> Result<()> {
        let path = self.base.resolve(location)?;
        let put = self.base.store().put(&path, bytes.into()).await;
        put.map_err(|error| StoreError::from_store(location, &error))?;
        Ok(())
    }

    /// Removes files that nothing will ever refer to. One that stays is garbage, not harm.
    pub(crate) async fn remove(&self, locations: &[String]) {
        for location in locations {
            let Ok(path) = self.base.resolve(location) else { continue };
            if let Err(error) = self.base.store().delete(&path).await {
                tracing::debug!(%error, "a metadata file of a lost commit stays behind");
            }
        }
    }
}
