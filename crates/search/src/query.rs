//! What a search asks for.

use earthcatalog_model::{Geometry, Timestamp};

use crate::interval::Interval;

/// Items that touch a geometry, within a time, with certain ids. What is not given does not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Items whose geometry shares a point with it, closed sets, edges straight in longitude and latitude. It may cross
    /// 180° and circle a pole. Items without a geometry are then left out.
    pub geometry: Option<Geometry>,
    /// Items whose interval (from start or datetime to end or datetime) shares an instant with it.
    pub time: Interval,
    /// Items with one of these ids; empty: any.
    pub ids: Vec<String>,
}

impl Query {
    /// A query by place and time, both ends included.
    pub fn new(geometry: Option<Geometry>, start: Option<Timestamp>, end: Option<Timestamp>) -> Self {
        Self { geometry, time: Interval::new(start, end), ids: Vec::new() }
    }

    /// The same query for one of these ids.
    #[must_use]
    pub fn with_ids(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.ids = ids.into_iter().map(Into::into).collect();
        self
    }
}
