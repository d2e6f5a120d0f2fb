//! What an ORC file's statistics say of the columns of a listing.

use arrow_schema::{DataType, Schema};
use orc_rust::schema::RootDataType;
use orc_rust::statistics::TypeStatistics;
use orc_rust::stripe::StripeMetadata;

use crate::bounds::{Bounds, Range};
use crate::columns::Column;
use crate::form::Dialect;

/// A day in milliseconds: how far the zones of writers and readers may be apart.
const DAY: i64 = 86_400_000;

/// Which columns of a file have statistics of use, by their numbers in the file.
#[derive(Debug, Default)]
pub(super) struct StripeBounds {
    key: Option<usize>,
    size: Option<usize>,
    last_modified: Option<usize>,
}

impl StripeBounds {
    pub(super) fn of(
        root: &RootDataType,
        schema: &Schema,
        columns: &[(Column, usize)],
        dialect: Dialect,
    ) -> Self {
        let mut found = Self::default();
        for (column, index) in columns {
            let Some(field) = schema.fields().get(*index) else { continue };
            let own = root.children().iter().find(|child| child.name() == field.name());
            let number = own.map(|child| child.data_type().column_index());
            match column {
                // Azure's names begin with the container.
                Column::Key if dialect != Dialect::Azure => found.key = number,
                Column::Size => found.size = number,
                Column::LastModified if matches!(field.data_type(), DataType::Timestamp(..)) => {
                    found.last_modified = number;
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn bounds(&self, stripe: &StripeMetadata) -> Bounds {
        let all = stripe.column_statistics();
        let whole = |number: usize| all.get(number).filter(|s| !s.has_null())?.type_statistics();
        Bounds {
            key: self.key.and_then(|number| all.get(number)?.type_statistics()).and_then(text),
            size: self.size.and_then(whole).and_then(size),
            last_modified: self.last_modified.and_then(whole).and_then(instant),
        }
    }
}

fn text(values: &TypeStatistics) -> Option<Range<Vec<u8>>> {
    let TypeStatistics::String { lower_bound, upper_bound, .. } = values else { return None };
    // A bound that is not there is read as an empty text.
    (!upper_bound.is_empty())
        .then(|| Range { min: lower_bound.as_bytes().to_vec(), max: upper_bound.as_bytes().to_vec() })
}

fn size(values: &TypeStatistics) -> Option<Range<u64>> {
    let TypeStatistics::Integer { min, max, sum } = values else { return None };
    // Without a sum the others may not be there either.
    sum.as_ref()?;
    Some(Range { min: u64::try_from(*min).ok()?, max: u64::try_from(*max).ok()? })
}

fn instant(values: &TypeStatistics) -> Option<Range<i64>> {
    let TypeStatistics::Timestamp { min_utc, max_utc, .. } = values else { return None };
    // Old writers have none in UTC, which is read as zero.
    if *min_utc == 0 || *max_utc == 0 {
        return None;
    }
    Some(Range {
        min: min_utc.checked_sub(DAY)?.checked_mul(1_000)?,
        max: max_utc.checked_add(DAY)?.checked_mul(1_000)?,
    })
}
