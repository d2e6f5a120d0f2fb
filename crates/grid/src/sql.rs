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
    let names: Vec<String> = cells.iter().map(|cell| quoted(cell.as_str())).collect();
    format!("grid_partition IN ({})", names.join(", "))
}

/// Text as a literal of standard SQL, in which a quote is written twice and nothing else is special.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cells_are_no_rows() {
        assert_eq!(cell_list_sql(&[]), "FALSE");
    }
}
