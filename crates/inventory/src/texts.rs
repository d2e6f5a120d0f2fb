//! Texts of a column: as Arrow has them, or where they stand in the text that was read.

use std::sync::Arc;

use arrow_array::{Array, StringViewArray};

use crate::cells::CellColumn;

/// A text as it was read, which batches hold.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// All of it, where it is UTF-8; else nothing.
    utf8: String,
    /// All of it, where it is not; else nothing.
    other: Vec<u8>,
}

impl Text {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(utf8) => Self { utf8, other: Vec::new() },
            Err(error) => Self { utf8: String::new(), other: error.into_bytes() },
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.other.is_empty() { self.utf8.as_bytes() } else { &self.other }
    }

    /// All of it; None where it is no UTF-8.
    pub(crate) fn utf8(&self) -> Option<&str> {
        self.other.is_empty().then_some(&*self.utf8)
    }

    /// Its memory, with anything in it.
    pub(crate) fn into_memory(self) -> Vec<u8> {
        if self.other.is_empty() { self.utf8.into_bytes() } else { self.other }
    }
}

/// A column; a text that is not there is as an empty one.
#[derive(Debug, Clone)]
pub(crate) enum Texts {
    Views(StringViewArray),
    Placed(Placed),
    Cells(CellColumn),
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Views(texts) => texts.len(),
            Self::Placed(texts) => texts.places.len(),
            Self::Cells(texts) => texts.len(),
        }
    }

    /// The text of a row; as with a slice, one past the end panics.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> &str {
        match self {
            Self::Cells(texts) => texts.get(row),
            Self::Placed(texts) => texts.get(row),
            Self::Views(texts) if texts.is_valid(row) => texts.value(row),
            Self::Views(_) => "",
        }
    }

    /// As Arrow has them: without those that are not there, if `is_optional`.
    pub(crate) fn into_views(self, is_optional: bool) -> StringViewArray {
        match self {
            Self::Views(texts) => texts,
            texts => (0..texts.len())
                .map(|row| Some(texts.get(row)).filter(|text| !is_optional || !text.is_empty()))
                .collect(),
        }
    }
}

impl From<StringViewArray> for Texts {
    fn from(texts: StringViewArray) -> Self {
        Self::Views(texts)
    }
}

/// Texts in two others, one behind the other: what was read, and the column's own for those that do not stand there as they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Placed {
    read: Arc<Text>,
    own: Arc<String>,
    places: Vec<Place>,
}

/// A text's first byte, and its length.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    start: usize,
    length: usize,
}

impl Placed {
    #[inline]
    fn get(&self, row: usize) -> &str {
        let Place { start, length } = self.places[row];
        let read = &*self.read.utf8;
        let text = match start.checked_sub(read.len()) {
            None => read.get(start..start + length),
            Some(start) => self.own.get(start..start + length),
        };
        text.unwrap_or_default()
    }
}

/// Gathers a column.
#[derive(Debug)]
pub(crate) struct Placing {
    read: Arc<Text>,
    own: String,
    places: Vec<Place>,
}

impl Placing {
    /// One of so many texts, most of which stand in `read`.
    pub(crate) fn of(read: &Arc<Text>, expected: usize) -> Self {
        Self { read: read.clone(), own: String::new(), places: Vec::with_capacity(expected) }
    }

    #[inline]
    pub(crate) fn push(&mut self, text: &str) {
        let place = self.place(text).unwrap_or_else(|| self.copy(text));
        self.places.push(place);
    }

    /// So many that are not there.
    pub(crate) fn nulls(&mut self, count: usize) {
        self.places.resize(self.places.len() + count, Place::default());
    }

    pub(crate) fn finish(self) -> Texts {
        let Self { read, own, places } = self;
        Texts::Placed(Placed { read, own: Arc::new(own), places })
    }

    /// Where it stands in what was read, told by its address.
    #[inline]
    fn place(&self, text: &str) -> Option<Place> {
        let read = &*self.read.utf8;
        let start = text.as_ptr().addr().checked_sub(read.as_ptr().addr())?;
        (start + text.len() <= read.len()).then_some(Place { start, length: text.len() })
    }

    fn copy(&mut self, text: &str) -> Place {
        let start = self.read.utf8.len() + self.own.len();
        self.own.push_str(text);
        Place { start, length: text.len() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back_from_wherever_they_are(
            read in "\\PC{0,40}",
            texts in prop::collection::vec((any::<[prop::sample::Index; 2]>(), prop::option::of("\\PC{0,9}")), 0..20),
        ) {
            let text = Arc::new(Text::of(read.into_bytes()));
            let within = text.utf8().unwrap();
            let ends: Vec<_> = (0..=within.len()).filter(|i| within.is_char_boundary(*i)).collect();
            let texts: Vec<&str> = texts.iter().map(|(places, other)| match other {
                Some(other) => other.as_str(),
                None => {
                    let [a, b] = places.map(|place| ends[place.index(ends.len())]);
                    &within[a.min(b)..a.max(b)]
                }
            }).collect();
            let mut column = Placing::of(&text, 3);
            texts.iter().for_each(|text| column.push(text));
            column.nulls(2);
            let column = column.finish();
            let expected: Vec<_> = texts.into_iter().chain(["", ""]).collect();
            prop_assert_eq!((0..column.len()).map(|row| column.get(row)).collect::<Vec<_>>(), expected.clone());
            let there: Vec<_> = column.clone().into_views(true).iter().map(|text| text.map(str::to_owned)).collect();
            let some: Vec<_> = expected.iter().map(|text| Some(text.to_string()).filter(|text| !text.is_empty())).collect();
            prop_assert_eq!(there, some);
            prop_assert_eq!(column.into_views(false).null_count(), 0);
        }
    }

    #[test]
    fn what_is_no_utf8_is_kept_as_bytes() {
        let text = Text::of(b"a\xffb".to_vec());
        assert_eq!((text.bytes(), text.utf8()), (&b"a\xffb"[..], None));
        assert_eq!(text.into_memory(), b"a\xffb");
    }
}
