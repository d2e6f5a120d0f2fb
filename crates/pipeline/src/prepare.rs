//! From the bytes of an object to an item and the cells that it touches, or to the reason why not. Pure and sync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use earthcatalog_fetch::Fetched;
use earthcatalog_grid::{Grid, hilbert, normalise};
use earthcatalog_model::json::{JsonErrorKind, compact};
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

/// Why an object is no item: the kind and the words.
type Refusal = (Reason, String);

/// Prepares objects one after the other; one that makes a library panic is rejected like any other bad one.
pub(crate) fn prepare_all(objects: Vec<Fetched>, grid: &dyn Grid, href: &dyn Href) -> Batch {
    let mut batch = Batch::default();
    for fetched in objects {
        batch.bytes += fetched.body.len() as u64;
        let result = catch_unwind(AssertUnwindSafe(|| prepare(&fetched, grid, href, &mut batch.sketch)));
        match result.unwrap_or_else(|panic| Err((Reason::Internal, message_of(&*panic)))) {
            Ok(prepared) => batch.prepared.push(prepared),
            Err((reason, message)) => batch.rejected.push(Rejection::new(fetched.object, reason, message)),
        }
    }
    batch
}

fn prepare(
    fetched: &Fetched,
    grid: &dyn Grid,
    href: &dyn Href,
    sketch: &mut Sketch,
) -> std::result::Result<Prepared, Refusal> {
    let source = || Source { href: href.href(&fetched.object), object: fetched.object.clone() };
    prepare_body(&fetched.body, source, grid, sketch)
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
    prepare_body(body, || source_of(source, href), grid, sketch).map_err(|(_, message)| message)
}

/// Where a row came from; nothing where it does not say.
fn source_of(source: Option<RowSource>, href: &dyn Href) -> Source {
    let Some(RowSource { href: Some(name), last_modified, etag }) = source else {
        return Source { object: ObjectRef::new("", ""), href: String::new() };
    };
    let (bucket, key) = href.object(&name);
    Source { object: ObjectRef { last_modified, etag, ..ObjectRef::new(bucket, key) }, href: name }
}

fn prepare_body(
    body: &Bytes,
    source: impl FnOnce() -> Source,
    grid: &dyn Grid,
    sketch: &mut Sketch,
) -> std::result::Result<Prepared, Refusal> {
    let json = parse(body)?;
    let id = check(&json)?;
    let place = Place::of(&json)?;
    let cells = place.cells(grid)?;
    let item = Arc::new(item(&json, id, place, body, source()));
    sketch.observe(&json);
    Ok(Prepared { item, cells })
}

/// Makes an item of a body that was prepared before, and whose cells are known.
///
/// # Errors
/// What was accepted before is refused only if it has been damaged since.
pub(crate) fn restore(body: &Bytes, source: Source) -> std::result::Result<Item, String> {
    let restore = || {
        let json = parse(body)?;
        let id = check(&json)?;
        Ok(item(&json, id, Place::of(&json)?, body, source))
    };
    restore().map_err(|(_, message): Refusal| message)
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

/// An item is a GeoJSON Feature with an id and properties (STAC Item spec 1.1, "Item fields"). Returns the id.
fn check<'a>(json: &'a Json<'_>) -> std::result::Result<&'a str, Refusal> {
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
        Some((_, Some(id))) => Ok(id),
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
    fn of(json: &Json<'_>) -> std::result::Result<Self, Refusal> {
        let Some(given) = json.get("geometry").filter(|g| !g.is_null()) else {
            return Ok(Self { geometry: None, changed: false });
        };
        let bad = |message: String| (Reason::BadGeometry, format!("geometry: {message}"));
        let Some(read) = Geometry::from_geojson(given).map_err(|e| bad(e.to_string()))? else {
            return Ok(Self { geometry: None, changed: true });
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

fn item(json: &Json<'_>, id: &str, place: Place, body: &Bytes, source: Source) -> Item {
    let properties = json.get("properties");
    let time = |name: &str| {
        let text = properties.and_then(|p| p.get(name)).and_then(Json::as_str)?;
        Timestamp::parse(text).ok()
    };
    let bbox = place.geometry.as_ref().and_then(Geometry::bbox);
    Item {
        // Copies of their own size: a body may be a slice of a far larger buffer that it would keep alive. Items are often
        // indented, and as many as fit into memory wait to be written.
        body: Bytes::from(compact(body)),
        source: Arc::new(source),
        id: Arc::from(id),
        id_hash: IdHash::of(id),
        datetime: time("datetime"),
        updated: time("updated"),
        order: place.geometry.as_ref().zip(bbox).map_or(0, |(geometry, bbox)| order(geometry, &bbox)),
        wkb: place.geometry.as_ref().map(|g| Bytes::copy_from_slice(&g.to_wkb())),
        geometry_changed: place.changed,
        bbox,
    }
}

/// The place of the centre on the Hilbert curve; of a geometry without a centre, of its first position.
fn order(geometry: &Geometry, bbox: &Bbox) -> u64 {
    let place = bbox.centre().or_else(|| geometry.first_position());
    place.map_or(0, |(lon, lat)| hilbert(lon, lat))
}
