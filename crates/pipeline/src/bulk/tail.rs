//! The end of a staged object: where its frames are, and what the run has to know of its items without reading them.

use earthcatalog_model::{IdHash, KeyHash, ObjectRef, PartitionKey, Rejection, Timestamp};
use earthcatalog_writer::Sketch;
use serde::{Deserialize, Serialize};

use super::frames::{Frame, SKIPPABLE_HEAD};
use super::hex;
use crate::error::{Error, Result};
use crate::prepare::{Pending, Prepared};

/// See the module. JSON, compressed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Tail {
    /// The partitions of the chunk, in order; frames and items name them by their place here.
    pub(super) partitions: Vec<PartitionKey>,
    pub(super) frames: Vec<Frame>,
    /// The items, by their number in the chunk.
    pub(super) items: Vec<StagedItem>,
    pub(super) rejected: Vec<Rejection>,
    pub(super) pending: Vec<Pending>,
    /// What a schema needs to know of the items.
    pub(super) sketch: Sketch,
}

/// What decides between items of one id, and what the hash index keeps of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StagedItem {
    #[serde(with = "hex")]
    id: [u8; 16],
    #[serde(with = "hex")]
    key: [u8; 16],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    pub(super) partitions: Vec<u32>,
}

impl StagedItem {
    pub(super) fn new(prepared: &Prepared, partitions: Vec<u32>) -> Self {
        let item = &prepared.item;
        let object = &item.source.object;
        Self {
            id: item.id_hash.0,
            key: KeyHash::of(&object.bucket, &object.key).0,
            updated: item.updated,
            last_modified: object.last_modified,
            etag: object.etag.clone(),
            partitions,
        }
    }

    pub(super) fn id(&self) -> IdHash {
        IdHash(self.id)
    }

    pub(super) fn key(&self) -> KeyHash {
        KeyHash(self.key)
    }
}

impl Tail {
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(Error::Report)?;
        zstd::bulk::compress(&json, 1).map_err(Error::Temporary)
    }

    /// Reads the skippable frame that holds it.
    pub(super) fn decode(frame: &[u8]) -> std::io::Result<Self> {
        let content = frame.get(SKIPPABLE_HEAD as usize..).unwrap_or_default();
        let json = zstd::stream::decode_all(content)?;
        Ok(serde_json::from_slice(&json)?)
    }

    /// An object that could not be had stays to be asked for again.
    pub(super) fn pending_objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.pending.iter().map(|pending| &pending.object)
    }
}
