//! Coarse cells, whose shapes and neighbours are kept once they were computed.

use std::sync::OnceLock;

use h3o::CellIndex;

use super::patch;
use crate::patch::Patch;

/// The finest resolution of which cells are kept: there are 41,162 of it.
const FINEST: usize = 3;

/// What is known of a cell.
pub(super) struct Known {
    pub(super) patch: Patch,
    disk: [Option<CellIndex>; 7],
}

impl Known {
    fn of(cell: CellIndex) -> Self {
        let mut disk = [None; 7];
        for (place, near) in disk.iter_mut().zip(cell.grid_disk::<Vec<_>>(1)) {
            *place = Some(near);
        }
        Self { patch: patch(cell), disk }
    }
}

type Table = Vec<OnceLock<Box<Known>>>;

/// Shows what is known of a cell; None for those that are too fine.
pub(super) fn with_known<R>(cell: CellIndex, look: impl FnOnce(Option<&Known>) -> R) -> R {
    static TABLES: [OnceLock<Table>; FINEST + 1] = [const { OnceLock::new() }; FINEST + 1];
    let resolution = usize::from(u8::from(cell.resolution()));
    let Some(table) = TABLES.get(resolution) else { return look(None) };
    let size = 122 * 7usize.pow(resolution as u32);
    let table = table.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(size).collect());
    look(table.get(number(cell)).map(|slot| &**slot.get_or_init(|| Box::new(Known::of(cell)))))
}

/// Appends the cell and its neighbours.
pub(super) fn push_disk(cell: CellIndex, nodes: &mut Vec<CellIndex>) {
    with_known(cell, |known| match known {
        Some(known) => nodes.extend(known.disk.iter().flatten()),
        None => push_fine_disk(cell, nodes),
    });
}

fn push_fine_disk(cell: CellIndex, nodes: &mut Vec<CellIndex>) {
    let first = nodes.len();
    for near in cell.grid_disk_fast(1) {
        let Some(near) = near else {
            // A pentagon is close: only the slower way, which allocates, finds all.
            nodes.truncate(first);
            nodes.extend(cell.grid_disk::<Vec<_>>(1));
            return;
        };
        nodes.push(near);
    }
}

/// A number for each cell of a resolution: its base cell and digits, in base 7.
fn number(cell: CellIndex) -> usize {
    let bits = u64::from(cell);
    let digit = |r: u32| (bits >> (3 * (15 - r)) & 7) as usize;
    let base = (bits >> 45 & 127) as usize;
    (1..=u32::from(u8::from(cell.resolution()))).fold(base, |number, r| number * 7 + digit(r))
}
