//! What properties, assets and links some items have: all that a schema needs to know of them.

use std::collections::{BTreeMap, HashSet};

use earthcatalog_model::Json;
use serde::{Deserialize, Serialize};

use crate::names;
use crate::shape::Shape;

/// Properties of a table at most; more go to `_extra`.
const MAX_PROPERTIES: usize = 4096;

/// How many structures are remembered so that items like them need not be looked at again.
const MAX_MET: usize = 4096;

/// The shapes of the items that were observed. Mergeable in any order, small, and serialisable.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sketch {
    pub(crate) properties: BTreeMap<String, Shape>,
    pub(crate) assets: BTreeMap<String, Shape>,
    pub(crate) link: Shape,
    /// Hashes of structures.
    #[serde(skip)]
    met: HashSet<u64>,
}

impl Sketch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an item is to be [observed](Self::observe) whose properties, assets and links have this structure, a hash of
    /// their [`Skeleton`](earthcatalog_model::json::Skeleton): not where one of the same was.
    pub fn meets(&mut self, structure: u64) -> bool {
        self.met.len() >= MAX_MET || self.met.insert(structure)
    }

    /// Takes note of an item.
    pub fn observe(&mut self, item: &Json<'_>) {
        let [properties, assets, links] =
            ["properties", "assets", "links"].map(|name| item.get(name).unwrap_or(&Json::Null));
        note_members(&mut self.properties, properties, names::is_free);
        note_members(&mut self.assets, assets, names::is_plain);
        for link in links.elements().unwrap_or_default() {
            self.link.merge(Shape::of(link));
        }
    }

    /// True if no item with a property, an asset or a link was seen.
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.assets.is_empty() && self.link == Shape::Unknown
    }

    /// Takes in what another sketch saw.
    pub fn merge(&mut self, other: Self) {
        for (mine, other) in [(&mut self.properties, other.properties), (&mut self.assets, other.assets)] {
            other.into_iter().for_each(|(name, shape)| note(mine, &name, shape));
        }
        self.link.merge(other.link);
    }
}

fn note_members(into: &mut BTreeMap<String, Shape>, json: &Json<'_>, may: fn(&str) -> bool) {
    for (name, value) in json.members().unwrap_or_default().iter().filter(|(name, _)| may(name)) {
        note(into, name, Shape::of(value));
    }
}

fn note(into: &mut BTreeMap<String, Shape>, name: &str, shape: Shape) {
    if let Some(known) = into.get_mut(name) {
        known.merge(shape);
    } else if into.len() < MAX_PROPERTIES {
        into.insert(name.to_owned(), shape);
    }
}
