//! Taking a finished local file to a store.

use std::path::Path as LocalPath;
use std::sync::Arc;

use bytes::BytesMut;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::error::{Error, Result};

/// Bytes of a part: S3 allows 10,000 of them, so 160 GB.
const PART: usize = 16 << 20;

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
    input: impl AsyncRead + Unpin,
    store: &Arc<dyn ObjectStore>,
    to: &Path,
) -> Result<u64> {
    let mut writer = BufWriter::with_capacity(Arc::clone(store), to.clone(), PART).with_max_concurrency(4);
    let sent = send(input, &mut writer, to).await;
    if sent.is_err() {
        // The reason why it failed is worth more than a failure to clean up: stores drop unfinished uploads in time.
        let _ = writer.abort().await;
    }
    sent
}

async fn send(mut input: impl AsyncRead + Unpin, writer: &mut BufWriter, to: &Path) -> Result<u64> {
    let mut sent = 0;
    loop {
        let chunk = read_chunk(&mut input).await.map_err(|source| Error::Input { source })?;
        if chunk.is_empty() {
            break;
        }
        sent += chunk.len() as u64;
        writer.put(chunk.freeze()).await.map_err(|e| Error::store("upload", to, e))?;
    }
    writer.shutdown().await.map_err(|e| Error::store("upload", to, store_error(e)))?;
    Ok(sent)
}

async fn read_chunk(input: &mut (impl AsyncRead + Unpin)) -> std::io::Result<BytesMut> {
    let mut chunk = BytesMut::with_capacity(1 << 20);
    input.read_buf(&mut chunk).await?;
    Ok(chunk)
}

/// The writer wraps the store's errors to be an `AsyncWrite`.
fn store_error(error: std::io::Error) -> object_store::Error {
    let generic =
        |source: std::io::Error| object_store::Error::Generic { store: "upload", source: source.into() };
    error.downcast::<object_store::Error>().unwrap_or_else(generic)
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
