//! Columns as they fill: values go straight from JSON text into the buffers that Arrow arrays are made of.
//!
//! Nulls are written late: a value says which slot it is for, and the slots before it that nobody filled become null.
//! A column of which no item has anything costs nothing until the end.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, ListArray,
    StringArray, StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field as ArrowField};
use earthcatalog_model::json::{Kind as Value, Number, Walk};
use earthcatalog_model::{Field, Timestamp, Type};

use crate::error::{Error, Result};
use crate::patch::{Patch, Step};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A column, or a part of one, being filled.
pub(crate) struct Column<'s> {
    name: &'s str,
    /// Slots that there will probably be.
    room: usize,
    len: usize,
    nulls: usize,
    valid: BooleanBufferBuilder,
    data: Data<'s>,
}

enum Data<'s> {
    Boolean(BooleanBufferBuilder),
    Double(Vec<f64>),
    Long(Vec<i64>),
    Int(Vec<i32>),
    Date(Vec<i32>),
    Instant(Vec<i64>),
    String(Bytes),
    /// JSON text of values of any kind.
    Json(Bytes),
    Binary(Bytes),
    Struct(Level<'s>),
    List {
        ends: Vec<i32>,
        element: Box<Column<'s>>,
    },
}

/// What a column holds, as far as columns with a meaning of their own are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Binary,
    Instant,
    Struct,
    Other,
}

/// The columns of a struct.
struct Level<'s> {
    columns: Vec<Column<'s>>,
    guess: Guess,
}

/// Which column the member at each position had in the item before: items of one kind have one order.
#[derive(Default)]
pub(crate) struct Guess(Vec<usize>);

#[derive(Default)]
struct Bytes {
    /// Where each value ends, in bytes; before them where the first begins.
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

/// Bytes of texts that are allocated at once on the strength of one that was seen.
const MOST_AHEAD: usize = 1 << 18;

impl Guess {
    /// The column named `name`, for the member at `position`.
    pub(crate) fn find(&mut self, position: usize, name: &str, columns: &[Column<'_>]) -> Option<usize> {
        let guess = self.0.get(position).copied();
        if let Some(i) = guess
            && columns.get(i).is_some_and(|c| c.name == name)
        {
            return guess;
        }
        let found = columns.iter().position(|c| c.name == name)?;
        if self.0.len() <= position {
            self.0.resize(position + 1, usize::MAX);
        }
        if let Some(place) = self.0.get_mut(position) {
            *place = found;
        }
        Some(found)
    }
}

impl<'s> Column<'s> {
    /// An empty column for values of this field, in so many slots if they are not more.
    pub(crate) fn new(field: &'s Field, room: usize) -> Self {
        Self::of(&field.name, room, Data::new(&field.ty, room))
    }

    /// An empty column of JSON text.
    pub(crate) fn json(field: &'s Field, room: usize) -> Self {
        Self::of(&field.name, room, Data::Json(Bytes::default()))
    }

    fn of(name: &'s str, room: usize, data: Data<'s>) -> Self {
        Self { name, room, len: 0, nulls: 0, valid: BooleanBufferBuilder::new(0), data }
    }

    /// Stores the next value in a slot, as far as the type can hold it; the rest is told to the patch. None if the text
    /// is no JSON, or the slot has a value already.
    pub(crate) fn put<'a>(&mut self, slot: usize, walk: &mut Walk<'a>, patch: &mut Patch<'a>) -> Option<()> {
        if self.len > slot {
            return None;
        }
        let start = walk.place();
        if self.take(slot, walk, patch)? { Some(()) } else { patch.set(walk.since(start)) }
    }

    /// Goes past a value; false if it is not stored, or not as it is.
    fn take<'a>(&mut self, slot: usize, walk: &mut Walk<'a>, patch: &mut Patch<'a>) -> Option<bool> {
        Some(match (&mut self.data, walk.kind()?) {
            (Data::String(_), Value::String) => self.text(slot, walk.string()?.as_bytes()),
            (Data::Double(_) | Data::Long(_) | Data::Int(_), Value::Number) => {
                self.number(slot, &walk.number()?)
            }
            (Data::Instant(_) | Data::Date(_), Value::String) => self.instant(slot, &walk.string()?),
            (Data::Struct(_), Value::Object) => self.structure(slot, walk, patch)?,
            (Data::List { .. }, Value::Array) => self.list(slot, walk, patch)?,
            (Data::Boolean(_), Value::Bool) => self.boolean(slot, walk.bool()?),
            (Data::Json(_), kind) if kind != Value::Null => {
                let mut text = String::new();
                walk.copy(&mut text)?;
                self.text(slot, text.as_bytes())
            }
            _ => {
                walk.skip()?;
                false
            }
        })
    }

