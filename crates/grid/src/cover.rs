//! The covering of a whole geometry, part by part.

use earthcatalog_model::geometry::Shape;
use earthcatalog_model::{CellId, Geometry};

use crate::descent::{TooMany, Tree, descend};
use crate::part::{Outline, for_each_part};
use crate::scratch::Scratch;
use crate::sphere::Place;
use crate::{GridError, GridSpec, MAX_CELLS, Result, normalise};

/// Appends the names of the cells that touch a geometry, sorted, each once.
pub(crate) fn cover_with<T: Tree>(
    tree: &T,
    geometry: &Geometry,
    spec: &GridSpec,
    cells: &mut Vec<CellId>,
    name: impl Fn(u64) -> CellId,
) -> Result<()> {
    let Some(geometry) = normalise::ready(geometry)? else { return Ok(()) };
    tree.with_scratch(|scratch| {
        find(tree, &geometry.shape, scratch)
            .map_err(|TooMany| GridError::TooManyCells { spec: spec.to_string(), limit: MAX_CELLS })?;
        cells.extend(scratch.found.iter().map(|cell| name(*cell)));
        Ok(())
    })
}

/// Puts the cells of a shape into `scratch.found`, sorted, each once.
fn find<T: Tree>(
    tree: &T,
    shape: &Shape,
    scratch: &mut Scratch<T::Node>,
) -> std::result::Result<(), TooMany> {
    let mut found = std::mem::take(&mut scratch.found);
    let done = for_each_part(shape, &mut |outline| {
        match only_cell(tree, outline) {
            Some(cell) => found.push(cell),
            None => descend(tree, outline, scratch, MAX_CELLS, &mut found)?,
        }
        settle(&mut found, MAX_CELLS);
        if found.len() > MAX_CELLS { Err(TooMany) } else { Ok(()) }
    });
    settle(&mut found, 0);
    scratch.found = found;
    done
}

/// A point is in one cell as a rule, which is found without a search.
fn only_cell<T: Tree>(tree: &T, outline: Outline<'_>) -> Option<u64> {
    match outline {
        Outline::Point(p) => tree.only_cell_of(&Place::new(p.x, p.y)),
        _ => None,
    }
}

/// Sorts and takes out what is there twice, if there are more than so many.
fn settle(found: &mut Vec<u64>, more_than: usize) {
    if found.len() > more_than {
        found.sort_unstable();
        found.dedup();
    }
}

/// The cell that is called by the first digits of a number in hexadecimal, 16 of them with leading zeros.
pub(crate) fn hexadecimal(number: u64, digits: usize) -> CellId {
    let mut text = [b'0'; 16];
    for (i, byte) in text.iter_mut().enumerate() {
        let nibble = (number >> (60 - 4 * i) & 15) as u8;
        *byte = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    }
    let text = text.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
    CellId::new(text.unwrap_or_default())
}
