//! One connected part of a geometry (a point, a line, a polygon), made ready to be compared with cells.

use std::cell::{Cell, OnceCell};

use earthcatalog_model::geometry::{Position, Shape};

use crate::bands::Bands;
use crate::sphere::{Piece, Place, V3, lon_lat, square, sub};

/// A connected part of a shape.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outline<'a> {
    Point(&'a Position),
    Line(&'a [Position]),
    Polygon(&'a [Vec<Position>]),
}

/// A part, and what it holds. The pieces that bound it (or, without an inside, are all of it) are kept elsewhere.
pub(crate) struct Part<'a> {
    rings: &'a [Vec<Position>],
    cap: Option<(V3, f64)>,
    /// True if there are so many edges that it pays to sort them.
    many: bool,
    sorted: OnceCell<Sorted>,
    spare: Cell<Sorted>,
}

impl<'a> Part<'a> {
    /// The part of an outline, whose pieces are appended. `spare` may hold the memory of an earlier one.
    pub(crate) fn new(outline: Outline<'a>, pieces: &mut Vec<Piece>, spare: Sorted) -> Self {
        let (rings, cap) = match outline {
            Outline::Point(p) => {
                let place = Place::new(p.x, p.y);
                pieces.push(Piece::point(place));
                (&[][..], Some((place.v, 0.0)))
            }
            Outline::Line(line) => {
                push_pieces(line, pieces);
                (&[][..], cap(line))
            }
            Outline::Polygon(rings) => {
                rings.iter().for_each(|ring| push_pieces(ring, pieces));
                (rings, rings.first().and_then(|outer| cap(outer)))
            }
        };
        let many = pieces.len() >= MANY;
        Part { rings, cap, many, sorted: OnceCell::new(), spare: Cell::new(spare) }
    }

    /// Gives the memory back.
    pub(crate) fn into_spare(self) -> Sorted {
        self.sorted.into_inner().unwrap_or_else(|| self.spare.into_inner())
    }

    /// False only if none of it is within `radius` of the unit vector `centre`.
    pub(crate) fn may_reach(&self, centre: &V3, radius: f64) -> bool {
        self.cap.is_none_or(|(middle, reach)| {
            let near = reach + radius + crate::sphere::ROUNDING;
            square(&sub(centre, &middle)) <= near * near
        })
    }

    /// The circle that holds it, if there is one of less than a hemisphere or so.
    pub(crate) fn cap(&self) -> Option<(V3, f64)> {
        self.cap
    }

    /// True if all of it is within `radius` of the unit vector `centre`.
    pub(crate) fn is_within(&self, centre: &V3, radius: f64) -> bool {
        self.cap.is_some_and(|(middle, reach)| {
            let room = radius - reach;
            // An angle is at most π/2 times its chord.
            room > 0.0 && 2.5 * square(&sub(centre, &middle)) <= room * room
        })
    }

    /// True if the point, which is on no boundary, is inside.
    pub(crate) fn holds(&self, v: &V3) -> bool {
        let Some((outer, holes)) = self.rings.split_first() else { return false };
        let (lon, lat) = lon_lat(v);
        if self.many {
            return self.sorted.get_or_init(|| self.spare.take().of(self.rings)).holds(lon, lat);
        }
        winding(outer, lon, lat) != 0 && !holes.iter().any(|hole| winding(hole, lon, lat) % 2 != 0)
    }
}

/// From so many edges on, it pays to sort them.
const MANY: usize = 64;

/// The edges of all rings by latitude.
#[derive(Default)]
pub(crate) struct Sorted {
    edges: Vec<[Position; 2]>,
    /// The number of the ring of each edge.
    rings: Vec<u32>,
    bands: Bands,
}

impl Sorted {
    /// Sorts the edges of these rings in place of what it held.
    fn of(mut self, rings: &[Vec<Position>]) -> Self {
        self.edges.clear();
        self.rings.clear();
        for (number, ring) in rings.iter().enumerate() {
            self.edges.extend(ring.iter().zip(ring.iter().skip(1)).map(|(a, b)| [*a, *b]));
            self.rings.resize(self.edges.len(), number as u32);
        }
        self.bands.fill(&self.edges);
        self
    }

    /// How many edges there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.edges.capacity()
    }

    fn holds(&self, x: f64, y: f64) -> bool {
        let edges = self.bands.at(y).iter().map(|i| *i as usize);
        let mut inside = false;
        let (mut ring, mut winding) = (0, 0);
        for (number, [a, b]) in edges.filter_map(|i| self.rings.get(i).copied().zip(self.edges.get(i))) {
            if number != ring {
                if !decided(ring, winding, &mut inside) {
                    return false;
                }
                (ring, winding) = (number, 0);
            }
            winding += crossing(a, b, x, y);
        }
        decided(ring, winding, &mut inside) && inside
    }
}

