//! What the statistics of a run of rows say: whether a filter can take any of them.

use crate::filter::{Filter, Skipped};

/// The least and the greatest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range<T> {
    pub(crate) min: T,
    pub(crate) max: T,
}

/// Bounds of the values of some rows. Each is there only if it is sure that no value is beyond it and, for sizes and times, that
/// no row is without: what is unknown passes every filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Of the keys' bytes. An end may be cut short.
    pub(crate) key: Option<Range<Vec<u8>>>,
    pub(crate) size: Option<Range<u64>>,
    /// In microseconds.
    pub(crate) last_modified: Option<Range<i64>>,
}

impl Bounds {
    /// Why none of the rows passes the filter; None where some may.
    pub(crate) fn leave_out(&self, filter: &Filter) -> Option<Skipped> {
        if let (Some(prefix), Some(key)) = (&filter.prefix, &self.key)
            && !key.may_begin_with(prefix.as_bytes())
        {
            return Some(Skipped::Prefix);
        }
        if let Some(written) = self.last_modified {
            if filter.since.is_some_and(|since| written.max < since.micros()) {
                return Some(Skipped::Older);
            }
            if filter.until.is_some_and(|until| written.min >= until.micros()) {
                return Some(Skipped::Newer);
            }
        }
        let size = self.size?;
        let small = filter.min_size.is_some_and(|least| size.max < least);
        let large = filter.max_size.is_some_and(|most| size.min > most);
        (small || large).then_some(Skipped::Size)
    }
}

impl Range<Vec<u8>> {
    fn may_begin_with(&self, prefix: &[u8]) -> bool {
        let cut = |bytes: &[u8], to: usize| bytes.get(..to).unwrap_or(bytes).to_vec();
        // Keys that begin so are between the prefix and the last text that begins so. A maximum that was cut without being
        // raised is still where the keys that begin with it begin.
        let below = cut(prefix, self.max.len()) > self.max;
        let above = cut(&self.min, prefix.len()).as_slice() > prefix;
        !below && !above
    }
}

/// True if a filter asks for something that bounds may rule out.
pub(crate) fn is_of_use(filter: &Filter) -> bool {
    filter.prefix.is_some()
        || filter.since.is_some()
        || filter.until.is_some()
        || filter.min_size.is_some()
        || filter.max_size.is_some()
}

/// Runs of rows that are read, and those between them that are not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Parts of the file by their numbers, one after another.
    Read(std::ops::Range<usize>),
    /// So many rows, of which none passes, and why.
    LeftOut(u64, Skipped),
}

/// What to read of a file whose parts have so many rows and these bounds.
pub(crate) fn parts(filter: &Filter, bounds: impl IntoIterator<Item = (u64, Bounds)>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, (rows, bounds)) in bounds.into_iter().enumerate() {
        match (bounds.leave_out(filter), parts.last_mut()) {
            (Some(reason), _) => parts.push(Part::LeftOut(rows, reason)),
            (None, Some(Part::Read(range))) => range.end = number + 1,
            (None, _) => parts.push(Part::Read(number..number + 1)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use earthcatalog_model::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn range(min: &str, max: &str) -> Range<Vec<u8>> {
        Range { min: min.as_bytes().to_vec(), max: max.as_bytes().to_vec() }
    }

    #[test]
    fn prefixes() {
        let may = |min: &str, max: &str, prefix: &str| range(min, max).may_begin_with(prefix.as_bytes());
        assert!(may("a/1", "a/9", "a/") && may("a/1", "a/9", "a/5") && may("a/1", "a/9", "a/1"));
        assert!(may("a", "c", "b/long/prefix") && may("a", "b/", "b/long"));
        assert!(!may("a/1", "a/9", "b") && !may("b", "c", "a/") && !may("a/5", "a/9", "a/1"));
        assert!(may("a/1", "a/9", ""));
    }

    #[test]
    fn parts_of_a_file() {
        let filter = Filter { prefix: Some("b".to_owned()), ..Filter::everything() };
        let bounds = |min, max| (10, Bounds { key: Some(range(min, max)), ..Bounds::default() });
        let found =
            parts(&filter, [bounds("a", "az"), bounds("az", "b1"), (5, Bounds::default()), bounds("c", "d")]);
        assert_eq!(
            found,
            [Part::LeftOut(10, Skipped::Prefix), Part::Read(1..3), Part::LeftOut(10, Skipped::Prefix)]
        );
    }

    proptest! {
        /// Rows that bounds leave out are rows that the filter leaves out.
        #[test]
        fn no_row_that_passes_is_left_out(
            rows in prop::collection::vec(("[ab]{1,4}", 0..9_u64, 0..9_i64), 1..5),
            prefix in prop::option::of("[ab]{0,3}"),
            (since, until) in (prop::option::of(0..9_i64), prop::option::of(0..9_i64)),
            (least, most) in (prop::option::of(0..9_u64), prop::option::of(0..9_u64)),
            cut in 0..5_usize,
        ) {
            let time = |micros: i64| Timestamp::from_micros(micros).unwrap();
            let filter = Filter {
                prefix,
                since: since.map(time),
                until: until.map(time),
                min_size: least,
                max_size: most,
                ..Filter::everything()
            };
            let short = |key: &String| key.bytes().take(cut).collect::<Vec<u8>>();
            let keys = || rows.iter().map(|(key, _, _)| key);
            let of = |values: Vec<u64>| Range { min: *values.iter().min().unwrap(), max: *values.iter().max().unwrap() };
            let times = of(rows.iter().map(|row| row.2.cast_unsigned()).collect());
            let bounds = Bounds {
                key: Some(Range { min: short(keys().min().unwrap()), max: short(keys().max().unwrap()) }),
                size: Some(of(rows.iter().map(|row| row.1).collect())),
                last_modified: Some(Range { min: times.min.cast_signed(), max: times.max.cast_signed() }),
            };
            if bounds.leave_out(&filter).is_some() {
                for (key, size, written) in &rows {
                    let passes = filter.prefix.as_ref().is_none_or(|p| key.starts_with(p.as_str()))
                        && filter.since.is_none_or(|since| time(*written) >= since)
                        && filter.until.is_none_or(|until| time(*written) < until)
                        && (least.unwrap_or(0)..=most.unwrap_or(u64::MAX)).contains(size);
                    prop_assert!(!passes, "{key} {size} {written} {filter:?}");
                }
            }
        }
    }
}
