//! The covering of a whole geometry, part by part.

use earthcatalog_model::{CellId, Geometry};

use crate::descent::{Scratch, Tree, descend};
use crate::part::for_each_part;
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
    let mut scratch = Scratch::default();
    let mut found = Vec::new();
    let too_many = || GridError::TooManyCells { spec: spec.to_string(), limit: MAX_CELLS };
    for_each_part(&geometry.shape, &mut |part| {
        descend(tree, part, &mut scratch, MAX_CELLS, &mut found).map_err(|_| too_many())?;
        settle(&mut found, MAX_CELLS);
        if found.len() > MAX_CELLS { Err(too_many()) } else { Ok(()) }
    })?;
    settle(&mut found, 0);
    cells.extend(found.into_iter().map(name));
    Ok(())
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
