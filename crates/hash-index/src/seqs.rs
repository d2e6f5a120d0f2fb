//! A set of the numbers of listed objects.

/// Some of the numbers 0 to n: a bit for each number up to the largest in it, so 5 MiB for 43 million.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeqSet {
    words: Vec<u64>,
    len: u64,
}

impl SeqSet {
    /// Adds a number; false if it was in already.
    pub fn insert(&mut self, seq: u64) -> bool {
        let (word, bit) = place(seq);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        self.len += u64::from(is_new);
        is_new
    }

    /// True if the number is in.
    pub fn contains(&self, seq: u64) -> bool {
        let (word, bit) = place(seq);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// How many are in.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0u64..).step_by(64).zip(&self.words).flat_map(|(start, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| start + bit)
        })
    }
}

fn place(seq: u64) -> (usize, u64) {
    (usize::try_from(seq / 64).unwrap_or(usize::MAX), 1 << (seq % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_set_does(numbers in prop::collection::vec(0u64..300, 0..100)) {
            let (mut ours, mut set) = (SeqSet::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(ours.insert(number), set.insert(number));
            }
            prop_assert_eq!((ours.len(), ours.is_empty()), (set.len() as u64, set.is_empty()));
            prop_assert_eq!(ours.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert!((0..400).all(|n| ours.contains(n) == set.contains(&n)));
        }
    }
}
