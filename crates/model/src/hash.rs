//! The hash that stands for an item's id.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The seed that earthcatalog 0.6.1 uses; its index files and ours must agree.
const SEED: u64 = 42;

/// `xxh3_128` of a UTF-8 text with seed 42, as 16 big-endian bytes: ids in the index `ids`, keys in `objects`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdHash(pub [u8; 16]);

impl IdHash {
    /// The hash of an item's id.
    pub fn of(id: &str) -> Self {
        Self(xxh3_128_with_seed(id.as_bytes(), SEED).to_be_bytes())
    }

    /// The hash of an object's name: its bucket, a NUL, its key.
    pub fn of_key(bucket: &str, key: &str) -> Self {
        let mut name = Vec::with_capacity(bucket.len() + key.len() + 1);
        name.extend_from_slice(bucket.as_bytes());
        name.push(0);
        name.extend_from_slice(key.as_bytes());
        Self(xxh3_128_with_seed(&name, SEED).to_be_bytes())
    }
}

impl fmt::Debug for IdHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}
