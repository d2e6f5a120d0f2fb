//! Small JSON files in the store: read, written, and created only where there is none.

use bytes::Bytes;
use earthcatalog_store::conditional::Outcome;
use earthcatalog_store::{Base, conditional};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use object_store::path::Path;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::again::again;
use crate::error::{Error, Result};

/// Files that are read at once.
const AT_ONCE: usize = 64;

/// How often a creation is tried whose answer was lost.
const ATTEMPTS: u32 = 5;

/// The version of tasks and markers.
pub(super) const VERSION: u32 = 1;

/// Reads a file; None if it is not there.
pub(super) async fn read<T: DeserializeOwned>(base: &Base, rel: &str) -> Result<Option<T>> {
    let Some(bytes) = get(base, rel).await? else { return Ok(None) };
    parse(base, rel, &bytes).map(Some)
}

async fn get(base: &Base, rel: &str) -> Result<Option<Bytes>> {
    again(|| async { Ok(base.get(rel).await?) }).await
}

/// All files below a folder, with their sizes.
pub(super) async fn list(base: &Base, folder: &str) -> Result<Vec<(Path, u64)>> {
    let prefix = base.path(folder);
    again(|| async {
        let listed = base.store().list(Some(&prefix)).map_ok(|meta| (meta.location, meta.size));
        match listed.try_collect().await {
            Ok(found) => Ok(found),
            Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(base.error(folder, &error).into()),
        }
    })
    .await
}

fn parse<T: DeserializeOwned>(base: &Base, rel: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::Damaged { path: base.location(rel), message: error.to_string() })
}

/// Reads some files, in their order; None for each that is not there.
pub(super) async fn read_all<T: DeserializeOwned + Send>(
    base: &Base,
    rels: Vec<String>,
) -> Result<Vec<Option<T>>> {
    let reads = rels.into_iter().map(|rel| async move { read(base, &rel).await });
    stream::iter(reads).buffered(AT_ONCE).try_collect().await
}

/// Reads a compressed file that has to be there.
pub(super) async fn read_compressed<T: DeserializeOwned>(base: &Base, rel: &str) -> Result<T> {
    let missing = || Error::Damaged { path: base.location(rel), message: "it is not there".to_owned() };
    let bytes = get(base, rel).await?.ok_or_else(missing)?;
    let json = zstd::stream::decode_all(&bytes[..])
        .map_err(|error| Error::Damaged { path: base.location(rel), message: error.to_string() })?;
    parse(base, rel, &json)
}

/// Writes a file, whatever was there.
pub(super) async fn put(base: &Base, rel: &str, content: &impl Serialize) -> Result<()> {
    Ok(base.put(rel, to_json(content)?).await?)
}

/// Writes a file compressed, whatever was there.
pub(super) async fn put_compressed(base: &Base, rel: &str, content: &impl Serialize) -> Result<()> {
    let bytes = zstd::bulk::compress(&to_json(content)?, 3).map_err(Error::Temporary)?;
    Ok(base.put(rel, bytes.into()).await?)
}

/// Creates a file; where one is there already, that one counts, and is the answer.
pub(super) async fn create<T: Serialize + DeserializeOwned>(base: &Base, rel: &str, content: T) -> Result<T> {
    let bytes = to_json(&content)?;
    for attempt in 1..=ATTEMPTS {
        match conditional::create(base, rel, bytes.clone()).await? {
            Outcome::Done(_) => return Ok(content),
            // It may be one's own first attempt, whose answer was lost; to read it is right in any case.
            Outcome::Lost => {
                if let Some(first) = read(base, rel).await? {
                    return Ok(first);
                }
            }
            Outcome::Ambiguous(error) if attempt == ATTEMPTS => return Err(error.into()),
            Outcome::Ambiguous(_) => {
                if let Some(first) = read(base, rel).await? {
                    return Ok(first);
                }
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(100) * attempt).await;
    }
    Err(Error::Damaged { path: base.location(rel), message: "it comes and goes".to_owned() })
}

fn to_json(content: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(content).map(Bytes::from).map_err(Error::Report)
}
