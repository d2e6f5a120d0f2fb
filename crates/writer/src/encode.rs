//! Items to a record batch: every member to its column, what does not fit to `_extra`.

use arrow_array::RecordBatch;
use earthcatalog_model::{Bbox, Field, Item, Json, Type};

use crate::column::{Column, Guess, Kind};
use crate::error::{Error, Result};
use crate::format::Row;
use crate::layout::{Layout, is_json_text};
use crate::names;
use crate::patch::{Differences, Patch, Step};

/// Members of an item that are columns under their own name and need nothing special.
const MEMBERS: [&str; 7] = ["type", "stac_version", "stac_extensions", "id", "links", "assets", "collection"];

/// The columns of a file as they fill.
pub(crate) struct Rows<'s> {
    layout: &'s Layout,
    columns: Vec<Column<'s>>,
    /// Which of the columns are properties.
    is_property: Vec<bool>,
    guess: Guess,
    at: Places,
    len: usize,
    pub(crate) differences: Differences,
}

/// Where the columns are that get more than a member's value.
struct Places {
    geometry: usize,
    cell: usize,
    extra: usize,
    bbox: Option<usize>,
    covering: Option<usize>,
    source: Option<usize>,
    datetime: Option<usize>,
}

impl Places {
    fn of(columns: &[Column<'_>]) -> Result<Self> {
        let find = |name: &str, kind: Kind| columns.iter().position(|c| c.name() == name && c.kind() == kind);
        let need = |column, kind, expected| find(column, kind).ok_or(Error::Schema { column, expected });
        need("id", Kind::String, "string")?;
        Ok(Self {
            geometry: need("geometry", Kind::Binary, "binary")?,
            cell: need("grid_partition", Kind::String, "string")?,
            extra: need("_extra", Kind::String, "string")?,
            bbox: find("bbox", Kind::Struct),
            covering: find("_bbox", Kind::Struct),
            source: find("_source", Kind::Struct),
            datetime: find("datetime", Kind::Instant),
        })
    }
}

impl<'s> Rows<'s> {
    /// Empty columns.
    ///
    /// # Errors
    /// When the schema lacks a column without which items cannot be stored.
    pub(crate) fn new(layout: &'s Layout) -> Result<Self> {
        let fields = &layout.table.fields;
        let columns: Vec<Column<'s>> = fields.iter().map(column_of).collect();
        let at = Places::of(&columns)?;
        let is_property = fields.iter().map(|f| names::is_property(&f.name)).collect();
        let (guess, differences) = (Guess::default(), Differences::default());
        Ok(Self { layout, columns, is_property, guess, at, len: 0, differences })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the item's body is no JSON object.
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let bad = |message: String| Error::Item { id: row.item.id.to_string(), message };
        let json = Json::parse(&row.item.body).map_err(|e| bad(e.to_string()))?;
        if json.members().is_none() {
            return Err(bad(format!("it is {}", json.kind())));
        }
        let mut patch = Patch::over(std::mem::take(&mut self.differences));
        self.members(&json, row.item, &mut patch);
        self.differences = patch.finish();
        self.own(row);
        self.len += 1;
        Ok(())
    }

    fn members<'a>(&mut self, json: &'a Json<'_>, item: &Item, patch: &mut Patch<'a>) {
        let members = json.members().unwrap_or_default();
        for (name, value) in members {
            patch.enter(Step::Member(name));
            match &**name {
                "properties" => self.properties(value, patch),
                "geometry" => self.geometry(value, item, patch),
                "bbox" => self.bbox(value, item, patch),
                _ => self.member(name, value, patch),
            }
            patch.leave();
        }
        for absent in ["geometry", "bbox"].iter().filter(|name| json.get(name).is_none()) {
            let there = *absent == "geometry" || (item.bbox.is_some() && self.at.bbox.is_some());
            if there {
                patch.enter(Step::Member(absent));
                patch.remove();
                patch.leave();
            }
        }
    }

