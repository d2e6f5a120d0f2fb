//! Memory that is given away, to be used again when nobody holds it any more: the system has to clear what is new first, and what one
//! thread takes and another gives back costs some allocators dearly.

use std::sync::Arc;

/// Parts that are looked after: those of a few threads and of a few batches under way.
const LENT: usize = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct Lent<T>(Vec<Arc<T>>);

impl<T> Default for Lent<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Lent<T> {
    /// One that nobody holds any more, as it was when it was given away.
    pub(crate) fn back(&mut self) -> Option<T> {
        let free = self.0.iter().position(|lent| Arc::strong_count(lent) == 1)?;
        Arc::into_inner(self.0.swap_remove(free))
    }

    /// Gives one away, to be asked for later.
    pub(crate) fn lend(&mut self, one: T) -> Arc<T> {
        let one = Arc::new(one);
        if self.0.len() < LENT {
            self.0.push(one.clone());
        }
        one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_comes_back() {
        let mut lent = Lent::default();
        let (one, two) = (lent.lend(1), lent.lend(2));
        assert_eq!(lent.back(), None);
        drop(two);
        assert_eq!(lent.back(), Some(2));
        assert_eq!(lent.back(), None);
        drop(one);
        assert_eq!(lent.back(), Some(1));
    }

    #[test]
    fn only_so_many_are_looked_after() {
        let mut lent = Lent::default();
        for i in 0..3 * LENT {
            lent.lend(i);
        }
        assert_eq!(std::iter::from_fn(|| lent.back()).count(), LENT);
    }
}
