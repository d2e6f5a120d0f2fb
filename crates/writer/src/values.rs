//! Arrow arrays as JSON values, whatever engine chose the Arrow types.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, ListArray,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use earthcatalog_model::json::{write_f64, write_str};
use earthcatalog_model::{Geometry, Json, Timestamp};

use crate::error::{Error, Result};
use crate::patch::{Said, read};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A column of JSON values.
pub(crate) enum Values {
    Boolean(BooleanArray),
    Double(Float64Array),
    Long(Int64Array),
    Int(Int32Array),
    Date(Date32Array),
    Instant(TimestampMicrosecondArray),
    String(StringArray),
    Json(StringArray),
    Struct(StructArray, Vec<Named>),
    List(ListArray, Box<Values>),
    /// Geometries as WKB.
    Geometry(BinaryArray),
    /// What JSON has no form for: read as null.
    Nothing,
}

/// A member of a struct.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) values: Values,
}

impl Values {
    /// Reads an array.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self> {
        let Some(array) = plain(array)? else { return Ok(Self::Nothing) };
        Ok(match array.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Int64 => Self::Long(array.as_primitive::<Int64Type>().clone()),
            DataType::Int32 => Self::Int(array.as_primitive::<Int32Type>().clone()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(..) => {
                Self::Instant(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            DataType::Utf8 => Self::String(array.as_string::<i32>().clone()),
            DataType::Binary => Self::Geometry(array.as_binary::<i32>().clone()),
            DataType::Struct(fields) => {
                let array = array.as_struct().clone();
                let member = |(field, column): (&arrow_schema::FieldRef, &ArrayRef)| {
                    Ok(Named { name: field.name().clone(), values: Self::new(column)? })
                };
                let members: Result<Vec<_>> = fields.iter().zip(array.columns()).map(member).collect();
                Self::Struct(array, members?)
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>().clone();
                let element = Self::new(list.values())?;
                Self::List(list, Box::new(element))
            }
            _ => Self::Nothing,
        })
    }

    /// Reads an array of JSON texts; as another array if it holds no text.
    pub(crate) fn json(array: &ArrayRef) -> Result<Self> {
        Ok(match Self::new(array)? {
            Self::String(texts) => Self::Json(texts),
            other => other,
        })
    }

    /// True for instants.
    pub(crate) fn is_instant(&self) -> bool {
        matches!(self, Self::Instant(_))
    }

    /// True if there is no value in that row.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Boolean(a) => a.is_null(row),
            Self::Double(a) => a.is_null(row) || !a.value(row).is_finite(),
            Self::Long(a) => a.is_null(row),
            Self::Int(a) => a.is_null(row),
            Self::Date(a) => a.is_null(row),
            Self::Instant(a) => a.is_null(row),
            Self::String(a) | Self::Json(a) => a.is_null(row),
            Self::Struct(a, _) => a.is_null(row),
            Self::List(a, _) => a.is_null(row),
            Self::Geometry(a) => geometry(a, row).is_none(),
            Self::Nothing => true,
        }
    }

    /// The text, where this is a column of texts.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::String(a) | Self::Json(a) if a.is_valid(row) => Some(a.value(row)),
            _ => None,
        }
    }

    /// The instant, where this is a column of instants.
    pub(crate) fn instant(&self, row: usize) -> Option<Timestamp> {
        match self {
            Self::Instant(a) if a.is_valid(row) => Timestamp::from_micros(a.value(row)),
            _ => None,
        }
    }

    /// The number, where this is a column of doubles.
    pub(crate) fn double(&self, row: usize) -> Option<f64> {
        match self {
            Self::Double(a) if a.is_valid(row) => Some(a.value(row)),
            _ => None,
        }
    }

    /// A member of a struct.
    pub(crate) fn member(&self, name: &str) -> Option<&Values> {
        let Self::Struct(_, members) = self else { return None };
        members.iter().find(|m| m.name == name).map(|m| &m.values)
    }

    /// Appends the value of a row, with what a patch says of its parts.
    pub(crate) fn write(&self, row: usize, within: Option<&Json<'_>>, out: &mut String) {
        if self.is_null(row) {
            return out.push_str("null");
        }
        match self {
            Self::Boolean(a) => out.push_str(if a.value(row) { "true" } else { "false" }),
            Self::Double(a) => write_f64(a.value(row), out),
            Self::Long(a) => out.push_str(&a.value(row).to_string()),
            Self::Int(a) => out.push_str(&a.value(row).to_string()),
            Self::Date(a) => write_date(a.value(row), out),
            Self::Instant(a) => write_instant(a.value(row), out),
            Self::String(a) => write_str(a.value(row), out),
            Self::Json(a) => write_json(a.value(row), out),
            Self::Struct(_, members) => {
                let mut object = Object::begin(out, within);
                for member in members {
                    let there = !member.values.is_null(row);
                    object.member(&member.name, there, |within, out| member.values.write(row, within, out));
                }
                object.end();
            }
            Self::List(list, element) => write_list(list, element, row, within, out),
            Self::Geometry(a) => match geometry(a, row) {
                Some(geometry) => geometry.to_geojson(out),
                None => out.push_str("null"),
            },
            Self::Nothing => out.push_str("null"),
        }
    }
}

/// What is no WKB has no form in JSON.
fn geometry(column: &BinaryArray, row: usize) -> Option<Geometry> {
    Some(column).filter(|c| c.is_valid(row)).and_then(|c| Geometry::from_wkb(c.value(row)).ok())
}