    fn structure<'a>(&mut self, slot: usize, walk: &mut Walk<'a>, patch: &mut Patch<'a>) -> Option<bool> {
        self.begin(slot);
        let Data::Struct(level) = &mut self.data else { return None };
        let mut position = 0;
        walk.members(|walk, name| {
            let column = level.guess.find(position, &name, &level.columns);
            position += 1;
            patch.enter(Step::Member(name));
            match column.and_then(|at| level.columns.get_mut(at)) {
                Some(column) => column.put(slot, walk, patch)?,
                None => patch.set(walk.skip()?)?,
            }
            patch.leave();
            Some(())
        })?;
        Some(true)
    }

    fn list<'a>(&mut self, slot: usize, walk: &mut Walk<'a>, patch: &mut Patch<'a>) -> Option<bool> {
        self.begin(slot);
        let Data::List { ends, element } = &mut self.data else { return None };
        let (place, mark, start) = (walk.place(), patch.mark(), element_end(ends));
        let mut odd = 0;
        let count = walk.elements(|walk, i| {
            if walk.kind()? == Value::Null {
                return walk.skip().map(drop);
            }
            let before = patch.mark();
            patch.enter(Step::Element(i));
            element.put(start + i, walk, patch)?;
            patch.leave();
            odd += usize::from(!before.is(patch.mark()));
            Some(())
        })?;
        element.pad(start + count);
        ends.push(i32::try_from(start + count).unwrap_or(i32::MAX));
        if odd * 2 > count {
            patch.replace(mark, walk.since(place))?;
        }
        Some(true)
    }

    fn number(&mut self, slot: usize, number: &Number<'_>) -> bool {
        match self.data {
            Data::Double(_) => {
                let value = number.as_f64();
                value.is_finite() && {
                    self.double(slot, value);
                    number.is_exact()
                }
            }
            Data::Long(_) => number.as_i64().is_some_and(|value| self.long(slot, value)),
            _ => {
                number.as_i64().and_then(|v| i32::try_from(v).ok()).is_some_and(|value| self.int(slot, value))
            }
        }
    }

    /// False if the text is not what will be made of the instant again.
    fn instant(&mut self, slot: usize, text: &str) -> bool {
        let Ok(instant) = Timestamp::parse(text) else { return false };
        if let Data::Date(_) = self.data {
            let day = i32::try_from(instant.micros().div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX);
            return text.len() == 10 && self.int(slot, day);
        }
        self.long(slot, instant.micros());
        instant.is_canonical(text)
    }

    /// A text, or bytes.
    pub(crate) fn text(&mut self, slot: usize, text: &[u8]) -> bool {
        self.begin(slot);
        let ahead = self.room.saturating_sub(slot);
        if let Data::String(bytes) | Data::Json(bytes) | Data::Binary(bytes) = &mut self.data {
            bytes.push(text, ahead);
        }
        true
    }

    pub(crate) fn double(&mut self, slot: usize, value: f64) {
        self.begin(slot);
        if let Data::Double(values) = &mut self.data {
            values.push(value);
        }
    }

    /// A long, or microseconds.
    pub(crate) fn long(&mut self, slot: usize, value: i64) -> bool {
        self.begin(slot);
        if let Data::Long(values) | Data::Instant(values) = &mut self.data {
            values.push(value);
        }
        true
    }

    fn int(&mut self, slot: usize, value: i32) -> bool {
        self.begin(slot);
        if let Data::Int(values) | Data::Date(values) = &mut self.data {
            values.push(value);
        }
        true
    }

    fn boolean(&mut self, slot: usize, value: bool) -> bool {
        self.begin(slot);
        if let Data::Boolean(bits) = &mut self.data {
            bits.append(value);
        }
        true
    }

    /// Marks the slot of a struct as filled and gives its columns, to be filled by name.
    pub(crate) fn open(&mut self, slot: usize) -> &mut [Column<'s>] {
        self.begin(slot);
        if let Data::Struct(level) = &mut self.data { &mut level.columns } else { &mut [] }
    }

    /// The name of the field.
    pub(crate) fn name(&self) -> &'s str {
        self.name
    }

    /// What can go in.
    pub(crate) fn kind(&self) -> Kind {
        match self.data {
            Data::String(_) => Kind::String,
            Data::Binary(_) => Kind::Binary,
            Data::Instant(_) => Kind::Instant,
            Data::Struct(_) => Kind::Struct,
            _ => Kind::Other,
        }
    }

    fn begin(&mut self, slot: usize) {
        if self.len == self.nulls {
            self.make_room();
        }
        self.pad(slot);
        self.len += 1;
        self.valid.append(true);
    }

    /// Allocates before the first value what all will need.
    fn make_room(&mut self) {
        let room = self.room;
        self.valid.reserve(room);
        match &mut self.data {
            Data::Boolean(bits) => bits.reserve(room),
            Data::Double(values) => values.reserve_exact(room),
            Data::Long(values) | Data::Instant(values) => values.reserve_exact(room),
            Data::Int(values) | Data::Date(values) => values.reserve_exact(room),
            Data::String(bytes) | Data::Json(bytes) | Data::Binary(bytes) => bytes.make_room(room),
            Data::Struct(_) => {}
            Data::List { ends, .. } => ends.reserve_exact(room),
        }
    }

    /// Makes the slots up to `len` null that nobody filled.
    fn pad(&mut self, len: usize) {
        let missing = len.saturating_sub(self.len);
        if missing == 0 {
            return;
        }
        self.nulls += missing;
        self.valid.append_n(missing, false);
        self.len = len;
        match &mut self.data {
            Data::Boolean(bits) => bits.append_n(missing, false),
            Data::Double(values) => values.resize(len, 0.0),
            Data::Long(values) | Data::Instant(values) => values.resize(len, 0),
            Data::Int(values) | Data::Date(values) => values.resize(len, 0),
            Data::String(bytes) | Data::Json(bytes) | Data::Binary(bytes) => bytes.pad(len),
            Data::Struct(_) => {}
            Data::List { ends, .. } => {
                let end = ends.last().copied().unwrap_or(0);
                ends.resize(len, end);
            }
        }
    }

    /// The array of `len` slots.
    pub(crate) fn finish(mut self, len: usize, field: &ArrowField) -> Result<ArrayRef> {
        if self.len == self.nulls {
            return Ok(new_null_array(field.data_type(), len));
        }
        self.pad(len);
        let nulls = (self.nulls > 0).then(|| NullBuffer::new(self.valid.finish()));
        Ok(match (self.data, field.data_type()) {
            (Data::Boolean(mut bits), _) => Arc::new(BooleanArray::new(bits.finish(), nulls)),
            (Data::Double(values), _) => Arc::new(Float64Array::new(values.into(), nulls)),
            (Data::Long(values), _) => Arc::new(Int64Array::new(values.into(), nulls)),
            (Data::Int(values), _) => Arc::new(Int32Array::new(values.into(), nulls)),
            (Data::Date(values), _) => Arc::new(Date32Array::new(values.into(), nulls)),
            (Data::Instant(values), ty) => {
                let array = TimestampMicrosecondArray::new(values.into(), nulls);
                Arc::new(array.with_data_type(ty.clone()))
            }
            (Data::String(bytes) | Data::Json(bytes), _) => {
                let (offsets, values) = bytes.finish(self.name)?;
                Arc::new(StringArray::try_new(offsets, values, nulls)?)
            }
            (Data::Binary(bytes), _) => {
                let (offsets, values) = bytes.finish(self.name)?;
                Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
            }
            (Data::Struct(level), DataType::Struct(fields)) => {
                let children = level.columns.into_iter().zip(fields);
                let arrays: Result<_> = children.map(|(column, field)| column.finish(len, field)).collect();
                Arc::new(StructArray::try_new(fields.clone(), arrays?, nulls)?)
            }
            (Data::List { ends, element }, DataType::List(inner)) => {
                let count = element_end(&ends);
                let offsets: Vec<i32> = std::iter::once(0).chain(ends).collect();
                let values = element.finish(count, inner)?;
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                Arc::new(ListArray::try_new(inner.clone(), offsets, values, nulls)?)
            }
            (_, other) => {
                return Err(Error::Content { message: format!("{:?} cannot be {other}", self.name) });
            }
        })
    }
}

