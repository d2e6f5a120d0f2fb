//! An archive that changes, and a model of what a catalog of it should hold: maps, and nothing clever.

use std::collections::{BTreeMap, BTreeSet};

use earthcatalog::Mode;
use serde_json::{Value, json};

use crate::bench::Bench;

/// An object of the archive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) id: u8,
    pub(crate) place: u8,
    pub(crate) year: u8,
    /// The item's `updated`, in days; none for half of them.
    pub(crate) updated: u8,
    pub(crate) bad: bool,
    /// When it was written; of no two objects the same.
    pub(crate) written: u32,
}

/// How new an item is.
type Age = (Option<u8>, u32);

impl Object {
    fn age(&self) -> Age {
        ((self.updated > 3).then_some(self.updated), self.written)
    }

    fn body(&self) -> String {
        if self.bad {
            return "{\"type\": \"Feature\"".to_owned();
        }
        let mut item = json!({
            "type": "Feature", "stac_version": "1.1.0", "id": id(self.id), "geometry": geometry(self.place),
            "properties": {"datetime": format!("{}-05-01T00:00:00Z", self.year()), "rev": self.written},
            "links": [], "assets": {},
        });
        if let Some(updated) = self.updated() {
            item["properties"]["updated"] = updated.into();
        }
        item.to_string()
    }

    fn year(&self) -> u32 {
        2018 + u32::from(self.year)
    }

    fn updated(&self) -> Option<String> {
        self.age().0.map(|day| format!("2024-01-{:02}T00:00:00Z", day + 1))
    }

    /// The item's row in a cell, as another reader is to find it: id, cell, year, updated, revision.
    pub(crate) fn row(&self, cell: &str) -> Value {
        json!([id(self.id), cell, self.year(), self.updated(), self.written])
    }
}

/// A place of items. The last is a line, which touches several cells.
pub(crate) fn geometry(place: u8) -> Value {
    match place {
        0 => json!({"type": "Point", "coordinates": [10.5, 45.25]}),
        1 => json!({"type": "Point", "coordinates": [-70.5, -33.25]}),
        _ => json!({"type": "LineString", "coordinates": [[-20.0, 61.0], [15.0, 72.0]]}),
    }
}

pub(crate) fn id(number: u8) -> String {
    format!("item {number}")
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Ingested,
    Superseded,
    Rejected,
}

/// What the catalog knows of an object.
#[derive(Clone, Debug)]
struct Known {
    written: u32,
    fate: Fate,
    id: Option<u8>,
}

impl Known {
    /// The id whose rows are of this object.
    fn owner(&self) -> Option<u8> {
        self.id.filter(|_| self.fate != Fate::Superseded)
    }
}

/// What a catalog holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// By id.
    pub(crate) items: BTreeMap<u8, Object>,
    known: BTreeMap<u8, Known>,
}

/// The objects by key, and the catalog's content as it should be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Archive {
    pub(crate) objects: BTreeMap<u8, Object>,
    pub(crate) model: Model,
}

impl Archive {
    /// Writes the objects and an inventory of them.
    pub(crate) fn write(&self, bench: &Bench) -> String {
        let mut csv = "bucket,key,size,last_modified_date\n".to_owned();
        for (key, object) in &self.objects {
            let body = object.body();
            let (minute, second) = (object.written / 60, object.written % 60);
            csv.push_str(&format!(
                "bench,{key}.stac.json,{},2024-02-02T03:{minute:02}:{second:02}Z\n",
                body.len()
            ));
            std::fs::write(bench.path().join(format!("{key}.stac.json")), body).unwrap();
        }
        // A listing is never empty of lines, only of items.
        csv.push_str("bench,readme.txt,1,2024-02-02T00:00:00Z\n");
        let path = bench.path().join("archive.csv");
        std::fs::write(&path, csv).unwrap();
        path.display().to_string()
    }

    /// The content after a run.
    pub(crate) fn run(&self, mode: Mode) -> Model {
        if mode == Mode::Full || self.model.items.is_empty() {
            return Model::default().take(&self.objects, &self.objects, BTreeSet::new());
        }
        let (model, listed) = (&self.model, &self.objects);
        let gone: Vec<u8> = match mode {
            Mode::Sync => model.known.keys().filter(|key| !listed.contains_key(key)).copied().collect(),
            _ => Vec::new(),
        };
        let lost: BTreeSet<u8> =
            gone.iter().filter_map(|key| model.known.get(key)).filter_map(Known::owner).collect();
        let changed = |key: &u8| {
            let known = model.known.get(key)?;
            (listed.get(key)?.written > known.written).then_some(known)
        };
        let shaken: BTreeSet<u8> = match mode {
            Mode::Sync => lost
                .iter()
                .copied()
                .chain(listed.keys().filter_map(changed).filter_map(Known::owner))
                .collect(),
            _ => BTreeSet::new(),
        };
        let fetched = listed.iter().filter(|(key, _)| {
            let returns = |known: &Known| {
                known.fate == Fate::Superseded && known.id.is_some_and(|id| shaken.contains(&id))
            };
            model.known.get(key).is_none_or(returns) || changed(key).is_some()
        });
        let fetched: BTreeMap<u8, Object> = fetched.map(|(key, object)| (*key, object.clone())).collect();
        let mut next = model.clone().take(listed, &fetched, lost);
        for key in gone {
            next.known.remove(&key);
        }
        next
    }
}

impl Model {
    /// Takes in what was fetched. `void`: ids whose object is gone.
    fn take(
        mut self,
        listed: &BTreeMap<u8, Object>,
        fetched: &BTreeMap<u8, Object>,
        lost: BTreeSet<u8>,
    ) -> Self {
        let (mut left, mut renewed) = (lost, BTreeSet::new());
        let mut winners: BTreeMap<u8, u8> = BTreeMap::new();
        for (key, object) in fetched {
            let before = self.known.get(key).and_then(Known::owner);
            let (fate, id) =
                if object.bad { (Fate::Rejected, before) } else { (Fate::Ingested, Some(object.id)) };
            if !object.bad {
                match before {
                    Some(old) if old == object.id => renewed.insert(old),
                    Some(old) => left.insert(old),
                    None => false,
                };
                let best = winners.entry(object.id).or_insert(*key);
                if fetched[best].age() < object.age() {
                    *best = *key;
                }
            }
            self.known.insert(*key, Known { written: object.written, fate, id });
        }
        for id in left.iter().filter(|id| !winners.contains_key(id)) {
            self.items.remove(id);
        }
        for (key, object) in fetched.iter().filter(|(_, object)| !object.bad) {
            let is_void = left.contains(&object.id) || renewed.contains(&object.id);
            let outlived = !is_void && self.items.get(&object.id).is_some_and(|old| old.age() > object.age());
            if winners[&object.id] != *key || outlived {
                self.known.get_mut(key).unwrap().fate = Fate::Superseded;
                continue;
            }
            for (other, known) in &mut self.known {
                if !fetched.contains_key(other) && known.id == Some(object.id) && known.fate == Fate::Ingested
                {
                    known.fate = Fate::Superseded;
                }
            }
        }
        for (id, key) in winners {
            if self.known[&key].fate == Fate::Ingested {
                self.items.insert(id, listed[&key].clone());
            }
        }
        self
    }
}