fn write_list(list: &ListArray, element: &Values, row: usize, within: Option<&Json<'_>>, out: &mut String) {
    let offsets = list.value_offsets();
    let start = offsets.get(row).map_or(0, |o| *o as usize);
    let end = offsets.get(row + 1).map_or(0, |o| *o as usize);
    out.push('[');
    for (i, at) in (start..end).enumerate() {
        if i > 0 {
            out.push(',');
        }
        match within.and_then(|w| w.get(&i.to_string())).map(read) {
            None => element.write(at, None, out),
            Some(Said::Within(node)) if !element.is_null(at) => element.write(at, Some(node), out),
            Some(Said::Within(node)) => write_made(node, out),
            Some(Said::Value(value)) => value.write(out),
            Some(Said::Text(text)) => out.push_str(text),
            Some(Said::Removed) => out.push_str("null"),
        }
    }
    out.push(']');
}

/// An object that a patch makes where the columns have none.
fn write_made(node: &Json<'_>, out: &mut String) {
    Object::begin(out, Some(node)).end();
}

/// A JSON object being written: the columns' members, and a patch over them.
pub(crate) struct Object<'o, 'p, 'a> {
    out: &'o mut String,
    patch: Option<&'p Json<'a>>,
    /// Members of the patch that a column has, by their place; the rest follow at the end.
    met: Vec<bool>,
    first: bool,
}

impl<'o, 'p, 'a> Object<'o, 'p, 'a> {
    pub(crate) fn begin(out: &'o mut String, patch: Option<&'p Json<'a>>) -> Self {
        out.push('{');
        let members = patch.and_then(Json::members).map_or(0, <[_]>::len);
        Self { out, patch, met: vec![false; members], first: true }
    }

    /// A member that has a column; `there` if the column has a value.
    pub(crate) fn member(
        &mut self,
        name: &str,
        there: bool,
        write: impl FnOnce(Option<&Json<'_>>, &mut String),
    ) {
        let said = self.take(name);
        if matches!(said, Some(Said::Removed)) || (said.is_none() && !there) {
            return;
        }
        self.key(name);
        match said {
            Some(Said::Value(value)) => value.write(self.out),
            Some(Said::Text(text)) => self.out.push_str(text),
            Some(Said::Within(node)) if !there => write_made(node, self.out),
            Some(Said::Within(node)) => write(Some(node), self.out),
            _ => write(None, self.out),
        }
    }

    /// The members that only the patch has, and the closing brace.
    pub(crate) fn end(mut self) {
        let members = self.patch.and_then(Json::members).unwrap_or_default();
        let met = std::mem::take(&mut self.met);
        for ((name, node), _) in members.iter().zip(met).filter(|(_, met)| !met) {
            match read(node) {
                Said::Removed => {}
                Said::Value(value) => {
                    self.key(name);
                    value.write(self.out);
                }
                Said::Text(text) => {
                    self.key(name);
                    self.out.push_str(text);
                }
                Said::Within(node) => {
                    self.key(name);
                    write_made(node, self.out);
                }
            }
        }
        self.out.push('}');
    }

    fn take(&mut self, name: &str) -> Option<Said<'p, 'a>> {
        let members = self.patch.and_then(Json::members)?;
        let at = members.iter().position(|(n, _)| n == name)?;
        if let Some(met) = self.met.get_mut(at) {
            *met = true;
        }
        members.get(at).map(|(_, node)| read(node))
    }

    fn key(&mut self, name: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        write_str(name, self.out);
        self.out.push(':');
    }
}

fn write_date(day: i32, out: &mut String) {
    let date = Timestamp::from_micros(i64::from(day) * MICROS_PER_DAY).map(|t| t.to_string());
    match date.as_deref().and_then(|text| text.get(..10)) {
        Some(text) => write_str(text, out),
        None => out.push_str("null"),
    }
}

fn write_instant(micros: i64, out: &mut String) {
    match Timestamp::from_micros(micros) {
        Some(instant) => write_str(&instant.to_string(), out),
        None => out.push_str("null"),
    }
}

/// JSON text that others wrote may be no JSON: then it is a text.
fn write_json(text: &str, out: &mut String) {
    match Json::parse(text.as_bytes()) {
        Ok(json) => json.write(out),
        Err(_) => write_str(text, out),
    }
}

/// The same values in the one type of their kind that is read here; None for types that JSON cannot say.
fn plain(array: &ArrayRef) -> Result<Option<ArrayRef>> {
    use DataType as D;
    let to = match array.data_type() {
        D::Boolean | D::Float64 | D::Int64 | D::Int32 | D::Date32 | D::Utf8 | D::Binary => {
            return Ok(Some(array.clone()));
        }
        D::Struct(_) | D::List(_) => return Ok(Some(array.clone())),
        D::Timestamp(TimeUnit::Microsecond, _) => return Ok(Some(array.clone())),
        D::Timestamp(_, zone) => D::Timestamp(TimeUnit::Microsecond, zone.clone()),
        D::Date64 => D::Date32,
        D::Int8 | D::Int16 | D::UInt8 | D::UInt16 => D::Int32,
        D::UInt32 | D::UInt64 => D::Int64,
        D::Float16 | D::Float32 | D::Decimal128(..) => D::Float64,
        D::LargeUtf8 | D::Utf8View => D::Utf8,
        D::LargeBinary | D::BinaryView => D::Binary,
        D::LargeList(field) | D::ListView(field) | D::FixedSizeList(field, _) => D::List(field.clone()),
        D::Dictionary(_, value) if matches!(**value, D::Utf8 | D::LargeUtf8) => D::Utf8,
        _ => return Ok(None),
    };
    let cast = arrow_cast::cast(array, &to);
    cast.map(Some).map_err(|e| Error::Content { message: e.to_string() })
}
