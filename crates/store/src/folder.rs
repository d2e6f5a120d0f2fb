//! Folders that are to be listed: where they are, and what the objects below them are called.

use std::path::PathBuf;

use earthcatalog_model::ObjectRef;
use object_store::path::Path;

use crate::address::{Address, Kind};
use crate::error::Result;
use crate::stores::{Place, Stores, bad_key, join};

/// A folder that someone names by its URL, so that its objects may be read even where an inventory could not name them.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The bucket of its objects, as inventories name it; empty for local files.
    pub bucket: String,
    /// The folder itself.
    pub place: Place,
    /// The root of the bucket: a key is what is below it, with `lead` before.
    pub root: Path,
    /// A slash for local files, whose keys are their paths.
    pub lead: &'static str,
    /// True where no inventory can name the bucket.
    is_own: bool,
}

impl Stores {
    /// The folder of that URL or local path, through the bucket maps: `s3://bucket/a` is looked for where `bucket` is
    /// mapped to.
    ///
    /// # Errors
    /// As [`Stores::resolve`].
    pub fn folder(&self, url: &str) -> Result<Folder> {
        let address = Address::parse(url)?;
        let bucket = match address.kind {
            Kind::S3 => address.root.trim_start_matches("s3://").to_owned(),
            Kind::S3At => address.root.rsplit('/').next().unwrap_or_default().to_owned(),
            Kind::File => String::new(),
            Kind::Gs | Kind::Azure | Kind::Http | Kind::Memory => address.root.clone(),
        };
        let is_own = match address.kind {
            Kind::File | Kind::Memory => true,
            Kind::S3At => !self.is_mapped(&bucket),
            _ => false,
        };
        let address = if address.kind == Kind::File { address.canonical()? } else { address };
        if is_own {
            let root = Address { key: String::new(), ..address.clone() };
            let root = self.locate(root)?.place.path;
            let lead = if address.kind == Kind::File { "/" } else { "" };
            return Ok(Folder { bucket, place: self.locate(address)?.place, root, lead, is_own });
        }
        let root = self.bucket(&bucket)?.place;
        let path = match address.key.is_empty() {
            true => root.path.clone(),
            false => join(&root.path, &address.key)
                .ok_or_else(|| bad_key(&ObjectRef::new(&*bucket, &*address.key)))?,
        };
        let file = root.file.map(|folder| folder.join(&address.key));
        Ok(Folder {
            bucket,
            place: Place { store: root.store, path, file },
            root: root.path,
            lead: "",
            is_own,
        })
    }
}

impl Folder {
    /// The object that its URL names, where that is one.
    pub fn named(&self) -> ObjectRef {
        let path = self.place.path.as_ref();
        let below = path.strip_prefix(self.root.as_ref()).unwrap_or(path).trim_start_matches('/');
        ObjectRef::new(self.bucket.as_str(), format!("{}{below}", self.lead))
    }

    /// The folder that it is in; a bucket's root is in itself.
    #[must_use]
    pub fn parent(mut self) -> Self {
        if self.place.path != self.root {
            let count = self.place.path.parts().count().saturating_sub(1);
            self.place.path = self.place.path.parts().take(count).collect();
            self.place.file = self.place.file.and_then(|file| file.parent().map(PathBuf::from));
        }
        self
    }

    /// The place of an object below it that only this folder's being named makes readable; None for any other.
    pub fn object(&self, object: &ObjectRef) -> Option<Place> {
        if !self.is_own || object.bucket != self.bucket {
            return None;
        }
        let key = object.key.strip_prefix(self.lead)?;
        let path = join(&self.root, key)?;
        let folder = self.place.path.as_ref();
        let below = path.as_ref().strip_prefix(folder)?;
        if !folder.is_empty() && !below.starts_with('/') {
            return None;
        }
        let file = self.place.file.as_ref().map(|_| PathBuf::from(format!("/{path}")));
        Some(Place { store: self.place.store.clone(), path, file })
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
