//! Where a lock file is: in the base, or wherever another program looks for its own.

use crate::address::Address;
use crate::base::Base;
use crate::error::{Error, Result};
use crate::stores::Stores;

/// The name of a base's own lock file.
const OWN: &str = ".lock";

/// A lock file's place.
#[derive(Clone, Debug)]
pub struct LockFile {
    /// The folder that it is in.
    pub(super) base: Base,
    pub(super) name: String,
}

impl LockFile {
    /// The base's own.
    pub fn of(base: &Base) -> Self {
        Self { base: base.clone(), name: OWN.to_owned() }
    }

    /// One at a URL or a local path. Where the base's own store has it, it is reached by that, else by one of `stores`.
    /// Makes no request.
    ///
    /// # Errors
    /// [`Error::Url`] for what names no file, and as [`Stores::resolve`].
    pub fn at(stores: &Stores, base: &Base, location: &str) -> Result<Self> {
        let address = Address::parse(location)?.canonical()?;
        let (folder, name) = address.key.rsplit_once('/').unwrap_or(("", &address.key));
        if name.is_empty() || location.ends_with('/') {
            return Err(Error::url(location, "it names no file; a lock is e.g. s3://bucket/.lock"));
        }
        match base.beside(&address.url()) {
            Ok((base, name)) => Ok(Self { base, name }),
            Err(Error::Foreign { .. }) => {
                let name = name.to_owned();
                let folder = Address { key: folder.to_owned(), ..address.clone() };
                Ok(Self { base: Base::at(stores.locate(folder)?), name })
            }
            Err(error) => Err(error),
        }
    }

    /// `s3://bucket/.lock`, `/local/.lock`.
    pub fn url(&self) -> String {
        self.base.location(&self.name)
    }
}
