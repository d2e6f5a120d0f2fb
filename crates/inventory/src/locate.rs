//! Where things are beside a manifest: the newest of dated folders, and the data files.

use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::{Path, PathPart};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::error::{Error, Result};
use crate::manifest::{DataFile, Manifest};

/// Requests at once.
const REQUESTS: usize = 16;

const MANIFEST: &str = "manifest.json";

/// The manifest of a folder: its own, or that of the newest dated folder in it; None where there is none.
///
/// S3 names these folders by the time of the inventory, `2026-04-28T01-00Z`, so that the last by name is the newest.
pub(crate) async fn manifest_of(
    store: &dyn ObjectStore,
    folder: &Path,
) -> object_store::Result<Option<Path>> {
    let own = folder.clone().join(MANIFEST);
    if exists(store, &own).await? {
        return Ok(Some(own));
    }
    let mut dated: Vec<_> = store
        .list_with_delimiter(Some(folder))
        .await?
        .common_prefixes
        .into_iter()
        .filter(|prefix| prefix.filename().is_some_and(is_dated))
        .collect();
    dated.sort();
    // S3 writes the manifest last: the newest folder may not have one yet.
    for prefix in dated.into_iter().rev() {
        let manifest = prefix.join(MANIFEST);
        if exists(store, &manifest).await? {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}

/// `YYYY-MM-DDTHH-MMZ`.
fn is_dated(name: &str) -> bool {
    name.len() == 17
        && name.bytes().zip(*b"0000-00-00T00-00Z").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

async fn exists(store: &dyn ObjectStore, path: &Path) -> object_store::Result<bool> {
    Ok(head(store, path).await?.is_some())
}

/// What is there; None where nothing is.
pub(crate) async fn head(store: &dyn ObjectStore, path: &Path) -> object_store::Result<Option<ObjectMeta>> {
    match store.head(path).await {
        Ok(meta) => Ok(Some(meta)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds every data file, in the order of the manifest.
///
/// Keys in a manifest begin at the root of the bucket where S3 wrote it. A copy may be in a folder, or have less of the
/// leading folders: the first file shows where, and all others must be there too.
///
/// # Errors
/// A file that is not there, or has another size than the manifest says.
pub(crate) async fn data_files(
    store: &dyn ObjectStore,
    name: &str,
    path: &Path,
    manifest: &Manifest,
) -> Result<Vec<ObjectMeta>> {
    let Some(first) = manifest.files.first() else { return Ok(Vec::new()) };
    let place = place_of(store, name, path, &first.key).await?;
    let place = place.ok_or_else(|| missing(name, first))?;
    let heads = manifest.files.iter().map(|file| {
        let place = &place;
        async move {
            let found = head(store, &place.path(&file.key)).await.map_err(|e| unread(name, e))?;
            let meta = found.ok_or_else(|| missing(name, file))?;
            same_size(name, file, &meta)?;
            Ok(meta)
        }
    });
    // Collected, or the compiler cannot see that all this may move to another thread.
    let heads: Vec<_> = heads.collect();
    stream::iter(heads).buffered(REQUESTS).try_collect().await
}

fn same_size(name: &str, file: &DataFile, meta: &ObjectMeta) -> Result<()> {
    match file.size {
        Some(size) if size != meta.size => Err(Error::Manifest {
            name: name.to_owned(),
            message: format!(
                "says that the data file {} has {size} bytes, but it has {}: it is cut off, or of another inventory",
                file.key, meta.size
            ),
        }),
        _ => Ok(()),
    }
}

fn missing(name: &str, file: &DataFile) -> Error {
    Error::NoDataFile { name: name.to_owned(), file: file.key.clone() }
}

fn unread(name: &str, source: object_store::Error) -> Error {
    Error::Read { name: name.to_owned(), source }
}

/// A folder, and how many leading parts of a key are not below it.
struct Place {
    folder: Path,
    cut: usize,
}

impl Place {
    fn path(&self, key: &str) -> Path {
        let parts = key.split('/').filter(|part| !part.is_empty()).skip(self.cut);
        parts.fold(self.folder.clone(), |path, part| path.join(PathPart::from(part)))
    }
}

/// Looks from the root of the store down to the manifest's own folder, for the whole key first.
async fn place_of(store: &dyn ObjectStore, name: &str, manifest: &Path, key: &str) -> Result<Option<Place>> {
    let parts = key.split('/').filter(|part| !part.is_empty()).count();
    let mut folders = vec![Path::default()];
    for part in manifest.parts() {
        let deeper = folders.last().cloned().unwrap_or_default().join(part);
        folders.push(deeper);
    }
    folders.pop();
    let whole = folders.iter().map(|folder| Place { folder: folder.clone(), cut: 0 });
    // Where folders were cut off, the file is near the manifest.
    let near = folders.iter().rev().take(2);
    let cut = near.flat_map(|folder| (1..parts).map(|cut| Place { folder: folder.clone(), cut }));
    for place in whole.chain(cut) {
        if exists(store, &place.path(key)).await.map_err(|e| unread(name, e))? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dated_folders() {
        assert!(is_dated("2026-04-28T01-00Z"));
        for other in
            ["data", "hive", "2026-04-28", "2026-04-28T01:00Z", "2026-04-28T01-00Zx", "abcd-04-28T01-00Z"]
        {
            assert!(!is_dated(other), "{other}");
        }
    }
}
