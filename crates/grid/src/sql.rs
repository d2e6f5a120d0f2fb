//! Coverings as conditions in SQL.

use earthcatalog_model::CellId;

/// `grid_partition IN ('…', '…')`, names quoted, for DuckDB and others; `FALSE` for no cells.
///
/// ```
/// use earthcatalog_grid::{CellId, cell_list_sql};
///
/// assert_eq!(cell_list_sql(&[CellId::new("89c"), CellId::new("d'Or")]), "grid_partition IN ('89c', 'd''Or')");
/// ```
pub fn cell_list_sql(cells: &[CellId]) -> String {
    if cells.is_empty() {
        return "FALSE".to_owned();
    }
    let quoted: Vec<String> =
        cells.iter().map(|cell| format!("'{}'", cell.as_str().replace('\'', "''"))).collect();
    format!("grid_partition IN ({})", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cells_are_no_rows() {
        assert_eq!(cell_list_sql(&[]), "FALSE");
    }
}
