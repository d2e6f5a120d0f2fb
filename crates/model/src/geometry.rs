//! Geometries with all the ordinates they came with (x, y, Z and M), as GeoJSON (RFC 7946 §3.1) and WKB know them.

use crate::json::{Json, Number};

/// West, south, east, north in degrees; west > east only where a box is said to cross 180°.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    /// Smallest longitude, or the western side of a box across 180°.
    pub west: f64,
    /// Smallest latitude.
    pub south: f64,
    /// Largest longitude, or the eastern side of a box across 180°.
    pub east: f64,
    /// Largest latitude.
    pub north: f64,
}

impl Bbox {
    /// A box from its sides.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Self {
        Self { west, south, east, north }
    }

    /// Longitude and latitude of the centre; None for boxes wider than 180°: what they hold mostly lies at both of their
    /// ends, around 180°, and their centre is on the far side of the Earth.
    pub fn centre(&self) -> Option<(f64, f64)> {
        let narrow = self.east - self.west <= 180.0;
        narrow.then(|| ((self.west + self.east) / 2.0, (self.south + self.north) / 2.0))
    }
}

/// A position: longitude, latitude, and the ordinates behind them (Z, then M), NaN where absent.
///
/// Two absent ordinates are equal, so that positions compare as they are meant.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    /// Longitude, degrees.
    pub x: f64,
    /// Latitude, degrees.
    pub y: f64,
    /// Height, metres, in geometries that have it.
    pub z: f64,
    /// A measure, in geometries that have it.
    pub m: f64,
}

impl Position {
    /// A position in two dimensions.
    pub fn xy(x: f64, y: f64) -> Self {
        Self { x, y, z: f64::NAN, m: f64::NAN }
    }
}

impl PartialEq for Position {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
        same(self.x, other.x) && same(self.y, other.y) && same(self.z, other.z) && same(self.m, other.m)
    }
}

/// Which ordinates the positions of a geometry have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dims {
    /// Longitude and latitude.
    Xy,
    /// And height.
    Xyz,
    /// Height and a measure.
    Xyzm,
}

/// The shape, by its OGC and GeoJSON name.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One position.
    Point(Position),
    /// Positions.
    MultiPoint(Vec<Position>),
    /// Two positions or more.
    LineString(Vec<Position>),
    /// Lines.
    MultiLineString(Vec<Vec<Position>>),
    /// The outer ring, then the holes; each closed.
    Polygon(Vec<Vec<Position>>),
    /// Polygons.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    /// Shapes of any kind.
    GeometryCollection(Vec<Shape>),
}

/// A geometry. All its positions have the same ordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    /// The shape.
    pub shape: Shape,
    /// What its positions hold.
    pub dims: Dims,
}

/// Why a JSON value is no geometry. The message names the place, e.g. `coordinates[0][3]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GeometryError(pub String);

/// A geometry read from GeoJSON.
#[derive(Debug, Clone, PartialEq)]
pub struct FromGeoJson {
    /// The geometry.
    pub geometry: Geometry,
    /// True if [`Geometry::to_geojson`] gives back the same JSON value: no foreign members, no ordinate that a double
    /// cannot hold, no mixture of dimensions.
    pub faithful: bool,
}

impl Geometry {
    /// A geometry in two dimensions.
    pub fn xy(shape: Shape) -> Self {
        Self { shape, dims: Dims::Xy }
    }

    /// True if there is no position in it at all.
    pub fn is_empty(&self) -> bool {
        let mut empty = true;
        self.positions(&mut |_| empty = false);
        empty
    }

    /// Visits every position, in order.
    pub fn positions(&self, visit: &mut dyn FnMut(&Position)) {
        shape_positions(&self.shape, visit);
    }

    /// Longitude and latitude of the first position; None when empty.
    pub fn first_position(&self) -> Option<(f64, f64)> {
        let mut first = None;
        self.positions(&mut |p| {
            first.get_or_insert((p.x, p.y));
        });
        first
    }

