//! From the bytes of an object to an item and the cells that it touches, or to the reason why not. Pure and sync.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use earthcatalog_fetch::Fetched;
use earthcatalog_grid::{Grid, hilbert, normalise};
use earthcatalog_model::json::{JsonErrorKind, Skeleton, Walk};
use earthcatalog_model::{
    Bbox, CellId, Geometry, IdHash, Item, Json, ObjectRef, Reason, Rejection, Source, Timestamp,
};
use earthcatalog_writer::{RowSource, Sketch};
use serde::{Deserialize, Serialize};

use crate::parts::Href;
use crate::worker::message_of;

/// An item and its cells: one row in each.
pub(crate) struct Prepared {
    pub(crate) item: Arc<Item>,
    pub(crate) cells: Vec<CellId>,
    /// Where its geometry is in its body, in bytes.
    geometry: Option<Range<usize>>,
}

impl Prepared {
    /// What [`restore`] needs to make the item again of its body.
    pub(crate) fn outline(&self) -> Outline<'_> {
        let Item { id, datetime, updated, .. } = &*self.item;
        let geometry = self.geometry.as_ref().map(|range| (range.start, range.end));
        Outline { id: Cow::Borrowed(id), times: Times { datetime: *datetime, updated: *updated }, geometry }
    }
}

/// What was found in an item's body when it was walked over, so that it need not be once more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outline<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    times: Times,
    /// Where the geometry is in the body, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    geometry: Option<(usize, usize)>,
}

/// What some objects became. `prepared + rejected + pending` are as many as the objects.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) prepared: Vec<Prepared>,
    pub(crate) rejected: Vec<Rejection>,
    /// Could not be had now; later they may be.
    pub(crate) pending: Vec<Pending>,
    pub(crate) sketch: Sketch,
    pub(crate) bytes: u64,
}

/// An object that could not be fetched though it was tried again, and how that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) object: ObjectRef,
    pub(crate) message: String,
}

impl Pending {
    /// Where nobody will ask again.
    pub(crate) fn given_up(self) -> Rejection {
        Rejection::new(self.object, Reason::Unreadable, self.message)
    }
}

/// Bytes of a body up to which the memory that it is written anew in is kept for the next.
const KEPT: usize = 1 << 20;

/// Why an object is no item: the kind and the words.
type Refusal = (Reason, String);

/// Prepares objects one after the other; one that makes a library panic is rejected like any other bad one.
pub(crate) fn prepare_all(objects: Vec<Fetched>, grid: &dyn Grid, href: &dyn Href) -> Batch {
    let mut batch = Batch::default();
    for Fetched { mut object, body } in objects {
        batch.bytes += body.len() as u64;
        let source = || Source { href: href.href(&object), object: std::mem::take(&mut object) };
        let result = catch_unwind(AssertUnwindSafe(|| prepare(&body, source, grid, &mut batch.sketch)));
        match result.unwrap_or_else(|panic| Err((Reason::Internal, message_of(&*panic)))) {
            Ok(prepared) => batch.prepared.push(prepared),
            Err((reason, message)) => batch.rejected.push(Rejection::new(object, reason, message)),
        }
    }
    batch
}

/// Prepares the row of a table as if its item had just been fetched.
///
/// # Errors
/// Why it could not be: what a fetched item would be rejected for.
pub(crate) fn prepare_row(
    body: &Bytes,
    source: Option<RowSource>,
    grid: &dyn Grid,
    href: &dyn Href,
    sketch: &mut Sketch,
) -> std::result::Result<Prepared, String> {
    prepare(body, || source_of(source, href), grid, sketch).map_err(|(_, message)| message)
}

/// Where a row came from; nothing where it does not say.
fn source_of(source: Option<RowSource>, href: &dyn Href) -> Source {
    let Some(RowSource { href: Some(name), last_modified, etag }) = source else {
        return Source { object: ObjectRef::new("", ""), href: String::new() };
    };
    let (bucket, key) = href.object(&name);
    Source { object: ObjectRef { last_modified, etag, ..ObjectRef::new(bucket, key) }, href: name }
}

