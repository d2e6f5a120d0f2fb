//! The metrics of a file's columns, packed: a run keeps those of every file until its commit.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::datafile::ColumnMetrics;

/// Metrics by field id of each leaf column, in order of the ids.
///
/// A map of some 60 columns takes 8 kB, packed it is 1 kB, and a large table has many thousand files. To look one up is to
/// step over those before it.
#[derive(Clone, Default, PartialEq)]
pub struct Columns {
    /// For each column its id, the length of what follows, and its metrics (postcard).
    packed: Box<[u8]>,
}

impl Columns {
    /// The metrics of a column; None if there are none.
    pub fn get(&self, id: i32) -> Option<ColumnMetrics> {
        self.entries().find(|entry| entry.id == id)?.metrics()
    }

    /// True if the column has metrics.
    pub fn contains(&self, id: i32) -> bool {
        self.entries().any(|entry| entry.id == id)
    }

    /// All, in order of the ids.
    pub fn iter(&self) -> impl Iterator<Item = (i32, ColumnMetrics)> + '_ {
        self.entries().filter_map(|entry| Some((entry.id, entry.metrics()?)))
    }

    fn entries(&self) -> Entries<'_> {
        Entries { rest: &self.packed }
    }
}

struct Entry<'a> {
    id: i32,
    packed: &'a [u8],
}

impl Entry<'_> {
    fn metrics(&self) -> Option<ColumnMetrics> {
        postcard::from_bytes(self.packed).ok()
    }
}

struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let ((id, packed), rest) = postcard::take_from_bytes(self.rest).ok()?;
        self.rest = rest;
        Some(Entry { id, packed })
    }
}

impl FromIterator<(i32, ColumnMetrics)> for Columns {
    fn from_iter<I: IntoIterator<Item = (i32, ColumnMetrics)>>(columns: I) -> Self {
        let sorted: BTreeMap<i32, ColumnMetrics> = columns.into_iter().collect();
        let mut packed = Vec::new();
        for (id, metrics) in &sorted {
            // Neither fails into a vector. If it did, a column without metrics is one of which nothing is known.
            if let Ok(metrics) = postcard::to_allocvec(metrics) {
                packed.extend(postcard::to_allocvec(&(id, &metrics[..])).unwrap_or_default());
            }
        }
        Self { packed: packed.into() }
    }
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_bytes(&self.packed);
        }
        let mut map = serializer.serialize_map(None)?;
        for (id, metrics) in self.iter() {
            map.serialize_entry(&id, &metrics)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => deserializer.deserialize_map(ById),
            false => Ok(Self { packed: Vec::deserialize(deserializer)?.into() }),
        }
    }
}

struct ById;

impl<'de> Visitor<'de> for ById {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of field ids to the metrics of columns")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Columns, M::Error> {
        let mut columns = BTreeMap::new();
        while let Some((id, metrics)) = map.next_entry()? {
            columns.insert(id, metrics);
        }
        Ok(columns.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datafile::Scalar;

    fn metrics(lower: Option<Scalar>, nulls: Option<u64>) -> ColumnMetrics {
        ColumnMetrics { bytes: 300, values: 9, nulls, upper: lower.clone(), lower }
    }

    fn sample() -> BTreeMap<i32, ColumnMetrics> {
        [
            (1, metrics(Some(Scalar::String("é\0".to_owned())), Some(0))),
            (2, metrics(None, None)),
            (300, metrics(Some(Scalar::Double(-0.0)), Some(9))),
            (1 << 20, metrics(Some(Scalar::Binary(vec![0, 255])), Some(1))),
            (i32::MAX, metrics(Some(Scalar::Long(i64::MIN)), Some(u64::MAX))),
        ]
        .into()
    }

    #[test]
    fn what_is_packed_comes_back() {
        let columns: Columns = sample().into_iter().rev().collect();
        assert_eq!(columns.iter().collect::<BTreeMap<_, _>>(), sample());
        assert!(columns.iter().map(|(id, _)| id).is_sorted());
        assert_eq!(columns.get(300), sample().remove(&300));
        assert_eq!((columns.get(3), columns.contains(2), columns.contains(3)), (None, true, false));
        assert_eq!(Columns::default().iter().count(), 0);
    }

    #[test]
    fn in_binary_form_they_stay_packed() {
        let columns: Columns = sample().into_iter().collect();
        let bytes = postcard::to_allocvec(&columns).unwrap();
        assert!(bytes.len() < columns.packed.len() + 4);
        assert_eq!(postcard::from_bytes::<Columns>(&bytes).unwrap(), columns);
    }

    #[test]
    fn in_json_they_are_a_map() {
        let columns: Columns = sample().into_iter().collect();
        let json = serde_json::to_string(&columns).unwrap();
        assert_eq!(json, serde_json::to_string(&sample()).unwrap());
        assert_eq!(serde_json::from_str::<Columns>(&json).unwrap(), columns);
    }

    #[test]
    fn packed_they_are_small() {
        let bounds = |i: i32| metrics(Some(Scalar::Long(1_600_000_000_000_000 + i64::from(i))), Some(0));
        let columns: Columns = (0..60).map(|i| (i, bounds(i))).collect();
        assert!(columns.packed.len() < 60 * 32, "{}", columns.packed.len());
    }
}
