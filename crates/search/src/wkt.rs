//! A reader of Well-Known Text (OGC 06-103r4, "Well-known Text Representation for Geometry"), for geometries to search by.
//!
//! A search is on the plane: Z and M are read and dropped, and `SRID=4326;` before the text is taken (longitude first).
//! It is smaller than what it takes to turn the types of a library for it into ours.

use earthcatalog_model::Geometry;
use earthcatalog_model::geometry::{Position, Shape};

/// Collections in collections, deeper than anyone means.
const MAX_NESTING: usize = 32;

type Read<T> = Result<T, String>;

/// Reads one geometry. The message of an error names the place.
pub(crate) fn parse(text: &str) -> Read<Geometry> {
    let mut reader = Reader { whole: text, rest: text };
    reader.srid()?;
    let shape = reader.shape(0)?;
    reader.space();
    if reader.rest.is_empty() { Ok(Geometry::xy(shape)) } else { reader.wrong("nothing more") }
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, expected: &str) -> Read<T> {
        let at = self.whole.len() - self.rest.len();
        let found: String = self.rest.chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("{found:?}") };
        Err(format!("expected {expected} at character {}, found {found}", at + 1))
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take_while(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        self.space();
        let end = self.rest.find(|c| !good(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }

    fn word(&mut self) -> String {
        self.take_while(|c| c.is_ascii_alphabetic()).to_ascii_uppercase()
    }

    /// Takes the character if it is next.
    fn next_is(&mut self, c: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn demand(&mut self, c: char) -> Read<()> {
        if self.next_is(c) { Ok(()) } else { self.wrong(&format!("{c:?}")) }
    }

    fn srid(&mut self) -> Read<()> {
        self.space();
        let Some(("SRID", _)) = self.rest.split_at_checked(4) else { return Ok(()) };
        let Some((srid, rest)) = self.rest.split_once(';') else { return self.wrong("SRID=4326;") };
        if !matches!(srid.trim(), "SRID=4326") {
            return self.wrong("SRID=4326; (degrees)");
        }
        self.rest = rest;
        Ok(())
    }

    fn shape(&mut self, depth: usize) -> Read<Shape> {
        let before = self.rest;
        let word = self.word();
        let kind = word.strip_suffix("ZM").or(word.strip_suffix(['Z', 'M'])).unwrap_or(&word);
        let empty = self.tag()?;
        if depth > MAX_NESTING {
            return self.wrong("fewer collections in collections");
        }
        Ok(match kind {
            "POINT" if empty => Shape::MultiPoint(Vec::new()),
            "POINT" => Shape::Point(self.parenthesised(Self::position)?),
            "MULTIPOINT" => Shape::MultiPoint(self.list(empty, Self::point)?),
            "LINESTRING" => Shape::LineString(self.list(empty, Self::position)?),
            "MULTILINESTRING" => Shape::MultiLineString(self.list(empty, Self::line)?),
            "POLYGON" => Shape::Polygon(self.list(empty, Self::line)?),
            "MULTIPOLYGON" => Shape::MultiPolygon(self.list(empty, Self::lines)?),
            "GEOMETRYCOLLECTION" => {
                Shape::GeometryCollection(self.list(empty, |reader| reader.shape(depth + 1))?)
            }
            _ => {
                self.rest = before;
                return self.wrong("a geometry such as POINT, POLYGON or MULTIPOLYGON");
            }
        })
    }

    /// What may stand between a type and its coordinates; true for `EMPTY`.
    fn tag(&mut self) -> Read<bool> {
        let before = self.rest;
        let mut word = self.word();
        if matches!(word.as_str(), "Z" | "M" | "ZM") {
            word = self.word();
        }
        match word.as_str() {
            "" => Ok(false),
            "EMPTY" => Ok(true),
            _ => {
                self.rest = before;
                self.wrong("Z, M, ZM, EMPTY or \"(\"")
            }
        }
    }

    fn parenthesised<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<T> {
        self.demand('(')?;
        let value = read(self)?;
        self.demand(')')?;
        Ok(value)
    }

    fn list<T>(&mut self, empty: bool, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        if empty {
            return Ok(Vec::new());
        }
        self.parenthesised(|reader| {
            let mut values = vec![read(reader)?];
            while reader.next_is(',') {
                values.push(read(reader)?);
            }
            Ok(values)
        })
    }

    fn lines(&mut self) -> Read<Vec<Vec<Position>>> {
        self.list(false, Self::line)
    }

    fn line(&mut self) -> Read<Vec<Position>> {
        self.list(false, Self::position)
    }

    /// A point of a MULTIPOINT: in parentheses by the standard, without by habit.
    fn point(&mut self) -> Read<Position> {
        self.space();
        if self.rest.starts_with('(') { self.parenthesised(Self::position) } else { self.position() }
    }

    fn position(&mut self) -> Read<Position> {
        let position = Position::xy(self.number()?, self.number()?);
        for _ in 0..2 {
            self.space();
            if self.rest.starts_with(|c| !matches!(c, ',' | ')')) {
                self.number()?;
            }
        }
        Ok(position)
    }

    fn number(&mut self) -> Read<f64> {
        let before = self.rest;
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => {
                self.rest = before.trim_start();
                self.wrong("a number")
            }
        }
    }
}

#[cfg(test)]
#[path = "wkt_tests.rs"]
mod tests;