    /// The smallest box around it, never across 180°; None when empty or when an ordinate is NaN.
    pub fn bbox(&self) -> Option<Bbox> {
        let mut b = Bbox::new(f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
        let mut finite = true;
        self.positions(&mut |p| {
            finite &= p.x.is_finite() && p.y.is_finite();
            b = Bbox::new(b.west.min(p.x), b.south.min(p.y), b.east.max(p.x), b.north.max(p.y));
        });
        (finite && b.west <= b.east).then_some(b)
    }

    /// Reads a GeoJSON geometry object. None for null and for geometries without a position.
    ///
    /// # Errors
    /// When it is no geometry: an unknown type, coordinates of another nesting, ordinates that are no finite numbers.
    /// Whether the shape makes sense on the globe is the grid's to say.
    pub fn from_geojson(json: &Json<'_>) -> Result<Option<FromGeoJson>, GeometryError> {
        if matches!(json, Json::Null) {
            return Ok(None);
        }
        let mut reader = Reader::default();
        let shape = reader.shape(json, "geometry", 0)?;
        Ok(reader.finish(shape))
    }

    /// Appends the GeoJSON text of the geometry.
    pub fn to_geojson(&self, out: &mut String) {
        write_shape(&self.shape, self.dims, out);
    }
}

fn shape_positions(shape: &Shape, visit: &mut dyn FnMut(&Position)) {
    match shape {
        Shape::Point(p) => visit(p),
        Shape::MultiPoint(ps) | Shape::LineString(ps) => ps.iter().for_each(visit),
        Shape::MultiLineString(lines) | Shape::Polygon(lines) => lines.iter().flatten().for_each(visit),
        Shape::MultiPolygon(polygons) => polygons.iter().flatten().flatten().for_each(visit),
        Shape::GeometryCollection(shapes) => shapes.iter().for_each(|s| shape_positions(s, visit)),
    }
}

/// Collections nest; deeper than this is no geometry that anyone meant.
const MAX_NESTING: usize = 32;

/// Reads shapes, and keeps account of what their positions hold.
pub(crate) struct Reader {
    least: usize,
    most: usize,
    unfaithful: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { least: usize::MAX, most: 0, unfaithful: false }
    }
}

type Read<T> = Result<T, GeometryError>;

fn wrong<T>(path: &str, what: impl std::fmt::Display) -> Read<T> {
    Err(GeometryError(format!("{path}: {what}")))
}

impl Reader {
    fn shape(&mut self, json: &Json<'_>, path: &str, depth: usize) -> Read<Shape> {
        let Json::Object(members) = json else {
            return wrong(path, format_args!("expected an object, found {}", json.kind()));
        };
        if depth > MAX_NESTING {
            return wrong(path, "collections are nested too deeply");
        }
        let Some(Json::String(kind)) = json.get("type") else { return wrong(path, "has no type") };
        let (member, known) =
            if kind == "GeometryCollection" { ("geometries", 2) } else { ("coordinates", 2) };
        self.unfaithful |= members.len() != known;
        let Some(value) = json.get(member) else {
            return wrong(path, format_args!("a {kind} without {member}"));
        };
        let path = &format!("{path}.{member}");
        // An empty coordinates array stands for an empty geometry of any type (RFC 7946 §3.1).
        Ok(match &**kind {
            "Point" if matches!(value, Json::Array(a) if a.is_empty()) => Shape::MultiPoint(Vec::new()),
            "Point" => Shape::Point(self.position(value, path)?),
            "MultiPoint" => Shape::MultiPoint(self.line(value, path)?),
            "LineString" => Shape::LineString(self.line(value, path)?),
            "MultiLineString" => Shape::MultiLineString(self.lines(value, path)?),
            "Polygon" => Shape::Polygon(self.lines(value, path)?),
            "MultiPolygon" => Shape::MultiPolygon(self.many(value, path, |reader, v, p| reader.lines(v, p))?),
            "GeometryCollection" => Shape::GeometryCollection(
                self.many(value, path, |reader, v, p| reader.shape(v, p, depth + 1))?,
            ),
            _ => return wrong(path, format_args!("unknown geometry type {kind:?}")),
        })
    }

    fn many<T>(
        &mut self,
        json: &Json<'_>,
        path: &str,
        read: impl Fn(&mut Self, &Json<'_>, &str) -> Read<T>,
    ) -> Read<Vec<T>> {
        let Json::Array(values) = json else {
            return wrong(path, format_args!("expected an array, found {}", json.kind()));
        };
        let mut out = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            out.push(read(self, value, path).map_err(|e| index(e, path, i))?);
        }
        Ok(out)
    }

    fn lines(&mut self, json: &Json<'_>, path: &str) -> Read<Vec<Vec<Position>>> {
        self.many(json, path, |reader, v, p| reader.line(v, p))
    }

    fn line(&mut self, json: &Json<'_>, path: &str) -> Read<Vec<Position>> {
        self.many(json, path, |reader, v, p| reader.position(v, p))
    }

