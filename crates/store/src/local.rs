//! Conditional writes on a local file system: a file lock beside the file, and atomic renames.
//!
//! The lock is taken on `<file>.guard`, which stays: deleting it would let two processes hold two locks. It guards
//! against writers of this program; readers, and writers that know nothing of it, still see whole files only.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use uuid::Uuid;

use crate::conditional::{Outcome, Version};
use crate::error::{Error, Result};

/// Writes the file if it does not exist; its folder is made.
pub(crate) async fn create(path: PathBuf, bytes: Bytes) -> Result<Outcome> {
    blocking(move || guarded(&path, || create_now(&path, &bytes))).await
}

/// Writes the file if it is still the version seen.
pub(crate) async fn replace(path: PathBuf, bytes: Bytes, seen: Version) -> Result<Outcome> {
    blocking(move || {
        guarded(&path, || {
            if version_of(&path)? != Some(seen) {
                return Ok(Outcome::Lost);
            }
            let staged = Staged::write(&path, &bytes)?;
            staged.rename()?;
            done(&path)
        })
    })
    .await
}

/// Deletes the file if it is still the version seen; tells whether it was.
pub(crate) async fn remove(path: PathBuf, seen: Version) -> Result<bool> {
    blocking(move || {
        guarded(&path, || {
            let ours = version_of(&path)? == Some(seen);
            if ours {
                fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
            }
            Ok(ours)
        })
    })
    .await
}

/// The file's bytes and version; both of the same state, as files are replaced and never changed.
pub(crate) async fn read(path: PathBuf) -> Result<Option<(Bytes, Version)>> {
    blocking(move || {
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(&path, e)),
        };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).map_err(|e| Error::io(&path, e))?;
        let metadata = file.metadata().map_err(|e| Error::io(&path, e))?;
        Ok(Some((bytes.into(), version(&metadata))))
    })
    .await
}

/// Deletes what writers that died have left below a folder and no listing shows: files that had not got their names yet
/// (`name#1`, as object_store calls them), and empty folders, the folder itself as well.
pub(crate) async fn sweep(folder: PathBuf) {
    // What stays harms nobody, and another may be at it.
    let _ = tokio::task::spawn_blocking(move || sweep_now(&folder)).await;
}

fn sweep_now(folder: &Path) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        match path.is_dir() {
            true => sweep_now(&path),
            false if is_partial(&path) => drop(fs::remove_file(&path)),
            false => {}
        }
    }
    // One that is not empty stays.
    let _ = fs::remove_dir(folder);
}

fn is_partial(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A hard link fails if the name is taken, whoever took it; where there are no links the guard has to do.
fn create_now(path: &Path, bytes: &Bytes) -> Result<Outcome> {
    let staged = Staged::write(path, bytes)?;
    match fs::hard_link(&staged.temp, path) {
        Ok(()) => done(path),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(Outcome::Lost),
        Err(_) if path.exists() => Ok(Outcome::Lost),
        Err(_) => {
            staged.rename()?;
            done(path)
        }
    }
}

fn done(path: &Path) -> Result<Outcome> {
    Ok(version_of(path)?.map_or(Outcome::Lost, Outcome::Done))
}

fn version_of(path: &Path) -> Result<Option<Version>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(version(&metadata))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, e)),
    }
}

fn version(metadata: &Metadata) -> Version {
    let modified = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let nanos = modified.map_or(0, |at| at.as_nanos());
    let tag = format!("{:x}-{nanos:x}-{:x}", inode(metadata), metadata.len());
    Version { e_tag: Some(tag), version: None }
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// Runs `work` while this process alone holds the file's guard.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let guard = suffixed(path, ".guard");
    let failed = |e| Error::io(&guard, e);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&guard).map_err(failed)?;
    file.lock().map_err(failed)?;
    let result = work();
    drop(file);
    result
}

/// A complete file under another name, deleted unless it was renamed.
struct Staged<'a> {
    temp: PathBuf,
    target: &'a Path,
}

impl<'a> Staged<'a> {
    fn write(target: &'a Path, bytes: &Bytes) -> Result<Self> {
        let staged = Self { temp: suffixed(target, &format!(".{}.tmp", Uuid::new_v4().simple())), target };
        let failed = |e| Error::io(&staged.temp, e);
        let mut file = OpenOptions::new().create_new(true).write(true).open(&staged.temp).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(staged)
    }

    fn rename(&self) -> Result<()> {
        fs::rename(&self.temp, self.target).map_err(|e| Error::io(self.target, e))
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temp);
    }
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(Error::Store { url: "local file".into(), message: e.to_string(), retryable: false }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_died_unnamed_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = base.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        ["a/b/x.json#1", "a/c/x#y", "a/c/x#12", "d/x#3"].into_iter().for_each(write);
        fs::create_dir_all(base.path().join("a/e/f")).unwrap();
        sweep(base.path().join("a")).await;
        let names = |folder: &str| {
            let found = fs::read_dir(base.path().join(folder)).unwrap();
            found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            (names("a"), names("a/c"), names("d")),
            (vec!["c".into()], vec!["x#y".into()], vec!["x#3".into()])
        );
        sweep(base.path().join("no such folder")).await;
    }
}
