use crate::{CellId, Grid, H3Grid, S2Grid, normalise};

fn check(grid: &dyn Grid, cell: &str) {
    let outline = grid.outline(&CellId::new(cell)).unwrap();
    let found = normalise(&outline).unwrap().unwrap();
    assert!(!found.changed, "{cell}: {outline:?}");
    let mut cells = Vec::new();
    grid.cover(&outline, &mut cells).unwrap();
    assert!(cells.contains(&CellId::new(cell)), "{cell}");
    assert!(cells.len() <= 9, "{cell}: {cells:?}");
}

#[test]
fn outlines_of_all_coarse_cells_are_normal() {
    let mut cells = Vec::new();
    let world = crate::box_geometry(-180.0, -90.0, 180.0, 90.0).unwrap();
    for level in 1..4 {
        let grid = S2Grid::new(level).unwrap();
        cells.clear();
        grid.cover(&world, &mut cells).unwrap();
        assert_eq!(cells.len(), 6 << (2 * level));
        cells.iter().for_each(|cell| check(&grid, cell.as_str()));
    }
    for (resolution, count) in [(0, 122), (1, 842), (2, 5882)] {
        let grid = H3Grid::new(resolution).unwrap();
        cells.clear();
        grid.cover(&world, &mut cells).unwrap();
        assert_eq!(cells.len(), count);
        cells.iter().for_each(|cell| check(&grid, cell.as_str()));
    }
}

#[test]
fn unknown_cells_are_errors() {
    let grid = S2Grid::new(4).unwrap();
    for name in ["", "X", "89c25", "zz", "1", "../x", "00000000000000000000000000001"] {
        let message = grid.outline(&CellId::new(name)).unwrap_err().to_string();
        assert_eq!(message, format!("{name:?} is no cell of s2:4"));
    }
    let grid = H3Grid::new(1).unwrap();
    assert!(grid.outline(&CellId::new("8001fffffffffff")).is_err());
}
