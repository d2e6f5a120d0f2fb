//! Items to a record batch: every member to its column, what does not fit to `_extra`.

use std::borrow::Cow;

use arrow_array::RecordBatch;
use earthcatalog_model::json::{Kind as Value, Walk};
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
    /// The columns of the members of an item, and those of its properties.
    guesses: [Guess; 2],
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
    /// Empty columns for so many rows.
    ///
    /// # Errors
    /// When the schema lacks a column without which items cannot be stored.
    pub(crate) fn new(layout: &'s Layout, rows: usize) -> Result<Self> {
        let fields = &layout.table.fields;
        let columns: Vec<Column<'s>> = fields.iter().map(|field| column_of(field, rows)).collect();
        let at = Places::of(&columns)?;
        let is_property = fields.iter().map(|f| names::is_property(&f.name)).collect();
        let (guesses, differences) = (Default::default(), Differences::default());
        Ok(Self { layout, columns, is_property, guesses, at, len: 0, differences })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the item's body is no JSON object.
    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let mut patch = Patch::over(std::mem::take(&mut self.differences));
        if self.item(row.item, &mut patch).is_none() {
            return Err(Error::Item { id: row.item.id.to_string(), message: refusal(&row.item.body) });
        }
        self.differences = patch.finish();
        self.own(row);
        self.len += 1;
        Ok(())
    }

    /// None if the item's body is no JSON object.
    fn item<'a>(&mut self, item: &'a Item, patch: &mut Patch<'a>) -> Option<()> {
        let mut walk = Walk::over(&item.body)?;
        let (mut position, mut geometry, mut bbox) = (0, false, false);
        walk.members(|walk, name| {
            position += 1;
            patch.enter(Step::Member(name.clone()));
            match &*name {
                "properties" => self.properties(walk, patch)?,
                "geometry" => {
                    geometry = true;
                    self.geometry(walk, item, patch)?;
                }
                "bbox" => {
                    bbox = true;
                    self.bbox(walk, item, patch)?;
                }
                name => self.member(position - 1, name, walk, patch)?,
            }
            patch.leave();
            Some(())
        })?;
        if !geometry {
            lacks("geometry", patch);
        }
        if !bbox && item.bbox.is_some() && self.at.bbox.is_some() {
            lacks("bbox", patch);
        }
        walk.is_done().then_some(())
    }

    fn member<'a>(
        &mut self,
        position: usize,
        name: &str,
        walk: &mut Walk<'a>,
        patch: &mut Patch<'a>,
    ) -> Option<()> {
        let [guess, _] = &mut self.guesses;
        let at = if MEMBERS.contains(&name) { guess.find(position, name, &self.columns) } else { None };
        match at.and_then(|at| self.columns.get_mut(at)) {
            Some(column) => column.put(self.len, walk, patch),
            None => patch.set(walk.skip()?),
        }
    }

    fn properties<'a>(&mut self, walk: &mut Walk<'a>, patch: &mut Patch<'a>) -> Option<()> {
        if walk.kind()? != Value::Object {
            return patch.set(walk.skip()?);
        }
        let (mut position, mut datetime) = (0, false);
        walk.members(|walk, name| {
            datetime |= name == "datetime";
            self.property(position, name, walk, patch)?;
            position += 1;
            Some(())
        })?;
        if !datetime && self.at.datetime.is_some() {
            lacks("datetime", patch);
        }
        Some(())
    }

    fn property<'a>(
        &mut self,
        position: usize,
        name: Cow<'a, str>,
        walk: &mut Walk<'a>,
        patch: &mut Patch<'a>,
    ) -> Option<()> {
        let [_, guess] = &mut self.guesses;
        let at = guess.find(position, &name, &self.columns);
        let at = at.filter(|at| self.is_property.get(*at).copied().unwrap_or(false));
        patch.enter(Step::Member(name));
        match at.and_then(|at| self.columns.get_mut(at)) {
            // Null is how an absent datetime is written (STAC Item spec, "datetime"): the column says it.
            Some(_) if at == self.at.datetime && walk.kind()? == Value::Null => drop(walk.skip()?),
            Some(column) => column.put(self.len, walk, patch)?,
            None => patch.set(walk.skip()?)?,
        }
        patch.leave();
        Some(())
    }

    fn geometry<'a>(&mut self, walk: &mut Walk<'a>, item: &Item, patch: &mut Patch<'a>) -> Option<()> {
        let given = item.wkb.is_some() != (walk.kind()? == Value::Null);
        let value = walk.skip()?;
        if item.geometry_changed || !given { patch.set(value) } else { Some(()) }
    }

    fn bbox<'a>(&mut self, walk: &mut Walk<'a>, item: &Item, patch: &mut Patch<'a>) -> Option<()> {
        let text = self.at.bbox.is_none();
        if let Some(column) = self.columns.iter_mut().find(|c| text && c.name() == "bbox") {
            return column.put(self.len, walk, patch);
        }
        let value = walk.skip()?;
        let says = item.bbox.is_some_and(|bbox| is_box(value, &bbox));
        if text || !says { patch.set(value) } else { Some(()) }
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

fn column_of(field: &Field, rows: usize) -> Column<'_> {
    let json = field.ty == Type::String && is_json_text(&field.name);
    if json { Column::json(field, rows) } else { Column::new(field, rows) }
}

/// A member that the columns give, and the item does not have.
fn lacks<'a>(name: &'a str, patch: &mut Patch<'a>) {
    patch.enter(Step::Member(name.into()));
    patch.remove();
    patch.leave();
}

/// Why a body cannot be a row.
fn refusal(body: &[u8]) -> String {
    match Json::parse(body) {
        Ok(json) => format!("it is {}", json.kind()),
        Err(error) => error.to_string(),
    }
}

/// True if the member `bbox` says just what the column does.
fn is_box(value: &str, bbox: &Bbox) -> bool {
    let sides = [bbox.west, bbox.south, bbox.east, bbox.north];
    let mut same = true;
    let count = Walk::of(value).elements(|walk, i| {
        let number = walk.number()?;
        same &= sides.get(i).is_some_and(|side| number.as_f64() == *side && number.is_exact());
        Some(())
    });
    same && count == Some(sides.len())
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
