//! Rows of records that are all of one form: columns are read one by one. A value that is not as it usually is ends this. It, and what
//! is behind it, is left to whoever reads record by record and can say what is wrong.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::ArrowPrimitiveType;
use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder};
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{BooleanArray, PrimitiveArray};
use earthcatalog_model::Timestamp;

use crate::batch::{Buckets, ObjectBatch};
use crate::cells::{CellColumn, Cells};
use crate::columns::Column;
use crate::csv::flag;
use crate::sections::Parsed;
use crate::texts::{Text, Texts};

/// Which value of a record is what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) bucket: Option<usize>,
    pub(crate) key: Option<usize>,
    pub(crate) size: Option<usize>,
    pub(crate) last_modified: Option<usize>,
    pub(crate) etag: Option<usize>,
    pub(crate) version_id: Option<usize>,
    pub(crate) is_latest: Option<usize>,
    pub(crate) is_delete_marker: Option<usize>,
    pub(crate) snapshot: Option<usize>,
}

impl Fields {
    pub(crate) fn of(columns: &[Option<Column>]) -> Self {
        let place = |column| columns.iter().position(|c| *c == Some(column));
        Self {
            bucket: place(Column::Bucket),
            key: place(Column::Key),
            size: place(Column::Size),
            last_modified: place(Column::LastModified),
            etag: place(Column::Etag),
            version_id: place(Column::VersionId),
            is_latest: place(Column::IsLatest),
            is_delete_marker: place(Column::IsDeleteMarker),
            snapshot: place(Column::Snapshot),
        }
    }
}

/// A section's records of one form.
pub(crate) struct Even<'a> {
    pub(crate) text: &'a Arc<Text>,
    pub(crate) cells: &'a Arc<Cells>,
    pub(crate) fields: Fields,
    /// That of rows which have none.
    pub(crate) bucket: Option<&'a str>,
    /// An empty text is no value. Of texts alone that is so in any case.
    pub(crate) empty_is_none: bool,
}

/// The first row of some with a value that is not as usual.
struct Odd(usize);

impl Even<'_> {
    /// Adds the rows of as many records as are as usual, in batches of so many.
    pub(crate) fn read(&self, batch_rows: usize, parsed: &mut Parsed) {
        let (mut first, mut end) = (0, self.cells.rows());
        while first < end {
            let rows = first..end.min(first + batch_rows);
            match self.batch(rows.clone()) {
                Ok(batch) => {
                    parsed.batches.push(batch);
                    first = rows.end;
                }
                Err(Odd(row)) => end = first + row,
            }
        }
        parsed.pass(self.cells.start(first), first);
    }

    fn batch(&self, rows: Range<usize>) -> Result<ObjectBatch, Odd> {
        let Fields {
            bucket, key, size, last_modified, etag, version_id, is_latest, is_delete_marker, ..
        } = self.fields;
        let column = |value| self.column(value, rows.clone());
        Ok(ObjectBatch {
            bucket: self.buckets(bucket.map(column))?,
            key: Texts::Cells(full(column(key.ok_or(Odd(0))?))?),
            size: size.map(|size| self.numbers::<UInt64Type>(&column(size), number)).transpose()?.flatten(),
            last_modified: last_modified
                .map(|time| self.numbers::<TimestampMicrosecondType>(&column(time), micros))
                .transpose()?
                .flatten(),
            etag: etag.and_then(|etag| texts(column(etag))),
            version_id: version_id.and_then(|version| texts(column(version))),
            is_latest: is_latest.map(|latest| flags(&column(latest))).transpose()?.flatten(),
            is_delete_marker: is_delete_marker.map(|marker| flags(&column(marker))).transpose()?.flatten(),
            left_out: None,
        })
    }

    fn column(&self, value: usize, rows: Range<usize>) -> CellColumn {
        self.cells.column(self.text, value, rows)
    }

    fn buckets(&self, named: Option<CellColumn>) -> Result<Buckets, Odd> {
        let Some(named) = named else { return Ok(Buckets::One(self.bucket.ok_or(Odd(0))?.into())) };
        let named = full(named)?;
        let first = named.get(0);
        if named.iter().all(|name| name == first.as_bytes()) {
            return Ok(Buckets::One(first.into()));
        }
        Ok(Buckets::Column(Texts::Cells(named)))
    }

    /// A column of numbers; none where no row has one.
    fn numbers<T: ArrowPrimitiveType>(
        &self,
        column: &CellColumn,
        read: impl Fn(&str, Range<usize>) -> Option<T::Native>,
    ) -> Result<Option<PrimitiveArray<T>>, Odd> {
        let text = self.text.utf8().unwrap_or_default();
        // Most columns have no gaps: then none are looked for.
        let mut numbers = Vec::with_capacity(column.len());
        numbers.extend(column.places().map_while(|place| read(text, place)));
        if numbers.len() == column.len() {
            return Ok(Some(PrimitiveArray::new(numbers.into(), None)));
        }
        if self.empty_is_none && column.is_empty() {
            return Ok(None);
        }
        let mut numbers = PrimitiveBuilder::<T>::with_capacity(column.len());
        for (row, place) in column.places().enumerate() {
            match place.is_empty() && self.empty_is_none {
                true => numbers.append_null(),
                false => numbers.append_value(read(text, place).ok_or(Odd(row))?),
            }
        }
        Ok(Some(numbers.finish()))
    }
}