/// `source` is asked for last, when nothing can go wrong any more.
fn prepare(
    body: &Bytes,
    source: impl FnOnce() -> Source,
    grid: &dyn Grid,
    sketch: &mut Sketch,
) -> std::result::Result<Prepared, Refusal> {
    let mut scratch = SCRATCH.take();
    let Some(read) = read(body, &mut scratch) else { return Err(refusal(body)) };
    let Read { id, times, geometry } = read;
    let place = Place::of(geometry.clone().and_then(|range| scratch.text.get(range)).unwrap_or("null"))?;
    let cells = place.cells(grid)?;
    if sketch.meets(scratch.skeleton.hash()) {
        sketch.observe(&parse(body)?);
    }
    // In memory of its own size: a body may be a slice of a far larger buffer that it would keep alive, items are often
    // indented, and as many as fit into memory wait to be written.
    let text = Bytes::copy_from_slice(scratch.text.as_bytes());
    let item = item(text, &id, times, place, source);
    if scratch.text.capacity() <= KEPT {
        SCRATCH.set(scratch);
    }
    Ok(Prepared { item: Arc::new(item), cells, geometry })
}

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Memory that is used for one item after the other.
#[derive(Default)]
struct Scratch {
    /// The text of the item, without white space.
    text: String,
    /// What its properties, assets and links are made of.
    skeleton: Skeleton,
}

/// What is read of an item beside its text.
struct Read<'a> {
    id: Cow<'a, str>,
    times: Times,
    /// Where it is in the text without white space.
    geometry: Option<Range<usize>>,
}

/// Reads a body once, without a tree of it: its row is written from the text. None if it is no item; [`refusal`] says why.
fn read<'a>(body: &'a [u8], scratch: &mut Scratch) -> Option<Read<'a>> {
    let mut text = std::mem::take(&mut scratch.text);
    text.clear();
    let skeleton = &mut scratch.skeleton;
    skeleton.clear();
    let (mut id, mut times, mut geometry, mut is_feature) = (None, None, None, false);
    let mut walk = Walk::checking(body, text)?;
    walk.members(|walk, name| {
        match &*name {
            "id" => id = Some(walk.string()?),
            "type" => is_feature = walk.string()? == "Feature",
            "geometry" => {
                let start = walk.squeezed();
                walk.skip()?;
                geometry = Some(start..walk.squeezed());
            }
            "properties" => times = Some(read_properties(walk, skeleton)?),
            "assets" | "links" => {
                skeleton.name(&name);
                walk.note(skeleton)?;
            }
            _ => drop(walk.skip()?),
        }
        Some(())
    })?;
    scratch.text = walk.finish()?;
    let id = id.filter(|id| is_feature && !id.is_empty())?;
    Some(Read { id, times: times?, geometry })
}

fn read_properties(walk: &mut Walk<'_>, skeleton: &mut Skeleton) -> Option<Times> {
    let mut times = Times::default();
    skeleton.name("properties");
    walk.members(|walk, name| {
        skeleton.name(&name);
        match times.of_name(&name) {
            Some(time) => {
                let from = walk.place();
                walk.note(skeleton)?;
                *time = time_of(walk.since(from));
                Some(())
            }
            None => walk.note(skeleton),
        }
    })?;
    Some(times)
}

/// Makes an item again of the body that it had when it was prepared. The body is kept as it is, and no more of it is looked at
/// than its geometry: its row is written from the text, and who does so sees whether that is an item.
///
/// # Errors
/// What was accepted before is refused only if it has been damaged since.
pub(crate) fn restore(
    body: Bytes,
    outline: Outline<'_>,
    source: Source,
) -> std::result::Result<Item, String> {
    let Outline { id, times, geometry } = outline;
    let damaged = || "its geometry is not where it was".to_owned();
    let text = match geometry {
        Some((start, end)) => body.get(start..end).and_then(|text| std::str::from_utf8(text).ok()),
        None => Some("null"),
    };
    let place = Place::of(text.ok_or_else(damaged)?).map_err(|(_, message)| message)?;
    Ok(item(body, &id, times, place, || source))
}

/// The instant that a JSON value says, if it is the text of one.
fn time_of(value: &str) -> Option<Timestamp> {
    let text = Walk::of(value).string()?;
    Timestamp::parse(&text).ok()
}

/// Why a body is no item.
fn refusal(body: &Bytes) -> Refusal {
    match parse(body).and_then(|json| check(&json)) {
        Err(refusal) => refusal,
        // Both read the same grammar: tests hold them to it.
        Ok(()) => {
            (Reason::Internal, "the readers of JSON do not agree about it; please report it".to_owned())
        }
    }
}

