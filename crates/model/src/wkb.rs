//! ISO WKB (ISO/IEC 13249-3, as GeoParquet 1.1 asks): Z is 1000, M 2000, ZM 3000 above the plain type numbers.

use crate::geometry::{Dims, Geometry, Position, Shape};

/// Bytes that are no WKB geometry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a WKB geometry: {0} at byte {1}")]
pub struct WkbError(pub &'static str, pub usize);

impl Geometry {
    /// The geometry as little-endian ISO WKB.
    pub fn to_wkb(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        write_shape(&self.shape, self.dims, &mut out);
        out
    }

    /// Reads ISO WKB (and EWKB's flags for Z, M and SRID) of either byte order.
    ///
    /// # Errors
    /// When the bytes are no geometry of a type GeoJSON knows, or end too early. M without Z is read and dropped.
    pub fn from_wkb(bytes: &[u8]) -> Result<Self, WkbError> {
        let mut reader = Reader { bytes, at: 0, dims: Dims::Xy };
        let shape = reader.shape(0)?;
        if reader.at != bytes.len() {
            return Err(WkbError("bytes behind the geometry", reader.at));
        }
        Ok(Self { shape, dims: reader.dims })
    }
}

fn write_shape(shape: &Shape, dims: Dims, out: &mut Vec<u8>) {
    let kind = match shape {
        Shape::Point(_) => 1u32,
        Shape::LineString(_) => 2,
        Shape::Polygon(_) => 3,
        Shape::MultiPoint(_) => 4,
        Shape::MultiLineString(_) => 5,
        Shape::MultiPolygon(_) => 6,
        Shape::GeometryCollection(_) => 7,
    };
    header(kind, dims, out);
    match shape {
        Shape::Point(p) => position(p, dims, out),
        Shape::LineString(ps) => line(ps, dims, out),
        Shape::Polygon(rings) => lines(rings, dims, out),
        Shape::MultiPoint(ps) => {
            count(ps.len(), out);
            for p in ps {
                header(1, dims, out);
                position(p, dims, out);
            }
        }
        Shape::MultiLineString(parts) => {
            count(parts.len(), out);
            for part in parts {
                header(2, dims, out);
                line(part, dims, out);
            }
        }
        Shape::MultiPolygon(polygons) => {
            count(polygons.len(), out);
            for rings in polygons {
                header(3, dims, out);
                lines(rings, dims, out);
            }
        }
        Shape::GeometryCollection(shapes) => {
            count(shapes.len(), out);
            shapes.iter().for_each(|s| write_shape(s, dims, out));
        }
    }
}

fn header(kind: u32, dims: Dims, out: &mut Vec<u8>) {
    let offset = match dims {
        Dims::Xy => 0,
        Dims::Xyz => 1000,
        Dims::Xyzm => 3000,
    };
    out.push(1);
    out.extend_from_slice(&(kind + offset).to_le_bytes());
}

fn count(n: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
}

fn lines(parts: &[Vec<Position>], dims: Dims, out: &mut Vec<u8>) {
    count(parts.len(), out);
    parts.iter().for_each(|part| line(part, dims, out));
}

fn line(ps: &[Position], dims: Dims, out: &mut Vec<u8>) {
    count(ps.len(), out);
    ps.iter().for_each(|p| position(p, dims, out));
}

fn position(p: &Position, dims: Dims, out: &mut Vec<u8>) {
    let mut ordinate = |v: f64| out.extend_from_slice(&v.to_le_bytes());
    ordinate(p.x);
    ordinate(p.y);
    if dims != Dims::Xy {
        ordinate(p.z);
    }
    if dims == Dims::Xyzm {
        ordinate(p.m);
    }
}

/// Collections in collections: as deep as GeoJSON is read.
const MAX_NESTING: usize = 64;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    dims: Dims,
}