    fn position(&mut self, json: &Json<'_>, path: &str) -> Read<Position> {
        let Json::Array(values) = json else {
            return wrong(path, format_args!("expected a position, found {}", json.kind()));
        };
        if values.len() < 2 {
            return wrong(path, format_args!("a position of {} numbers", values.len()));
        }
        let mut ordinates = [f64::NAN; 4];
        for (value, ordinate) in values.iter().zip(&mut ordinates) {
            let Json::Number(number) = value else {
                return wrong(path, format_args!("expected a number, found {}", value.kind()));
            };
            *ordinate = self.ordinate(number, path)?;
        }
        Ok(self.positioned(ordinates, values.len()))
    }

    fn ordinate(&mut self, number: &Number<'_>, path: &str) -> Read<f64> {
        match self.finite(number) {
            Some(value) => Ok(value),
            None => wrong(path, format_args!("{} is out of range", number.text())),
        }
    }

    /// The value of an ordinate; None where it is too large for a double.
    pub(crate) fn finite(&mut self, number: &Number<'_>) -> Option<f64> {
        self.unfaithful |= !number.is_exact();
        Some(number.as_f64()).filter(|value| value.is_finite())
    }

    /// A position of so many ordinates, of which no more than four are kept.
    pub(crate) fn positioned(&mut self, [x, y, z, m]: [f64; 4], count: usize) -> Position {
        self.least = self.least.min(count);
        self.most = self.most.max(count);
        self.unfaithful |= count > 4;
        Position { x, y, z, m }
    }

    /// The geometry of a shape that was read; None where it has no position.
    pub(crate) fn finish(self, shape: Shape) -> Option<FromGeoJson> {
        let dims = match self.most {
            4.. => Dims::Xyzm,
            3 => Dims::Xyz,
            _ => Dims::Xy,
        };
        let geometry = Geometry { shape, dims };
        let faithful = !self.unfaithful && self.least == self.most;
        (!geometry.is_empty()).then_some(FromGeoJson { geometry, faithful })
    }
}

/// Puts the index behind the path that the inner message begins with.
fn index(error: GeometryError, path: &str, i: usize) -> GeometryError {
    match error.0.strip_prefix(path) {
        Some(rest) => GeometryError(format!("{path}[{i}]{rest}")),
        None => error,
    }
}

fn write_shape(shape: &Shape, dims: Dims, out: &mut String) {
    let kind = match shape {
        Shape::Point(_) => "Point",
        Shape::MultiPoint(_) => "MultiPoint",
        Shape::LineString(_) => "LineString",
        Shape::MultiLineString(_) => "MultiLineString",
        Shape::Polygon(_) => "Polygon",
        Shape::MultiPolygon(_) => "MultiPolygon",
        Shape::GeometryCollection(_) => "GeometryCollection",
    };
    out.push_str("{\"type\":\"");
    out.push_str(kind);
    out.push_str(if kind == "GeometryCollection" { "\",\"geometries\":" } else { "\",\"coordinates\":" });
    match shape {
        Shape::Point(p) => write_position(p, dims, out),
        Shape::MultiPoint(ps) | Shape::LineString(ps) => write_line(ps, dims, out),
        Shape::MultiLineString(lines) | Shape::Polygon(lines) => write_lines(lines, dims, out),
        Shape::MultiPolygon(polygons) => write_all(polygons, out, |lines, out| write_lines(lines, dims, out)),
        Shape::GeometryCollection(shapes) => {
            write_all(shapes, out, |shape, out| write_shape(shape, dims, out))
        }
    }
    out.push('}');
}

fn write_all<T>(values: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    out.push('[');
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(value, out);
    }
    out.push(']');
}

fn write_lines(lines: &[Vec<Position>], dims: Dims, out: &mut String) {
    write_all(lines, out, |line, out| write_line(line, dims, out));
}

fn write_line(line: &[Position], dims: Dims, out: &mut String) {
    write_all(line, out, |p, out| write_position(p, dims, out));
}

fn write_position(p: &Position, dims: Dims, out: &mut String) {
    let ordinates = [p.x, p.y, p.z, p.m];
    let count = match dims {
        Dims::Xy => 2,
        Dims::Xyz => 3,
        Dims::Xyzm => 4,
    };
    write_all(ordinates.get(..count).unwrap_or_default(), out, |v, out| crate::json::write_f64(*v, out));
}

#[cfg(test)]
#[path = "geometry_tests.rs"]
mod tests;
