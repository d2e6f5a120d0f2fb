//! Taking a finished local file to a store.

use std::path::Path as LocalPath;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::{Error, Result};

/// Bytes of a part, at least 5 MiB: S3 allows 10,000 of them, so 60 GB.
const PART: usize = 6 << 20;

/// Parts in flight.
const IN_FLIGHT: usize = 3;

/// Uploads a local file: in one request if it is small, else in parts, a few in flight. An upload that fails is taken
/// back; the object appears whole or not at all. An object that was there is replaced.
///
/// Returns the bytes sent.
///
/// # Errors
/// When the file cannot be read or the store refuses it.
pub async fn upload(file: &LocalPath, store: &Arc<dyn ObjectStore>, to: &Path) -> Result<u64> {
    let input = File::open(file).await.map_err(|e| Error::file("read the index to upload", file, e))?;
    upload_from(input, store, to).await
}

/// As [`upload`], from anything that can be read to its end, such as a temporary file without a name.
///
/// # Errors
/// When the input cannot be read or the store refuses it.
pub async fn upload_from(
    mut input: impl AsyncRead + Unpin,
    store: &Arc<dyn ObjectStore>,
    to: &Path,
) -> Result<u64> {
    let first = read_part(&mut input).await?;
    let refused = |e| Error::store("upload", to, e);
    if first.len() < PART {
        let bytes = first.len() as u64;
        return store.put(to, first.into()).await.map(|_| bytes).map_err(refused);
    }
    let parts = store.put_multipart(to).await.map_err(refused)?;
    let mut writer = WriteMultipart::new_with_chunk_size(parts, PART);
    match send(first, &mut input, &mut writer).await {
        // Takes the upload back itself where it fails.
        Ok(bytes) => writer.finish().await.map(|_| bytes).map_err(refused),
        Err(error) => {
            // The reason why it failed is worth more than a failure to clean up: stores drop unfinished uploads in time.
            let _ = writer.abort().await;
            Err(error.unwrap_or_else(refused))
        }
    }
}

/// Why a part could not be sent.
enum Unsent {
    Input(Error),
    Store(object_store::Error),
}

impl Unsent {
    fn unwrap_or_else(self, refused: impl FnOnce(object_store::Error) -> Error) -> Error {
        match self {
            Self::Input(error) => error,
            Self::Store(error) => refused(error),
        }
    }
}

async fn send(
    mut part: Bytes,
    input: &mut (impl AsyncRead + Unpin),
    writer: &mut WriteMultipart,
) -> std::result::Result<u64, Unsent> {
    let mut sent = 0;
    while !part.is_empty() {
        writer.wait_for_capacity(IN_FLIGHT).await.map_err(Unsent::Store)?;
        sent += part.len() as u64;
        writer.put(part);
        part = read_part(input).await.map_err(Unsent::Input)?;
    }
    Ok(sent)
}

/// A part, smaller only at the end.
async fn read_part(input: &mut (impl AsyncRead + Unpin)) -> Result<Bytes> {
    // At its size: grown step by step it would be in memory twice.
    let mut part = Vec::with_capacity(PART);
    let read = input.take(PART as u64).read_to_end(&mut part).await;
    read.map_err(|source| Error::Input { source })?;
    part.shrink_to_fit();
    Ok(part.into())
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
