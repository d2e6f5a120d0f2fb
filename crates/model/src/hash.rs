//! The hashes that stand for an item's id and for an object's name.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The seed that earthcatalog 0.6.1 uses; its index files and ours must agree.
const SEED: u64 = 42;

/// Names up to this many bytes are put together on the stack: every line of an inventory is hashed.
const SHORT: usize = 512;

/// `xxh3_128` of an item's id in UTF-8 with seed 42, as 16 big-endian bytes: what the index `ids` is sorted by.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdHash(pub [u8; 16]);

impl IdHash {
    /// The hash of an item's id.
    pub fn of(id: &str) -> Self {
        Self(hash(id.as_bytes()))
    }
}

impl fmt::Debug for IdHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// `xxh3_128` of an object's bucket, a zero byte and its key with seed 42, as 16 big-endian bytes: what the index
/// `objects` is sorted by. Versions of one key have one hash.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(pub [u8; 16]);

impl KeyHash {
    /// The hash of an object's name.
    pub fn of(bucket: &str, key: &str) -> Self {
        let length = bucket.len() + 1 + key.len();
        let mut short = [0; SHORT];
        let Some(name) = short.get_mut(..length) else {
            return Self(hash(&[bucket.as_bytes(), &[0], key.as_bytes()].concat()));
        };
        let (head, tail) = name.split_at_mut(bucket.len());
        head.copy_from_slice(bucket.as_bytes());
        if let Some((_, tail)) = tail.split_first_mut() {
            tail.copy_from_slice(key.as_bytes());
        }
        Self(hash(name))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A short stand-in for an entity tag where only equality matters: `xxh3_64` with seed 42.
pub fn etag_hash(etag: &str) -> u64 {
    xxh3_64_with_seed(etag.as_bytes(), SEED)
}

fn hash(bytes: &[u8]) -> [u8; 16] {
    xxh3_128_with_seed(bytes, SEED).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_bucket_zero_key() {
        for key in
            ["", "a/b.stac.json", &"k".repeat(SHORT - 4), &"k".repeat(SHORT - 3), &"k".repeat(2 * SHORT)]
        {
            assert_eq!(KeyHash::of("buc", key).0, IdHash::of(&format!("buc\0{key}")).0, "{}", key.len());
        }
        assert_ne!(KeyHash::of("ab", "c"), KeyHash::of("a", "bc"));
    }

    #[test]
    fn hashes_are_those_of_the_specification() {
        // xxh3_128 of "a" with seed 42, by the reference implementation.
        assert_eq!(format!("{:?}", IdHash::of("a")), REFERENCE);
    }

    const REFERENCE: &str = "28df5945863b24b74c437dd47f0716f4";
}