/// A column of texts that are all there.
fn full(column: CellColumn) -> Result<CellColumn, Odd> {
    if column.is_full() {
        return Ok(column);
    }
    Err(Odd(column.places().take_while(|place| !place.is_empty()).count()))
}

/// A column of texts; none where no row has one.
fn texts(column: CellColumn) -> Option<Texts> {
    (!column.is_empty()).then_some(Texts::Cells(column))
}

/// A column of flags; none where no row has one.
fn flags(column: &CellColumn) -> Result<Option<BooleanArray>, Odd> {
    if column.is_empty() {
        return Ok(None);
    }
    let mut flags = BooleanBuilder::with_capacity(column.len());
    for row in 0..column.len() {
        match column.get(row) {
            "" => flags.append_null(),
            text => flags.append_value(flag(text).map_err(|_| Odd(row))?),
        }
    }
    Ok(Some(flags.finish()))
}

#[inline(always)]
fn micros(text: &str, place: Range<usize>) -> Option<i64> {
    Timestamp::parse(text.get(place)?).ok().map(Timestamp::micros)
}

/// Digits that fit into 64 bits for certain.
#[inline(always)]
fn number(text: &str, place: Range<usize>) -> Option<u64> {
    let text = text.as_bytes();
    let digits = text.get(place.clone())?;
    if !(1..=19).contains(&digits.len()) {
        return None;
    }
    // The last eight at once: what is before the first is left out.
    let few = place
        .end
        .checked_sub(8)
        .and_then(|start| text.get(start..)?.first_chunk())
        .filter(|_| digits.len() <= 8);
    if let Some(last) = few {
        return eight_digits(u64::from_le_bytes(*last), digits.len());
    }
    digits
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// The number that the last so many of eight digits are, the first of which is the lowest byte.
#[inline(always)]
fn eight_digits(text: u64, count: usize) -> Option<u64> {
    const ZEROS: u64 = u64::from_le_bytes(*b"00000000");
    // Bytes that are no digits have become more than 9, and are so still where others carry into them.
    let digits = (text ^ ZEROS) & u64::MAX << (8 * (8 - count));
    let over = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    // Of two digits each, then of four, then of eight: the first of them has the lowest place and counts most.
    let digits = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let digits = digits.wrapping_mul(100).wrapping_add(digits >> 16) & 0x0000_ffff_0000_ffff;
    let digits = digits.wrapping_mul(10_000).wrapping_add(digits >> 32) & 0xffff_ffff;
    (over == 0).then_some(digits)
}

#[cfg(test)]
#[path = "even_tests.rs"]
mod tests;
