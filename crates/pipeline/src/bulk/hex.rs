//! Hashes as text in JSON: 32 hexadecimal digits.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(hash: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(*hash)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    let number = u128::from_str_radix(&text, 16).map_err(D::Error::custom)?;
    Ok(number.to_be_bytes())
}