fn element_end(ends: &[i32]) -> usize {
    ends.last().map_or(0, |end| usize::try_from(*end).unwrap_or(0))
}

impl<'s> Data<'s> {
    fn new(ty: &'s Type, room: usize) -> Self {
        match ty {
            Type::Boolean => Self::Boolean(BooleanBufferBuilder::new(0)),
            Type::Double => Self::Double(Vec::new()),
            Type::Long => Self::Long(Vec::new()),
            Type::Int => Self::Int(Vec::new()),
            Type::Date => Self::Date(Vec::new()),
            Type::Timestamptz | Type::Timestamp => Self::Instant(Vec::new()),
            Type::String => Self::String(Bytes::default()),
            Type::Binary => Self::Binary(Bytes::default()),
            Type::Struct(fields) => {
                let columns = fields.iter().map(|field| Column::new(field, room)).collect();
                Self::Struct(Level { columns, guess: Guess::default() })
            }
            Type::List(element) => {
                Self::List { ends: Vec::new(), element: Box::new(Column::new(element, room)) }
            }
        }
    }
}

impl Bytes {
    fn make_room(&mut self, room: usize) {
        self.offsets.reserve_exact(room + 1);
        self.pad(0);
    }

    /// Adds a value, after which there will be as many more, probably about as long.
    fn push(&mut self, value: &[u8], ahead: usize) {
        if self.bytes.is_empty() {
            self.bytes.reserve_exact(value.len().saturating_mul(ahead).min(MOST_AHEAD));
        }
        self.bytes.extend_from_slice(value);
        self.offsets.push(self.end());
    }

    /// What is too much for an offset is found at the end.
    fn end(&self) -> i32 {
        self.bytes.len() as i32
    }

    fn pad(&mut self, len: usize) {
        let len = self.offsets.len().max(len + 1);
        self.offsets.resize(len, self.end());
    }

    fn finish(self, name: &str) -> Result<(OffsetBuffer<i32>, Buffer)> {
        if i32::try_from(self.bytes.len()).is_err() {
            return Err(Error::Content { message: format!("more than 2 GiB of {name:?} at once") });
        }
        Ok((OffsetBuffer::new(ScalarBuffer::from(self.offsets)), Buffer::from_vec(self.bytes)))
    }
}