fn parse(body: &Bytes) -> std::result::Result<Json<'_>, Refusal> {
    Json::parse(body).map_err(|error| {
        let reason = match error.kind {
            JsonErrorKind::Duplicate(_) => Reason::DuplicateMember,
            _ => Reason::NotJson,
        };
        (reason, error.to_string())
    })
}

/// An item is a GeoJSON Feature with an id and properties (STAC Item spec 1.1, "Item fields").
fn check(json: &Json<'_>) -> std::result::Result<(), Refusal> {
    let refuse = |what: String| Err((Reason::NotAnItem, what));
    if json.members().is_none() {
        return refuse(format!("the document is {}, not an object", json.kind()));
    }
    match json.get("type") {
        Some(ty) if ty.as_str() == Some("Feature") => {}
        Some(ty) => return refuse(format!("type is {}, not \"Feature\"", short(ty))),
        None => return refuse("type is missing".to_owned()),
    }
    match json.get("properties") {
        Some(properties) if properties.members().is_some() => {}
        Some(other) => return refuse(format!("properties is {}, not an object", other.kind())),
        None => return refuse("properties is missing".to_owned()),
    }
    match json.get("id").map(|id| (id, id.as_str())) {
        Some((_, Some(""))) => refuse("id is empty".to_owned()),
        Some((_, Some(_))) => Ok(()),
        Some((other, None)) => refuse(format!("id is {}, not a string", other.kind())),
        None => refuse("id is missing".to_owned()),
    }
}

/// The beginning of a value, for a message.
fn short(json: &Json<'_>) -> String {
    let text = json.to_string();
    if text.chars().count() <= 40 {
        text
    } else {
        format!("{}…", text.chars().take(40).collect::<String>())
    }
}

/// The stored geometry of an item, and whether it is not the item's own.
struct Place {
    geometry: Option<Geometry>,
    changed: bool,
}

impl Place {
    /// Of the text of a geometry.
    fn of(text: &str) -> std::result::Result<Self, Refusal> {
        let bad = |message: String| (Reason::BadGeometry, format!("geometry: {message}"));
        let Some(read) = Geometry::from_geojson_text(text).map_err(|e| bad(e.to_string()))? else {
            return Ok(Self { geometry: None, changed: text != "null" });
        };
        match normalise(&read.geometry).map_err(|e| bad(e.to_string()))? {
            Some(normal) => {
                Ok(Self { geometry: Some(normal.geometry), changed: normal.changed || !read.faithful })
            }
            None => Ok(Self { geometry: None, changed: true }),
        }
    }

    fn cells(&self, grid: &dyn Grid) -> std::result::Result<Vec<CellId>, Refusal> {
        let mut cells = Vec::new();
        if let Some(geometry) = &self.geometry {
            grid.cover(geometry, &mut cells).map_err(|e| (Reason::BadGeometry, e.to_string()))?;
        }
        if cells.is_empty() {
            // No geometry, or none that touches a region: the row must be somewhere.
            cells.push(CellId::none());
        }
        Ok(cells)
    }
}

/// The times of an item that decide something.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Times {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    datetime: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated: Option<Timestamp>,
}

impl Times {
    /// The time of a property, if it is one of them.
    fn of_name(&mut self, name: &str) -> Option<&mut Option<Timestamp>> {
        match name {
            "datetime" => Some(&mut self.datetime),
            "updated" => Some(&mut self.updated),
            _ => None,
        }
    }
}

fn item(body: Bytes, id: &str, times: Times, place: Place, source: impl FnOnce() -> Source) -> Item {
    let bbox = place.geometry.as_ref().and_then(Geometry::bbox);
    Item {
        body,
        id: Arc::from(id),
        id_hash: IdHash::of(id),
        datetime: times.datetime,
        updated: times.updated,
        order: place.geometry.as_ref().zip(bbox).map_or(0, |(geometry, bbox)| order(geometry, &bbox)),
        wkb: place.geometry.as_ref().map(|g| Bytes::copy_from_slice(&g.to_wkb())),
        geometry_changed: place.changed,
        bbox,
        source: Arc::new(source()),
    }
}

/// The place of the centre on the Hilbert curve; of a geometry without a centre, of its first position.
fn order(geometry: &Geometry, bbox: &Bbox) -> u64 {
    let place = bbox.centre().or_else(|| geometry.first_position());
    place.map_or(0, |(lon, lat)| hilbert(lon, lat))
}
