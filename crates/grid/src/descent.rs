//! From large cells to small ones: which cells of a hierarchy touch a part of a geometry.

use std::ops::Range;

use crate::part::{Outline, Part};
use crate::patch::Patch;
use crate::scratch::Scratch;
use crate::sphere::{Piece, Place, V3, square, sub};

/// A hierarchy of cells.
///
/// A node stands for all cells of the grid below it. Every one of them lies within the node's cap.
pub(crate) trait Tree {
    /// A cell of any size.
    type Node: Copy;

    /// The cell that holds a point and is the only one to touch it; None if that is not sure.
    fn only_cell_of(&self, place: &Place) -> Option<u64>;
    /// Nodes below which all cells are that can touch the part.
    fn roots(&self, part: &Part<'_>, roots: &mut Vec<Self::Node>);
    /// Centre and radius of the cap.
    fn cap(&self, node: Self::Node) -> (V3, f64);
    /// Appends the nodes next below, or says that the node is a cell of the grid.
    fn children(&self, node: Self::Node, children: &mut Vec<Self::Node>) -> bool;
    /// Shows the cell that a node without children is.
    fn with_patch<R>(&self, node: Self::Node, look: impl FnOnce(&Patch) -> R) -> R;
    /// All within this many radians of the centre of the cap of a cell without children is in that cell.
    fn surely_within(&self, node: Self::Node) -> f64;
    /// No cell of the grid is wider than this, radians.
    fn diameter(&self) -> f64;
    /// How many cells are below.
    fn count(&self, node: Self::Node) -> u64;
    /// Appends all cells below.
    fn push_all(&self, node: Self::Node, cells: &mut Vec<u64>);
    /// Lends buffers that may be left from an earlier covering.
    fn with_scratch<R>(&self, work: impl FnOnce(&mut Scratch<Self::Node>) -> R) -> R;
}

/// More cells than allowed.
pub(crate) struct TooMany;

/// Appends every cell that touches the part, each once, as long as there are no more than `limit`.
pub(crate) fn descend<T: Tree>(
    tree: &T,
    outline: Outline<'_>,
    scratch: &mut Scratch<T::Node>,
    limit: usize,
    cells: &mut Vec<u64>,
) -> Result<(), TooMany> {
    scratch.clear();
    let part = Part::new(outline, &mut scratch.pieces, std::mem::take(&mut scratch.sorted));
    if spans_more_than(limit as f64 * tree.diameter(), &scratch.pieces) {
        scratch.sorted = part.into_spare();
        return Err(TooMany);
    }
    scratch.near.extend((0..scratch.pieces.len()).map(|i| i as u32));
    tree.roots(&part, &mut scratch.nodes);
    let limit = limit.saturating_add(cells.len());
    let mut descent = Descent { tree, part: &part, limit, cells, scratch };
    let near = 0..descent.scratch.near.len();
    let done = descent.visit_from(0, near);
    scratch.sorted = part.into_spare();
    done
}

/// True if the part, which is connected, has two points that so many radians of cells in a row do not join. To say so at
/// once spares the search for a million cells.
fn spans_more_than(radians: f64, pieces: &[Piece]) -> bool {
    // No two points of the sphere are further apart than that, and only the finest grids have so small cells.
    if radians >= 2.0 {
        return false;
    }
    let Some(first) = pieces.first() else { return false };
    pieces.iter().any(|piece| square(&sub(&piece.b.v, &first.a.v)) > radians * radians)
}

struct Descent<'a, T: Tree> {
    tree: &'a T,
    part: &'a Part<'a>,
    limit: usize,
    cells: &'a mut Vec<u64>,
    scratch: &'a mut Scratch<T::Node>,
}

impl<T: Tree> Descent<'_, T> {
    /// Visits the nodes from `first` on, and takes them off.
    fn visit_from(&mut self, first: usize, near: Range<usize>) -> Result<(), TooMany> {
        while self.scratch.nodes.len() > first {
            let Some(node) = self.scratch.nodes.pop() else { break };
            let (pieces, kept) = (self.scratch.pieces.len(), self.scratch.near.len());
            self.visit(node, near.clone())?;
            self.scratch.pieces.truncate(pieces);
            self.scratch.near.truncate(kept);
        }
        Ok(())
    }

    /// `near`: where in the list those pieces are that may reach the parent.
    fn visit(&mut self, node: T::Node, near: Range<usize>) -> Result<(), TooMany> {
        let (centre, radius) = self.tree.cap(node);
        if !self.part.may_reach(&centre, radius) {
            return Ok(());
        }
        let near =
            if self.part.is_within(&centre, radius) { near } else { self.all_near(near, &centre, radius) };
        if near.is_empty() {
            return if self.part.holds(&centre) { self.push_all(node) } else { Ok(()) };
        }
        let first = self.scratch.nodes.len();
        if self.tree.children(node, &mut self.scratch.nodes) {
            return self.visit_from(first, near);
        }
        let touched = self.surely_touches(node, &centre, near.clone())
            || self.tree.with_patch(node, |patch| self.touches(patch, near));
        if touched { self.push_all(node) } else { Ok(()) }
    }

    /// Lists those of some pieces that may reach a cap, in halves where they stray too far to tell.
    fn all_near(&mut self, near: Range<usize>, centre: &V3, radius: f64) -> Range<usize> {
        let start = self.scratch.near.len();
        for at in near {
            let Some(&index) = self.scratch.near.get(at) else { continue };
            let Some(piece) = self.scratch.pieces.get(index as usize) else { continue };
            if !piece.may_reach(centre, radius) {
                continue;
            }
            if piece.stray <= 0.25 * radius {
                self.scratch.near.push(index);
            } else {
                let piece = *piece;
                self.keep_halves(&piece, centre, radius);
            }
        }
        start..self.scratch.near.len()
    }

    fn keep_halves(&mut self, piece: &Piece, centre: &V3, radius: f64) {
        for half in piece.halves().into_iter().filter(|half| half.may_reach(centre, radius)) {
            if half.stray <= 0.25 * radius {
                self.scratch.near.push(self.scratch.pieces.len() as u32);
                self.scratch.pieces.push(half);
            } else {
                self.keep_halves(&half, centre, radius);
            }
        }
    }

    fn surely_touches(&self, node: T::Node, centre: &V3, near: Range<usize>) -> bool {
        let radius = self.tree.surely_within(node);
        let near = self.scratch.near.get(near).unwrap_or_default();
        let mut pieces = near.iter().filter_map(|i| self.scratch.pieces.get(*i as usize));
        radius > 0.0 && pieces.any(|piece| piece.does_reach(centre, radius))
    }

    fn touches(&self, patch: &Patch, near: Range<usize>) -> bool {
        let near = self.scratch.near.get(near).unwrap_or_default();
        let mut pieces = near.iter().filter_map(|i| self.scratch.pieces.get(*i as usize));
        pieces.any(|piece| patch.touches(piece)) || self.part.holds(&patch.centre)
    }

    fn push_all(&mut self, node: T::Node) -> Result<(), TooMany> {
        if self.tree.count(node) > (self.limit.saturating_sub(self.cells.len())) as u64 {
            return Err(TooMany);
        }
        self.tree.push_all(node, self.cells);
        Ok(())
    }
}
