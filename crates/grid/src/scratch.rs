//! Buffers of a covering, kept from call to call so that a covering allocates nothing but what it hands out.

use std::cell::Cell;
use std::thread::LocalKey;

use crate::part::Sorted;
use crate::sphere::Piece;

/// Buffers that outlive a part.
pub(crate) struct Scratch<N> {
    pub(crate) nodes: Vec<N>,
    pub(crate) near: Vec<u32>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) sorted: Sorted,
    /// The cells of the whole geometry.
    pub(crate) found: Vec<u64>,
}

impl<N> Default for Scratch<N> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            near: Vec::new(),
            pieces: Vec::new(),
            sorted: Sorted::default(),
            found: Vec::new(),
        }
    }
}

/// Entries of a buffer that are worth keeping, a few MB; one geometry of a million positions is not held on to.
const KEPT: usize = 1 << 15;

impl<N> Scratch<N> {
    /// Forgets a part, but not the cells that were found.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.near.clear();
        self.pieces.clear();
    }

    fn is_small(&self) -> bool {
        let capacities = [
            self.nodes.capacity(),
            self.near.capacity(),
            self.pieces.capacity(),
            self.sorted.capacity(),
            self.found.capacity(),
        ];
        capacities.iter().all(|capacity| *capacity <= KEPT)
    }
}

/// A thread's buffers, while no one works with them.
pub(crate) type Shelf<N> = Cell<Option<Box<Scratch<N>>>>;

/// Lends a thread's buffers; new ones, if they are lent already.
pub(crate) fn lend<N, R>(shelf: &'static LocalKey<Shelf<N>>, work: impl FnOnce(&mut Scratch<N>) -> R) -> R {
    // A thread that ends may have no shelf any more.
    let mut scratch = shelf.try_with(Cell::take).ok().flatten().unwrap_or_default();
    scratch.clear();
    scratch.found.clear();
    let done = work(&mut scratch);
    if scratch.is_small() {
        let _ = shelf.try_with(|shelf| shelf.set(Some(scratch)));
    }
    done
}
