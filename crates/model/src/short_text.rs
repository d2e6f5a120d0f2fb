//! Text that is short as a rule: kept in place up to 22 bytes, shared beyond that.
//!
//! Names of cells are made by the million, a few of each item; an allocation for each would cost more than to find them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Bytes that fit beside their count into the space of three words.
const IN_PLACE: usize = 22;

/// Immutable text, cheap to clone. It compares and sorts as text does.
#[derive(Clone)]
pub(crate) enum ShortText {
    InPlace { length: u8, bytes: [u8; IN_PLACE] },
    Shared(Arc<str>),
}

impl ShortText {
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = [0; IN_PLACE];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self::InPlace { length: text.len() as u8, bytes }
            }
            None => Self::Shared(Arc::from(text)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            // They were text when they came in.
            Self::InPlace { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Shared(text) => text,
        }
    }

    /// UTF-8 sorts as the text that it stands for.
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InPlace { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Shared(text) => text.as_bytes(),
        }
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ShortText {}

impl PartialOrd for ShortText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for ShortText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn any_length_comes_back() {
        for length in 0..60 {
            let text: String = "äb€𝄞".chars().cycle().take(length).collect();
            assert_eq!(ShortText::new(&text).as_str(), text);
        }
        assert_eq!(size_of::<ShortText>(), 24);
    }

    #[test]
    fn it_compares_as_text_does() {
        let long = "x".repeat(30);
        let texts = ["", "a", "ab", "b", "é", "zz", &long, "x", "xxxxxxxxxxxxxxxxxxxxxx", "𝄞"];
        for a in texts {
            for b in texts {
                assert_eq!(ShortText::new(a).cmp(&ShortText::new(b)), a.cmp(b), "{a} {b}");
                assert_eq!(ShortText::new(a) == ShortText::new(b), a == b, "{a} {b}");
            }
        }
        let set: HashSet<ShortText> = texts.iter().chain(&texts).map(|text| ShortText::new(text)).collect();
        assert_eq!(set.len(), texts.len());
    }
}