#[derive(Clone, Copy)]
struct Head {
    little: bool,
    kind: u32,
    z: bool,
    m: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let chunk = rest.first_chunk::<N>().ok_or(WkbError("it ends too early", self.at))?;
        self.at += N;
        Ok(*chunk)
    }

    fn u32(&mut self, little: bool) -> Result<u32, WkbError> {
        let bytes = self.take()?;
        Ok(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(&mut self, little: bool) -> Result<f64, WkbError> {
        let bytes = self.take()?;
        Ok(if little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn head(&mut self) -> Result<Head, WkbError> {
        let at = self.at;
        let little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return Err(WkbError("no byte order", at)),
        };
        let word = self.u32(little)?;
        if word & 0x2000_0000 != 0 {
            self.u32(little)?;
        }
        let code = word & 0x0fff_ffff;
        let (thousands, kind) = (code / 1000, code % 1000);
        let z = word & 0x8000_0000 != 0 || matches!(thousands, 1 | 3);
        let m = word & 0x4000_0000 != 0 || matches!(thousands, 2 | 3);
        if thousands > 3 || !(1..=7).contains(&kind) {
            return Err(WkbError("an unknown geometry type", at));
        }
        self.dims = match (z, m) {
            (true, true) => Dims::Xyzm,
            (true, false) => Dims::Xyz,
            _ => Dims::Xy,
        };
        Ok(Head { little, kind, z, m })
    }

    /// How many things of at least `size` bytes follow; more than there is room for is an error, not an allocation.
    fn count(&mut self, head: Head, size: usize) -> Result<usize, WkbError> {
        let at = self.at;
        let n = self.u32(head.little)? as usize;
        let room = self.bytes.len().saturating_sub(self.at) / size;
        if n > room { Err(WkbError("a count beyond its end", at)) } else { Ok(n) }
    }

    fn shape(&mut self, depth: usize) -> Result<Shape, WkbError> {
        if depth > MAX_NESTING {
            return Err(WkbError("collections are nested too deeply", self.at));
        }
        let head = self.head()?;
        Ok(match head.kind {
            1 => Shape::Point(self.position(head)?),
            2 => Shape::LineString(self.line(head)?),
            3 => Shape::Polygon(self.lines(head)?),
            4 => Shape::MultiPoint(self.parts(head, 21, |reader, head| reader.position(head))?),
            5 => Shape::MultiLineString(self.parts(head, 9, |reader, head| reader.line(head))?),
            6 => Shape::MultiPolygon(self.parts(head, 9, |reader, head| reader.lines(head))?),
            _ => {
                let n = self.count(head, 9)?;
                let shapes: Result<_, _> = (0..n).map(|_| self.shape(depth + 1)).collect();
                Shape::GeometryCollection(shapes?)
            }
        })
    }

    fn parts<T>(
        &mut self,
        head: Head,
        size: usize,
        read: impl Fn(&mut Self, Head) -> Result<T, WkbError>,
    ) -> Result<Vec<T>, WkbError> {
        let n = self.count(head, size)?;
        let expected = head.kind - 3;
        (0..n)
            .map(|_| {
                let at = self.at;
                let part = self.head()?;
                if part.kind == expected {
                    read(self, part)
                } else {
                    Err(WkbError("a part of another type", at))
                }
            })
            .collect()
    }

    fn lines(&mut self, head: Head) -> Result<Vec<Vec<Position>>, WkbError> {
        let n = self.count(head, 4)?;
        (0..n).map(|_| self.line(head)).collect()
    }

    fn line(&mut self, head: Head) -> Result<Vec<Position>, WkbError> {
        let n = self.count(head, 16)?;
        (0..n).map(|_| self.position(head)).collect()
    }

    fn position(&mut self, head: Head) -> Result<Position, WkbError> {
        let mut p = Position::xy(self.f64(head.little)?, self.f64(head.little)?);
        if head.z {
            p.z = self.f64(head.little)?;
        }
        if head.m {
            p.m = self.f64(head.little)?;
        }
        Ok(p)
    }
}