    fn member<'a>(&mut self, name: &'a str, value: &'a Json<'_>, patch: &mut Patch<'a>) {
        let column =
            MEMBERS.contains(&name).then(|| self.columns.iter_mut().find(|c| c.name() == name)).flatten();
        match column {
            Some(column) => column.put(self.len, value, patch),
            None => patch.set(value),
        }
    }

    fn properties<'a>(&mut self, properties: &'a Json<'_>, patch: &mut Patch<'a>) {
        let Some(members) = properties.members() else { return patch.set(properties) };
        let mut datetime = false;
        for (i, (name, value)) in members.iter().enumerate() {
            patch.enter(Step::Member(name));
            datetime |= name == "datetime";
            let at = self.guess.find(i, name, &self.columns);
            let at = at.filter(|at| self.is_property.get(*at).copied().unwrap_or(false));
            match at.and_then(|at| self.columns.get_mut(at)) {
                // Null is how an absent datetime is written (STAC Item spec, "datetime"): the column says it.
                Some(_) if at == self.at.datetime && value.is_null() => {}
                Some(column) => column.put(self.len, value, patch),
                None => patch.set(value),
            }
            patch.leave();
        }
        if !datetime && self.at.datetime.is_some() {
            patch.enter(Step::Member("datetime"));
            patch.remove();
            patch.leave();
        }
    }

    fn geometry<'a>(&mut self, value: &'a Json<'_>, item: &Item, patch: &mut Patch<'a>) {
        let given = item.wkb.is_some() != value.is_null();
        if item.geometry_changed || !given {
            patch.set(value);
        }
    }

    fn bbox<'a>(&mut self, value: &'a Json<'_>, item: &Item, patch: &mut Patch<'a>) {
        let text = self.at.bbox.is_none();
        match self.columns.iter_mut().find(|c| c.name() == "bbox").filter(|_| text) {
            Some(column) => column.put(self.len, value, patch),
            None if text || !item.bbox.is_some_and(|bbox| is_box(value, &bbox)) => patch.set(value),
            None => {}
        }
    }

    /// The columns that do not come from the item's JSON.
    fn own(&mut self, row: &Row<'_>) {
        let (slot, item) = (self.len, row.item);
        let Places { geometry, cell, extra, bbox, covering, source, .. } = self.at;
        if let (Some(column), Some(wkb)) = (self.columns.get_mut(geometry), &item.wkb) {
            column.text(slot, wkb);
        }
        if let Some(column) = self.columns.get_mut(cell) {
            column.text(slot, row.cell.as_str().as_bytes());
        }
        if let (Some(column), false) = (self.columns.get_mut(extra), self.differences.text.is_empty()) {
            column.text(slot, self.differences.text.as_bytes());
        }
        for at in [bbox, covering].into_iter().flatten() {
            if let (Some(column), Some(bbox)) = (self.columns.get_mut(at), &item.bbox) {
                fill_box(column, slot, bbox);
            }
        }
        let known = !item.source.href.is_empty();
        if let Some(column) = source.and_then(|at| self.columns.get_mut(at)).filter(|_| known) {
            fill_source(column, slot, item);
        }
    }

    /// The batch of all rows.
    ///
    /// # Errors
    /// When a column would be larger than 2 GiB.
    pub(crate) fn finish(self) -> Result<(RecordBatch, Differences)> {
        let arrow = &self.layout.arrow;
        let columns = self.columns.into_iter().zip(arrow.fields());
        let arrays: Result<Vec<_>> = columns.map(|(column, field)| column.finish(self.len, field)).collect();
        Ok((RecordBatch::try_new(arrow.clone(), arrays?)?, self.differences))
    }
}

fn column_of(field: &Field) -> Column<'_> {
    let json = field.ty == Type::String && is_json_text(&field.name);
    if json { Column::json(field) } else { Column::new(field) }
}

/// True if the member `bbox` says just what the column does.
fn is_box(value: &Json<'_>, bbox: &Bbox) -> bool {
    let Some([west, south, east, north]) = value.elements() else { return false };
    let sides = [(west, bbox.west), (south, bbox.south), (east, bbox.east), (north, bbox.north)];
    sides.iter().all(|(json, side)| json.as_number().is_some_and(|n| n.as_f64() == *side && n.is_exact()))
}

fn fill_box(column: &mut Column<'_>, slot: usize, bbox: &Bbox) {
    for side in column.open(slot) {
        let value = match side.name() {
            "xmin" => bbox.west,
            "ymin" => bbox.south,
            "xmax" => bbox.east,
            "ymax" => bbox.north,
            _ => continue,
        };
        side.double(slot, value);
    }
}

fn fill_source(column: &mut Column<'_>, slot: usize, item: &Item) {
    let object = &item.source.object;
    for part in column.open(slot) {
        match (part.name(), object.last_modified, &object.etag) {
            ("href", ..) => {
                part.text(slot, item.source.href.as_bytes());
            }
            ("last_modified", Some(at), _) => {
                part.long(slot, at.micros());
            }
            ("etag", _, Some(etag)) => {
                part.text(slot, etag.as_bytes());
            }
            _ => {}
        }
    }
}