/// Takes a ring's winding into account; false if a point cannot be inside any more.
fn decided(ring: u32, winding: i32, inside: &mut bool) -> bool {
    if ring == 0 {
        *inside = winding != 0;
        return *inside;
    }
    winding % 2 == 0
}

/// Visits the parts of a shape.
pub(crate) fn for_each_part<E>(
    shape: &Shape,
    visit: &mut dyn FnMut(Outline<'_>) -> Result<(), E>,
) -> Result<(), E> {
    match shape {
        Shape::Point(p) => visit(Outline::Point(p)),
        Shape::MultiPoint(points) => points.iter().try_for_each(|p| visit(Outline::Point(p))),
        Shape::LineString(line) => visit(Outline::Line(line)),
        Shape::MultiLineString(lines) => lines.iter().try_for_each(|line| visit(Outline::Line(line))),
        Shape::Polygon(rings) => visit(Outline::Polygon(rings)),
        Shape::MultiPolygon(polygons) => polygons.iter().try_for_each(|rings| visit(Outline::Polygon(rings))),
        Shape::GeometryCollection(shapes) => shapes.iter().try_for_each(|shape| for_each_part(shape, visit)),
    }
}

fn push_pieces(line: &[Position], pieces: &mut Vec<Piece>) {
    let mut places = line.iter().map(|p| Place::new(p.x, p.y));
    let Some(mut a) = places.next() else { return };
    if line.len() == 1 {
        pieces.push(Piece::point(a));
    }
    for b in places {
        push_short(Piece::new(a, b), pieces);
        a = b;
    }
}

fn push_short(piece: Piece, pieces: &mut Vec<Piece>) {
    if piece.is_short() {
        pieces.push(piece);
    } else {
        piece.halves().into_iter().for_each(|half| push_short(half, pieces));
    }
}

/// The circle around the box of a line's positions; None if that is wider than 180°.
///
/// From the middle of such a box the distance grows with the difference of longitude, and along its eastern side
/// (a sinusoid of latitude with at most one minimum) it is largest at an end.
fn cap(line: &[Position]) -> Option<(V3, f64)> {
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY);
    for p in line {
        (west, east) = (west.min(p.x), east.max(p.x));
        (south, north) = (south.min(p.y), north.max(p.y));
    }
    if east - west > 180.0 {
        return None;
    }
    let middle = Place::new(0.5 * (west + east), 0.5 * (south + north)).v;
    let chord = |lat: f64| square(&sub(&Place::new(east, lat).v, &middle)).sqrt();
    let chord = chord(south).max(chord(north));
    Some((middle, 2.0 * (0.5 * chord).min(1.0).asin() * (1.0 + 1e-12)))
}

/// How often a ring winds around a point that is not on it.
fn winding(ring: &[Position], x: f64, y: f64) -> i32 {
    ring.windows(2).map(|pair| if let [a, b] = pair { crossing(a, b, x, y) } else { 0 }).sum()
}

/// 1 or -1 if an edge crosses the half-line eastwards of a point, northwards or southwards.
pub(crate) fn crossing(a: &Position, b: &Position, x: f64, y: f64) -> i32 {
    if (a.y <= y) == (b.y <= y) {
        return 0;
    }
    let upwards = a.y <= y;
    let left = (b.x - a.x) * (y - a.y) - (x - a.x) * (b.y - a.y);
    match upwards {
        true if left > 0.0 => 1,
        false if left < 0.0 => -1,
        _ => 0,
    }
}
